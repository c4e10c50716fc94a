DO $step$ BEGIN
ALTER TABLE cause_counts DROP CONSTRAINT cause_counts_grain_check;
ALTER TABLE cause_counts ADD CONSTRAINT cause_counts_grain_check CHECK (grain IN (60, 1440, 10080));

INSERT INTO cause_counts (
    company_id, grain, bucket, code, reason, value, environment, key_id, count, first_at, last_at,
    latest_id)
SELECT company_id, 10080, date_bin('7 days', bucket, 'epoch'), code, reason, value, environment, key_id,
       sum(count), min(first_at), max(last_at), max(latest_id::text COLLATE "C")::uuid
FROM cause_counts WHERE grain = 1440
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;

COMMENT ON TABLE cause_counts IS 'How many requests failed by each cause, counted from findings that are some minutes old.';
COMMENT ON COLUMN cause_counts.grain IS 'Minutes in a bucket: 60, 1440 or 10080; kept as long as requests.';
COMMENT ON COLUMN cause_folds.until IS 'Everything received before is counted.';
END $step$;
