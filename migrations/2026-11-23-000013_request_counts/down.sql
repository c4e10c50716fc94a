DROP TABLE request_count_deltas;
DROP TABLE request_counts;
