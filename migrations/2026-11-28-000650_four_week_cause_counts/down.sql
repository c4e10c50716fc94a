DO $step$ BEGIN
DELETE FROM cause_counts WHERE grain = 40320;
ALTER TABLE cause_counts DROP CONSTRAINT cause_counts_grain_check;
ALTER TABLE cause_counts ALTER COLUMN grain TYPE smallint;
ALTER TABLE cause_counts ADD CONSTRAINT cause_counts_grain_check CHECK (grain IN (60, 1440, 10080));

COMMENT ON COLUMN cause_counts.grain IS 'Minutes in a bucket: 60, 1440 or 10080; kept as long as requests.';
END $step$;
