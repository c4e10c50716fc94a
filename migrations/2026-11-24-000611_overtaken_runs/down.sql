DO $step$ BEGIN
UPDATE bulk_runs SET state = 3 WHERE state = 4;
ALTER TABLE bulk_runs DROP CONSTRAINT bulk_runs_state_check;
ALTER TABLE bulk_runs ADD CONSTRAINT bulk_runs_state_check CHECK (state IN (1, 2, 3));

COMMENT ON COLUMN bulk_runs.state IS '1 running, 2 done, 3 cancelled.';
END $step$;
