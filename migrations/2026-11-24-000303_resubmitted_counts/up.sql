-- Alerts measure the senders: what an admin sends again is counted apart.
ALTER TABLE request_counts
    ADD COLUMN resubmitted boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT request_counts_pkey;
ALTER TABLE request_counts
    ADD PRIMARY KEY (company_id, grain, bucket, environment, kind, key_id, channel, brand, language, error_mask, resubmitted);
ALTER TABLE request_count_deltas ADD COLUMN resubmitted boolean NOT NULL DEFAULT false;

COMMENT ON COLUMN request_counts.resubmitted IS 'Whether they were sent again by an admin.';
COMMENT ON COLUMN request_count_deltas.resubmitted IS 'As in request_counts.';
