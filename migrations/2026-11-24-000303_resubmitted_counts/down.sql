WITH moved AS (
    DELETE FROM request_counts WHERE resubmitted RETURNING *
)
INSERT INTO request_counts AS kept (company_id, grain, bucket, environment, kind, key_id, channel,
                                    brand, language, error_mask, resubmitted, count)
SELECT company_id, grain, bucket, environment, kind, key_id, channel, brand, language, error_mask,
       false, count
FROM moved
ON CONFLICT (company_id, grain, bucket, environment, kind, key_id, channel, brand, language,
             error_mask, resubmitted)
DO UPDATE SET count = kept.count + excluded.count;

ALTER TABLE request_count_deltas DROP COLUMN resubmitted;
ALTER TABLE request_counts DROP CONSTRAINT request_counts_pkey;
ALTER TABLE request_counts
    DROP COLUMN resubmitted,
    ADD PRIMARY KEY (company_id, grain, bucket, environment, kind, key_id, channel, brand, language, error_mask);
