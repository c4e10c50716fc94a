DROP TABLE cause_decisions;
