DROP TABLE resubmissions;
