-- Whether somebody else changed a thing since a form was made.
CREATE INDEX audit_log_versions ON audit_log (company_id, settings_version)
    WHERE settings_version IS NOT NULL;
