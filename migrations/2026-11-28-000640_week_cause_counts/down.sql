DO $step$ BEGIN
DELETE FROM cause_counts WHERE grain = 10080;
ALTER TABLE cause_counts DROP CONSTRAINT cause_counts_grain_check;
ALTER TABLE cause_counts ADD CONSTRAINT cause_counts_grain_check CHECK (grain IN (60, 1440));

COMMENT ON TABLE cause_counts IS 'How many requests failed by each cause, counted from the findings once an hour is over.';
COMMENT ON COLUMN cause_counts.grain IS 'Minutes in a bucket: 60 or 1440; kept as long as requests.';
COMMENT ON COLUMN cause_folds.until IS 'Everything received before is counted; on the hour.';
END $step$;
