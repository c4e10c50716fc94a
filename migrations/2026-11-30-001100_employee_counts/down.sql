DO $step$ BEGIN
DROP TABLE employee_counts;
ALTER TABLE request_count_deltas DROP COLUMN employee_sent, DROP COLUMN employee_custom_id;
END $step$;
