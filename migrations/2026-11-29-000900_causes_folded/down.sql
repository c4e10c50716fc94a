DO $step$ BEGIN
CREATE TABLE cause_folds (
    company_id bigint PRIMARY KEY,
    until timestamptz NOT NULL
);

COMMENT ON TABLE cause_folds IS 'How far each company''s findings are counted in cause_counts.';
COMMENT ON COLUMN cause_folds.company_id IS 'The company.';
COMMENT ON COLUMN cause_folds.until IS 'Everything received before is counted.';

-- What was not folded since the step was made is counted as it would have been without it.
INSERT INTO cause_folds
SELECT c.id, coalesce(min(d.bucket), now())
FROM companies c LEFT JOIN request_count_deltas d ON d.company_id = c.id AND d.count = 0
GROUP BY c.id;
DELETE FROM request_count_deltas WHERE count = 0;

COMMENT ON TABLE cause_counts IS 'How many requests failed by each cause, counted from findings that are some minutes old.';
COMMENT ON TABLE request_count_deltas IS 'Counts not folded into request_counts yet; written with the requests, in one transaction.';
END $step$;
