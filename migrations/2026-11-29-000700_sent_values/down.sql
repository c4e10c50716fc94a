ALTER TABLE request_findings DROP COLUMN sent;

COMMENT ON COLUMN request_findings.value IS 'The decisive value; null where none was sent, and for customers'' data.';
