-- The list of employees: by name, all or those of a status.
CREATE INDEX employees_by_name ON employees (company_id, lower(name), id);
CREATE INDEX employees_by_status ON employees (company_id, status, lower(name), id);

CREATE TABLE employee_imports (
    company_id bigint NOT NULL REFERENCES companies (id),
    id uuid NOT NULL,
    user_id bigint NOT NULL,
    made_at timestamptz NOT NULL,
    settings_version bigint NOT NULL,
    file_name text NOT NULL,
    content text NOT NULL,
    PRIMARY KEY (company_id, id)
);

COMMENT ON TABLE employee_imports IS 'Files of employees that were sent in and not saved yet; kept for a day.';
COMMENT ON COLUMN employee_imports.company_id IS 'The company.';
COMMENT ON COLUMN employee_imports.id IS 'The file.';
COMMENT ON COLUMN employee_imports.user_id IS 'Who sent it.';
COMMENT ON COLUMN employee_imports.made_at IS 'When.';
COMMENT ON COLUMN employee_imports.settings_version IS 'The version of the settings when it was sent.';
COMMENT ON COLUMN employee_imports.file_name IS 'Its name, as the browser tells it.';
COMMENT ON COLUMN employee_imports.content IS 'The file in UTF-8.';
