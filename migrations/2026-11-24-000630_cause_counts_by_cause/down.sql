DO $step$ BEGIN
DROP INDEX cause_counts_bucket;
ALTER TABLE cause_counts DROP CONSTRAINT cause_counts_pkey;
ALTER TABLE cause_counts
    ADD PRIMARY KEY (company_id, grain, bucket, reason, value, environment, key_id);
END $step$;
