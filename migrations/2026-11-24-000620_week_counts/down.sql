DO $step$ BEGIN
DELETE FROM request_counts WHERE grain = 10080;
ALTER TABLE request_counts DROP CONSTRAINT request_counts_grain_check;
ALTER TABLE request_counts ADD CONSTRAINT request_counts_grain_check CHECK (grain IN (5, 60, 1440));

COMMENT ON COLUMN request_counts.grain IS 'Minutes in a bucket: 5 (kept 14 days), 60 or 1440 (kept 400 days).';
END $step$;
