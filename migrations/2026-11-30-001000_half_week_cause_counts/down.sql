DO $step$ BEGIN
DELETE FROM cause_counts WHERE grain IN (360, 5040);
ALTER TABLE cause_counts DROP CONSTRAINT cause_counts_grain_check;
ALTER TABLE cause_counts
    ADD CONSTRAINT cause_counts_grain_check CHECK (grain IN (60, 1440, 10080, 40320));

COMMENT ON COLUMN cause_counts.grain IS 'Minutes in a bucket: 60, 1440, 10080 or 40320; those of four weeks begin with every week. Kept as long as requests.';
END $step$;
