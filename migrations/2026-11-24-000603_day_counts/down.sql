DO $step$ BEGIN
DELETE FROM request_counts WHERE grain = 1440;
ALTER TABLE request_counts DROP CONSTRAINT request_counts_grain_check;
ALTER TABLE request_counts ADD CONSTRAINT request_counts_grain_check CHECK (grain IN (5, 60));

COMMENT ON COLUMN request_counts.grain IS 'Minutes in a bucket: 5 (kept 14 days) or 60 (kept 400 days).';
END $step$;
