DROP TABLE employee_imports;
DROP INDEX employees_by_status;
DROP INDEX employees_by_name;
