-- The key is what keeps a request from being sent again twice.
CREATE TABLE resubmissions (
    company_id bigint NOT NULL,
    original_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    user_id bigint NOT NULL,
    actor text NOT NULL,
    run_id uuid,
    PRIMARY KEY (company_id, original_id),
    UNIQUE (company_id, id)
);

COMMENT ON TABLE resubmissions IS 'Requests that were sent again, each at most once; written with the new request, in one transaction.';
COMMENT ON COLUMN resubmissions.company_id IS 'The company of both.';
COMMENT ON COLUMN resubmissions.original_id IS 'The request that was refused.';
COMMENT ON COLUMN resubmissions.id IS 'The new request.';
COMMENT ON COLUMN resubmissions.at IS 'When the new request came.';
COMMENT ON COLUMN resubmissions.user_id IS 'Who sent it again.';
COMMENT ON COLUMN resubmissions.actor IS 'Who, by name at that time.';
COMMENT ON COLUMN resubmissions.run_id IS 'The run over many that it was part of.';
