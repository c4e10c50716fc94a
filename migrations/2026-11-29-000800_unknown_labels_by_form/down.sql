DO $step$ BEGIN
DROP INDEX requests_unknown_channel;
DROP INDEX requests_unknown_brand;
DROP INDEX requests_unknown_language;
ALTER TABLE requests
    DROP COLUMN channel_unknown,
    DROP COLUMN brand_unknown,
    DROP COLUMN language_unknown;
CREATE INDEX requests_unknown_channel ON requests (company_id, channel_sent, received_at DESC, id DESC)
    INCLUDE (error_mask, environment, kind, key_id, channel, brand, language)
    WHERE channel IS NULL AND channel_sent IS NOT NULL;
CREATE INDEX requests_unknown_brand ON requests (company_id, brand_sent, received_at DESC, id DESC)
    INCLUDE (error_mask, environment, kind, key_id, channel, brand, language)
    WHERE brand IS NULL AND brand_sent IS NOT NULL;
CREATE INDEX requests_unknown_language ON requests (company_id, language_sent, received_at DESC, id DESC)
    INCLUDE (error_mask, environment, kind, key_id, channel, brand, language)
    WHERE language IS NULL AND language_sent IS NOT NULL;
END $step$;
