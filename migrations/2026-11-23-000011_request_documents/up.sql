CREATE TABLE request_documents (
    company_id bigint NOT NULL,
    received_at timestamptz NOT NULL,
    id uuid NOT NULL,
    body bytea NOT NULL,
    body_cut boolean NOT NULL,
    content_type text,
    answer text,
    warnings jsonb,
    customer_name text,
    customer_email text,
    address text,
    user_agent text,
    PRIMARY KEY (company_id, received_at, id)
) PARTITION BY RANGE (received_at);

COMMENT ON TABLE request_documents IS 'What of a request may be personal; its rows are deleted after the company''s threshold.';
COMMENT ON COLUMN request_documents.company_id IS 'The company of the request.';
COMMENT ON COLUMN request_documents.received_at IS 'When the request came.';
COMMENT ON COLUMN request_documents.id IS 'The request.';
COMMENT ON COLUMN request_documents.body IS 'The body as sent, byte by byte.';
COMMENT ON COLUMN request_documents.body_cut IS 'Whether only the first 64 KiB were kept.';
COMMENT ON COLUMN request_documents.content_type IS 'The content type as sent.';
COMMENT ON COLUMN request_documents.answer IS 'The body of the answer; null for a 200, which echoes the body.';
COMMENT ON COLUMN request_documents.warnings IS 'The warnings, in order; null where there are none.';
COMMENT ON COLUMN request_documents.customer_name IS 'The customer''s name as sent.';
COMMENT ON COLUMN request_documents.customer_email IS 'The customer''s e-mail as sent.';
COMMENT ON COLUMN request_documents.address IS 'The address it came from.';
COMMENT ON COLUMN request_documents.user_agent IS 'The program that sent it, in its own words.';
