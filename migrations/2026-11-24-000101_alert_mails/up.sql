CREATE TABLE alert_mails (
    company_id bigint NOT NULL,
    opened_at timestamptz NOT NULL,
    event smallint NOT NULL CHECK (event IN (1, 2)),
    address text NOT NULL,
    made_at timestamptz NOT NULL,
    due_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    sent_at timestamptz,
    problem text,
    PRIMARY KEY (company_id, opened_at, event, address),
    FOREIGN KEY (company_id, opened_at) REFERENCES alerts (company_id, opened_at) ON DELETE CASCADE
);

CREATE INDEX alert_mails_due ON alert_mails (due_at) WHERE due_at IS NOT NULL;

COMMENT ON TABLE alert_mails IS 'The mails about alerts, sent and to be sent: written in the transaction that opens or closes the alert.';
COMMENT ON COLUMN alert_mails.company_id IS 'The company.';
COMMENT ON COLUMN alert_mails.opened_at IS 'The alert that it is about.';
COMMENT ON COLUMN alert_mails.event IS '1 the alert opened, 2 it closed.';
COMMENT ON COLUMN alert_mails.address IS 'Who is told.';
COMMENT ON COLUMN alert_mails.made_at IS 'Since when it is to be sent.';
COMMENT ON COLUMN alert_mails.due_at IS 'When it is tried next; null when it was sent or given up.';
COMMENT ON COLUMN alert_mails.attempts IS 'How often it was tried.';
COMMENT ON COLUMN alert_mails.sent_at IS 'When the mail server took it.';
COMMENT ON COLUMN alert_mails.problem IS 'Why the last attempt failed.';
