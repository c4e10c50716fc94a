DROP TABLE request_rechecks;
