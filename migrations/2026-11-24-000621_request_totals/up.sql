CREATE TABLE request_totals (
    company_id bigint NOT NULL,
    grain smallint NOT NULL CHECK (grain IN (5, 60, 1440, 10080)),
    bucket timestamptz NOT NULL,
    environment smallint NOT NULL,
    error_mask smallint NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (company_id, grain, bucket, environment, error_mask)
);

INSERT INTO request_totals (company_id, grain, bucket, environment, error_mask, count)
SELECT company_id, grain, bucket, environment, error_mask, sum(count)
FROM request_counts GROUP BY 1, 2, 3, 4, 5 ORDER BY 3, 1, 2 DESC, 4, 5;

COMMENT ON TABLE request_totals IS 'The sums of request_counts that a chart is drawn from; written with them.';
COMMENT ON COLUMN request_totals.company_id IS 'The company.';
COMMENT ON COLUMN request_totals.grain IS 'As in request_counts.';
COMMENT ON COLUMN request_totals.bucket IS 'When the bucket begins.';
COMMENT ON COLUMN request_totals.environment IS '1 test, 2 production.';
COMMENT ON COLUMN request_totals.error_mask IS 'A bit per error; 0 is valid.';
COMMENT ON COLUMN request_totals.count IS 'How many requests.';
