DO $step$ BEGIN
DROP INDEX requests_unknown_language;
DROP INDEX requests_unknown_brand;
DROP INDEX requests_unknown_channel;
END $step$;
