DO $step$ BEGIN
ALTER TABLE cause_counts DROP CONSTRAINT cause_counts_grain_check;
ALTER TABLE cause_counts
    ADD CONSTRAINT cause_counts_grain_check CHECK (grain IN (60, 360, 1440, 5040, 10080, 40320));

INSERT INTO cause_counts (
    company_id, grain, bucket, code, reason, value, environment, key_id, count, first_at, last_at,
    latest_id)
SELECT company_id, steps.grain, date_bin(steps.grain * interval '1 minute', bucket, 'epoch'), code,
       reason, value, environment, key_id, sum(count), min(first_at), max(last_at),
       max(latest_id::text COLLATE "C")::uuid
FROM cause_counts, (VALUES (360), (5040)) AS steps (grain) WHERE cause_counts.grain = 60
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
ORDER BY 1, 2, 3;

COMMENT ON COLUMN cause_counts.grain IS 'Minutes in a bucket: 60, 360, 1440, 5040, 10080 or 40320; those of four weeks begin with every week. Kept as long as requests.';
END $step$;
