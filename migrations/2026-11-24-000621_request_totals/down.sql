DROP TABLE request_totals;
