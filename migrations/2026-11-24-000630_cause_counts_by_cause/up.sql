-- The counters of one cause lie side by side, so that the course of a cause is read alone. Those of a
-- time are found by an index that is small, for it has each bucket once.
DO $step$ BEGIN
ALTER TABLE cause_counts DROP CONSTRAINT cause_counts_pkey;
ALTER TABLE cause_counts
    ADD PRIMARY KEY (company_id, grain, reason, value, bucket, environment, key_id);
CREATE INDEX cause_counts_bucket ON cause_counts (company_id, grain, bucket);
END $step$;
