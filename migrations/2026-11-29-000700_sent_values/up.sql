-- Failures are grouped by the form in which a value is matched; what is shown is what was sent.
ALTER TABLE request_findings ADD COLUMN sent text COLLATE "C";

COMMENT ON COLUMN request_findings.value IS 'The decisive value in the form in which it is matched, of a malformed field its name; null where none was sent, and for customers'' data.';
COMMENT ON COLUMN request_findings.sent IS 'The value as sent, where that is another form of the decisive one.';
