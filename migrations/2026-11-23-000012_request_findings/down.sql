DROP TABLE request_findings;
