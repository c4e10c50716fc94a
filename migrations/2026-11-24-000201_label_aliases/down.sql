DROP TABLE label_aliases;
