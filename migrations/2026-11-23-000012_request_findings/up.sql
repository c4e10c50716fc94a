CREATE TABLE request_findings (
    company_id bigint NOT NULL,
    received_at timestamptz NOT NULL,
    id uuid NOT NULL,
    position smallint NOT NULL,
    code smallint NOT NULL,
    reason smallint NOT NULL,
    pointer text COLLATE "C" NOT NULL,
    value text COLLATE "C",
    environment smallint NOT NULL,
    key_id bigint NOT NULL,
    PRIMARY KEY (company_id, received_at, id, position)
) PARTITION BY RANGE (received_at);

CREATE INDEX request_findings_code ON request_findings
    (company_id, code, received_at DESC, id DESC) INCLUDE (reason, value, environment, key_id);

COMMENT ON TABLE request_findings IS 'A row per error found in a request.';
COMMENT ON COLUMN request_findings.company_id IS 'The company of the request.';
COMMENT ON COLUMN request_findings.received_at IS 'When the request came.';
COMMENT ON COLUMN request_findings.id IS 'The request.';
COMMENT ON COLUMN request_findings.position IS 'Its place in the answer, from 0.';
COMMENT ON COLUMN request_findings.code IS 'The error: its bit in the request''s error mask.';
COMMENT ON COLUMN request_findings.reason IS 'The error and its variant, by number.';
COMMENT ON COLUMN request_findings.pointer IS 'JSON pointer to the field, first 255 characters.';
COMMENT ON COLUMN request_findings.value IS 'The decisive value; null where none was sent, and for customers'' data.';
COMMENT ON COLUMN request_findings.environment IS 'The request''s.';
COMMENT ON COLUMN request_findings.key_id IS 'The request''s.';
