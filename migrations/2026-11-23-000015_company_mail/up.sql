ALTER TABLE companies
    ADD COLUMN test_email text,
    ADD COLUMN alert_emails text[] NOT NULL DEFAULT '{}';

COMMENT ON COLUMN companies.test_email IS 'Where the surveys of test requests go.';
COMMENT ON COLUMN companies.alert_emails IS 'Who is told when too many requests fail.';
