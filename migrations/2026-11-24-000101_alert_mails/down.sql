DROP TABLE alert_mails;
