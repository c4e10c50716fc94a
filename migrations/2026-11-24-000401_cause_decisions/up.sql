CREATE TABLE cause_decisions (
    company_id bigint NOT NULL REFERENCES companies (id),
    reason smallint NOT NULL,
    value text COLLATE "C" NOT NULL,
    kind smallint NOT NULL CHECK (kind IN (1, 2)),
    until timestamptz CHECK ((kind = 2) = (until IS NOT NULL)),
    user_id bigint NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (company_id, reason, value)
);

COMMENT ON TABLE cause_decisions IS 'What admins decided about causes of failures; where a cause stands otherwise is told by its requests.';
COMMENT ON COLUMN cause_decisions.company_id IS 'The company.';
COMMENT ON COLUMN cause_decisions.reason IS 'The error and its variant, as in request_findings.';
COMMENT ON COLUMN cause_decisions.value IS 'The decisive value, as in request_findings; empty where that is null.';
COMMENT ON COLUMN cause_decisions.kind IS '1 acknowledged, 2 ignored.';
COMMENT ON COLUMN cause_decisions.until IS 'Until when it is ignored.';
COMMENT ON COLUMN cause_decisions.user_id IS 'Who decided.';
COMMENT ON COLUMN cause_decisions.actor IS 'Who, by name at that time.';
COMMENT ON COLUMN cause_decisions.at IS 'When.';
