DO $step$ BEGIN
ALTER TABLE bulk_runs DROP CONSTRAINT bulk_runs_state_check;
ALTER TABLE bulk_runs ADD CONSTRAINT bulk_runs_state_check CHECK (state IN (1, 2, 3, 4));

COMMENT ON COLUMN bulk_runs.state IS '1 running, 2 done, 3 cancelled, 4 ended by a change of the settings.';
END $step$;
