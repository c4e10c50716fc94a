CREATE TABLE request_counts (
    company_id bigint NOT NULL,
    grain smallint NOT NULL CHECK (grain IN (5, 60)),
    bucket timestamptz NOT NULL,
    environment smallint NOT NULL,
    kind smallint NOT NULL,
    key_id bigint NOT NULL,
    channel text COLLATE "C" NOT NULL,
    brand text COLLATE "C" NOT NULL,
    language text COLLATE "C" NOT NULL,
    error_mask smallint NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (company_id, grain, bucket, environment, kind, key_id, channel, brand, language, error_mask)
);

COMMENT ON TABLE request_counts IS 'How many requests there were, by everything that a page can filter by.';
COMMENT ON COLUMN request_counts.company_id IS 'The company.';
COMMENT ON COLUMN request_counts.grain IS 'Minutes in a bucket: 5 (kept 14 days) or 60 (kept 400 days).';
COMMENT ON COLUMN request_counts.bucket IS 'When the bucket begins.';
COMMENT ON COLUMN request_counts.environment IS '1 test, 2 production.';
COMMENT ON COLUMN request_counts.kind IS '1 feedback, 2 recovery.';
COMMENT ON COLUMN request_counts.key_id IS 'The key.';
COMMENT ON COLUMN request_counts.channel IS 'The label; `~unknown` for one not configured, `~none` for none sent.';
COMMENT ON COLUMN request_counts.brand IS 'The label; `~unknown` for one not configured, `~none` for none sent.';
COMMENT ON COLUMN request_counts.language IS 'The tag; `~unknown` for one not configured, `~none` for none sent.';
COMMENT ON COLUMN request_counts.error_mask IS 'A bit per error; 0 is valid.';
COMMENT ON COLUMN request_counts.count IS 'How many requests.';

CREATE TABLE request_count_deltas (
    company_id bigint NOT NULL,
    bucket timestamptz NOT NULL,
    id uuid NOT NULL,
    environment smallint NOT NULL,
    kind smallint NOT NULL,
    key_id bigint NOT NULL,
    channel text COLLATE "C" NOT NULL,
    brand text COLLATE "C" NOT NULL,
    language text COLLATE "C" NOT NULL,
    error_mask smallint NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (company_id, bucket, id)
);

COMMENT ON TABLE request_count_deltas IS 'Counts not folded into request_counts yet; written with the requests, in one transaction.';
COMMENT ON COLUMN request_count_deltas.company_id IS 'The company.';
COMMENT ON COLUMN request_count_deltas.bucket IS 'The five minutes that it counts in.';
COMMENT ON COLUMN request_count_deltas.id IS 'The first of the requests counted.';
COMMENT ON COLUMN request_count_deltas.environment IS '1 test, 2 production.';
COMMENT ON COLUMN request_count_deltas.kind IS '1 feedback, 2 recovery.';
COMMENT ON COLUMN request_count_deltas.key_id IS 'The key.';
COMMENT ON COLUMN request_count_deltas.channel IS 'As in request_counts.';
COMMENT ON COLUMN request_count_deltas.brand IS 'As in request_counts.';
COMMENT ON COLUMN request_count_deltas.language IS 'As in request_counts.';
COMMENT ON COLUMN request_count_deltas.error_mask IS 'As in request_counts.';
COMMENT ON COLUMN request_count_deltas.count IS 'How many requests to add.';
