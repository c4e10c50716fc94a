CREATE TABLE alerts (
    company_id bigint NOT NULL REFERENCES companies (id),
    opened_at timestamptz NOT NULL,
    opened_failed bigint NOT NULL,
    opened_total bigint NOT NULL,
    closed_at timestamptz,
    closed_failed bigint,
    closed_total bigint,
    PRIMARY KEY (company_id, opened_at),
    CHECK ((closed_at IS NULL) = (closed_failed IS NULL) AND (closed_at IS NULL) = (closed_total IS NULL))
);

-- A company has one open alert at most, whichever node opens it.
CREATE UNIQUE INDEX alerts_open ON alerts (company_id) WHERE closed_at IS NULL;

COMMENT ON TABLE alerts IS 'The times at which too many of a company''s production requests failed.';
COMMENT ON COLUMN alerts.company_id IS 'The company.';
COMMENT ON COLUMN alerts.opened_at IS 'When it was noticed.';
COMMENT ON COLUMN alerts.opened_failed IS 'How many of the hour before had failed then.';
COMMENT ON COLUMN alerts.opened_total IS 'Of how many.';
COMMENT ON COLUMN alerts.closed_at IS 'When it was over; null while it is open.';
COMMENT ON COLUMN alerts.closed_failed IS 'How many of the hour before had failed then.';
COMMENT ON COLUMN alerts.closed_total IS 'Of how many.';
