-- An employee's requests are counted by these, up to 10,000 of them on each tab: with what filters
-- read they need no look into the table.
DO $step$ BEGIN
DROP INDEX requests_employee;
DROP INDEX requests_employee_custom_id;
CREATE INDEX requests_employee ON requests (company_id, employee_sent, received_at DESC, id DESC)
    INCLUDE (error_mask, environment, kind, key_id, channel, brand, language)
    WHERE error_mask <> 0 OR environment = 1;
CREATE INDEX requests_employee_custom_id ON requests
    (company_id, employee_custom_id, received_at DESC, id DESC)
    INCLUDE (error_mask, environment, kind, key_id, channel, brand, language)
    WHERE (error_mask <> 0 OR environment = 1) AND employee_custom_id IS NOT NULL;
END $step$;
