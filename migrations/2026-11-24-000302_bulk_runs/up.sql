CREATE TABLE bulk_runs (
    company_id bigint NOT NULL,
    id uuid NOT NULL,
    kind smallint NOT NULL CHECK (kind IN (1, 2)),
    user_id bigint NOT NULL,
    actor text NOT NULL,
    tab smallint NOT NULL CHECK (tab IN (1, 2)),
    filter text NOT NULL,
    total bigint NOT NULL,
    settings_version bigint NOT NULL,
    state smallint NOT NULL CHECK (state IN (1, 2, 3)),
    reached uuid,
    claimed_until timestamptz NOT NULL,
    passing bigint NOT NULL DEFAULT 0,
    same bigint NOT NULL DEFAULT 0,
    different bigint NOT NULL DEFAULT 0,
    sendable bigint NOT NULL DEFAULT 0,
    sendable_old bigint NOT NULL DEFAULT 0,
    sent bigint NOT NULL DEFAULT 0,
    ended_at timestamptz,
    PRIMARY KEY (company_id, id)
);

-- One at a time per company.
CREATE UNIQUE INDEX bulk_runs_running ON bulk_runs (company_id) WHERE state = 1;

COMMENT ON TABLE bulk_runs IS 'Work over all requests that a filter matches, done in chunks by whichever node is free.';
COMMENT ON COLUMN bulk_runs.company_id IS 'The company.';
COMMENT ON COLUMN bulk_runs.id IS 'UUID v7: the run is about the requests that are older.';
COMMENT ON COLUMN bulk_runs.kind IS '1 re-check, 2 resubmission.';
COMMENT ON COLUMN bulk_runs.user_id IS 'Who started it.';
COMMENT ON COLUMN bulk_runs.actor IS 'Who, by name at that time.';
COMMENT ON COLUMN bulk_runs.tab IS 'The list: 1 Invalid Requests, 2 Test Requests.';
COMMENT ON COLUMN bulk_runs.filter IS 'Its filter as in an address, the time range fixed.';
COMMENT ON COLUMN bulk_runs.total IS 'About how many requests match, for the progress.';
COMMENT ON COLUMN bulk_runs.settings_version IS 'The version of the settings that it judges by.';
COMMENT ON COLUMN bulk_runs.state IS '1 running, 2 done, 3 cancelled.';
COMMENT ON COLUMN bulk_runs.reached IS 'The last request that is done; they go from the newest to the oldest.';
COMMENT ON COLUMN bulk_runs.claimed_until IS 'Until then a node is at work on a chunk.';
COMMENT ON COLUMN bulk_runs.passing IS 'How many would pass.';
COMMENT ON COLUMN bulk_runs.same IS 'How many fail for the same reason.';
COMMENT ON COLUMN bulk_runs.different IS 'How many fail for another reason.';
COMMENT ON COLUMN bulk_runs.sendable IS 'How many could be sent again.';
COMMENT ON COLUMN bulk_runs.sendable_old IS 'How many of those are older than a week.';
COMMENT ON COLUMN bulk_runs.sent IS 'How many were sent again.';
COMMENT ON COLUMN bulk_runs.ended_at IS 'When it ended.';
