CREATE TABLE requests (
    company_id bigint NOT NULL,
    received_at timestamptz NOT NULL,
    id uuid NOT NULL,
    kind smallint NOT NULL CHECK (kind IN (1, 2)),
    environment smallint NOT NULL CHECK (environment IN (1, 2)),
    key_id bigint NOT NULL,
    http_status smallint NOT NULL,
    error_mask smallint NOT NULL CHECK (error_mask BETWEEN 0 AND 2047),
    warning_count smallint NOT NULL,
    settings_version bigint NOT NULL,
    employee_id bigint,
    employee_sent text COLLATE "C",
    employee_custom_id text COLLATE "C",
    channel_sent text COLLATE "C",
    channel text COLLATE "C",
    brand_sent text COLLATE "C",
    brand text COLLATE "C",
    language_sent text COLLATE "C",
    language text COLLATE "C",
    ticket_id text COLLATE "C",
    customer_hash bytea,
    correlation_id text COLLATE "C",
    duration_us integer NOT NULL,
    PRIMARY KEY (company_id, received_at, id)
) PARTITION BY RANGE (received_at);

-- The two lists. Valid production requests, nearly all of the traffic, are on neither. The
-- invalid one covers what filters read, so that a rare filter looks at the index alone.
CREATE INDEX requests_invalid ON requests (company_id, received_at DESC, id DESC)
    INCLUDE (error_mask, environment, kind, key_id, channel, brand, language)
    WHERE error_mask <> 0;
CREATE INDEX requests_test ON requests (company_id, received_at DESC, id DESC)
    WHERE environment = 1;

-- The look-ups. Only the ticket's is over all rows: support must find valid requests as well.
CREATE INDEX requests_ticket ON requests (company_id, ticket_id, received_at DESC, id DESC)
    WHERE ticket_id IS NOT NULL;
CREATE INDEX requests_employee ON requests (company_id, employee_sent, received_at DESC, id DESC)
    WHERE error_mask <> 0 OR environment = 1;
CREATE INDEX requests_employee_custom_id ON requests
    (company_id, employee_custom_id, received_at DESC, id DESC)
    WHERE (error_mask <> 0 OR environment = 1) AND employee_custom_id IS NOT NULL;
CREATE INDEX requests_customer ON requests (company_id, customer_hash, received_at DESC, id DESC)
    WHERE (error_mask <> 0 OR environment = 1) AND customer_hash IS NOT NULL;

COMMENT ON TABLE requests IS 'Every request with a valid key: facts only, never updated. Partitioned by week.';
COMMENT ON COLUMN requests.company_id IS 'The company of the key.';
COMMENT ON COLUMN requests.received_at IS 'Read from the id, to the millisecond.';
COMMENT ON COLUMN requests.id IS 'UUID v7; also the `x-request-id` of the answer.';
COMMENT ON COLUMN requests.kind IS '1 feedback, 2 recovery.';
COMMENT ON COLUMN requests.environment IS '1 test, 2 production.';
COMMENT ON COLUMN requests.key_id IS 'The key it came with.';
COMMENT ON COLUMN requests.http_status IS 'The status it was answered with.';
COMMENT ON COLUMN requests.error_mask IS 'A bit per error, the first rule lowest; 0 is valid.';
COMMENT ON COLUMN requests.warning_count IS 'How many warnings it got.';
COMMENT ON COLUMN requests.settings_version IS 'The version of the company''s settings it was judged against.';
COMMENT ON COLUMN requests.employee_id IS 'The employee found, whatever their status.';
COMMENT ON COLUMN requests.employee_sent IS 'The employee''s e-mail, folded, else the custom id, as sent; first 255 characters.';
COMMENT ON COLUMN requests.employee_custom_id IS 'The custom id, where an e-mail was sent as well; first 255 characters.';
COMMENT ON COLUMN requests.channel_sent IS 'The channel as sent, first 255 characters.';
COMMENT ON COLUMN requests.channel IS 'The label of the channel found.';
COMMENT ON COLUMN requests.brand_sent IS 'The brand as sent, first 255 characters.';
COMMENT ON COLUMN requests.brand IS 'The label of the brand found.';
COMMENT ON COLUMN requests.language_sent IS 'The language as sent, first 255 characters.';
COMMENT ON COLUMN requests.language IS 'The tag of the language found.';
COMMENT ON COLUMN requests.ticket_id IS 'The sender''s ticket number, first 255 characters; need not be unique.';
COMMENT ON COLUMN requests.customer_hash IS 'Keyed hash of the customer''s folded e-mail, to look it up by.';
COMMENT ON COLUMN requests.correlation_id IS 'The `x-request-id` that the sender sent.';
COMMENT ON COLUMN requests.duration_us IS 'Microseconds from receipt to verdict.';
