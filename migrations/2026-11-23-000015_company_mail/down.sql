ALTER TABLE companies DROP COLUMN test_email, DROP COLUMN alert_emails;
