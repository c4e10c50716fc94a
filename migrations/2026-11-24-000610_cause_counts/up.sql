CREATE TABLE cause_counts (
    company_id bigint NOT NULL,
    grain smallint NOT NULL CHECK (grain IN (60, 1440)),
    bucket timestamptz NOT NULL,
    code smallint NOT NULL,
    reason smallint NOT NULL,
    value text COLLATE "C" NOT NULL,
    environment smallint NOT NULL,
    key_id bigint NOT NULL,
    count bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    latest_id uuid NOT NULL,
    PRIMARY KEY (company_id, grain, bucket, reason, value, environment, key_id)
);

COMMENT ON TABLE cause_counts IS 'How many requests failed by each cause, counted from the findings once an hour is over.';
COMMENT ON COLUMN cause_counts.company_id IS 'The company.';
COMMENT ON COLUMN cause_counts.grain IS 'Minutes in a bucket: 60 or 1440; kept as long as requests.';
COMMENT ON COLUMN cause_counts.bucket IS 'When the bucket begins.';
COMMENT ON COLUMN cause_counts.code IS 'The error: its bit in a request''s error mask.';
COMMENT ON COLUMN cause_counts.reason IS 'The error and its variant, by number.';
COMMENT ON COLUMN cause_counts.value IS 'The decisive value; empty where none was sent, and for customers'' data.';
COMMENT ON COLUMN cause_counts.environment IS 'The requests''.';
COMMENT ON COLUMN cause_counts.key_id IS 'The requests''.';
COMMENT ON COLUMN cause_counts.count IS 'How many requests.';
COMMENT ON COLUMN cause_counts.first_at IS 'When the first of them came.';
COMMENT ON COLUMN cause_counts.last_at IS 'When the last of them came.';
COMMENT ON COLUMN cause_counts.latest_id IS 'The last of them.';

CREATE TABLE cause_folds (
    company_id bigint PRIMARY KEY,
    until timestamptz NOT NULL
);

COMMENT ON TABLE cause_folds IS 'How far each company''s findings are counted in cause_counts.';
COMMENT ON COLUMN cause_folds.company_id IS 'The company.';
COMMENT ON COLUMN cause_folds.until IS 'Everything received before is counted; on the hour.';
