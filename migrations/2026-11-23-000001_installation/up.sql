CREATE TABLE installation (
    name text PRIMARY KEY,
    value bytea NOT NULL
);

COMMENT ON TABLE installation IS 'Values that belong to the whole installation, made once.';
COMMENT ON COLUMN installation.name IS 'What it is, such as `secret_key`.';
COMMENT ON COLUMN installation.value IS 'The value.';
