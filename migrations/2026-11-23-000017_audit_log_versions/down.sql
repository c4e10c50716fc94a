DROP INDEX audit_log_versions;
