DO $step$ BEGIN
CREATE TABLE employee_counts (
    company_id bigint NOT NULL,
    employee_sent text COLLATE "C" NOT NULL,
    grain integer NOT NULL CHECK (grain IN (1440, 10080)),
    bucket timestamptz NOT NULL,
    employee_custom_id text COLLATE "C" NOT NULL,
    environment smallint NOT NULL,
    kind smallint NOT NULL,
    key_id bigint NOT NULL,
    channel text COLLATE "C" NOT NULL,
    brand text COLLATE "C" NOT NULL,
    language text COLLATE "C" NOT NULL,
    error_mask smallint NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (company_id, employee_sent, grain, bucket, employee_custom_id, environment, kind, key_id,
                 channel, brand, language, error_mask)
);

-- What is there already; deltas that are not folded yet name no employee, so none is counted twice.
INSERT INTO employee_counts (
    company_id, employee_sent, grain, bucket, employee_custom_id, environment, kind, key_id, channel, brand,
    language, error_mask, count)
SELECT company_id, employee_sent, grain, date_bin(grain * interval '1 minute', received_at, 'epoch'),
       CASE WHEN octet_length(employee_custom_id) <= 255 THEN employee_custom_id ELSE '' END, environment, kind, key_id,
       coalesce(channel, CASE WHEN channel_sent IS NULL THEN '~none' ELSE '~unknown' END),
       coalesce(brand, CASE WHEN brand_sent IS NULL THEN '~none' ELSE '~unknown' END),
       coalesce(language, CASE WHEN language_sent IS NULL THEN '~none' ELSE '~unknown' END),
       error_mask, count(*)
FROM requests, (VALUES (1440), (10080)) AS grains (grain)
WHERE (error_mask <> 0 OR environment = 1) AND employee_sent IS NOT NULL
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
ORDER BY 4, 1, 3, 2;

CREATE INDEX employee_counts_custom_id ON employee_counts (company_id, employee_custom_id, grain, bucket)
    WHERE employee_custom_id <> '';
CREATE INDEX employee_counts_bucket ON employee_counts (company_id, grain, bucket);

ALTER TABLE request_count_deltas
    ADD COLUMN employee_sent text COLLATE "C",
    ADD COLUMN employee_custom_id text COLLATE "C";

COMMENT ON TABLE employee_counts IS 'How many requests of each employee are on the lists: those that failed, and those of test keys.';
COMMENT ON COLUMN employee_counts.company_id IS 'The company.';
COMMENT ON COLUMN employee_counts.employee_sent IS 'As in requests.';
COMMENT ON COLUMN employee_counts.grain IS 'Minutes in a bucket: 1440 or 10080; kept as long as requests.';
COMMENT ON COLUMN employee_counts.bucket IS 'When the bucket begins.';
COMMENT ON COLUMN employee_counts.employee_custom_id IS 'As in requests; empty where that is null or longer than 255 bytes.';
COMMENT ON COLUMN employee_counts.environment IS 'As in request_counts.';
COMMENT ON COLUMN employee_counts.kind IS 'As in request_counts.';
COMMENT ON COLUMN employee_counts.key_id IS 'As in request_counts.';
COMMENT ON COLUMN employee_counts.channel IS 'As in request_counts.';
COMMENT ON COLUMN employee_counts.brand IS 'As in request_counts.';
COMMENT ON COLUMN employee_counts.language IS 'As in request_counts.';
COMMENT ON COLUMN employee_counts.error_mask IS 'As in request_counts.';
COMMENT ON COLUMN employee_counts.count IS 'How many requests.';
COMMENT ON COLUMN request_count_deltas.employee_sent IS 'As in requests, of what is on the lists.';
COMMENT ON COLUMN request_count_deltas.employee_custom_id IS 'As in requests, of what is on the lists.';
END $step$;
