DO $step$ BEGIN
ALTER TABLE request_counts DROP CONSTRAINT request_counts_grain_check;
ALTER TABLE request_counts ADD CONSTRAINT request_counts_grain_check
    CHECK (grain IN (5, 60, 1440, 10080));

INSERT INTO request_counts (
    company_id, grain, bucket, environment, kind, key_id, channel, brand, language, error_mask,
    resubmitted, count)
SELECT company_id, 10080, date_bin('7 days', bucket, 'epoch'), environment, kind, key_id, channel,
       brand, language, error_mask, resubmitted, sum(count)
FROM request_counts WHERE grain = 1440
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11;

COMMENT ON COLUMN request_counts.grain IS 'Minutes in a bucket: 5 (kept 14 days), 60, 1440 or 10080 (kept 400 days).';
END $step$;
