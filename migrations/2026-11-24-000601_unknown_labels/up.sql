-- Labels that the company does not have are looked for by their words. Few requests have one, so
-- these cost next to nothing; without them each entry of the list would be looked up in the table.
DO $step$ BEGIN
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
