DROP TABLE cause_folds;
DROP TABLE cause_counts;
