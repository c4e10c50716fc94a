-- A label that the company does not have is looked for however it was spelled, so the form in which it
-- is compared is kept. Nearly no request has one.
DO $step$ BEGIN
ALTER TABLE requests
    ADD COLUMN channel_unknown text COLLATE "C",
    ADD COLUMN brand_unknown text COLLATE "C",
    ADD COLUMN language_unknown text COLLATE "C";

COMMENT ON COLUMN requests.channel_unknown IS 'The form in which a channel was compared that the company did not have.';
COMMENT ON COLUMN requests.brand_unknown IS 'The form in which a brand was compared that the company did not have.';
COMMENT ON COLUMN requests.language_unknown IS 'The form in which a language was compared that the company did not have.';

-- Of what is there already, as Postgres tells it: letters beyond ASCII keep their case.
UPDATE requests SET channel_unknown = lower(translate(channel_sent, E'_ \t\n\r\u00a0', '-'))
    WHERE channel IS NULL AND channel_sent IS NOT NULL;
UPDATE requests SET brand_unknown = lower(translate(brand_sent, E'_ \t\n\r\u00a0', '-'))
    WHERE brand IS NULL AND brand_sent IS NOT NULL;
UPDATE requests SET language_unknown = lower(translate(language_sent, E'_ \t\n\r\u00a0', '-'))
    WHERE language IS NULL AND language_sent IS NOT NULL;

DROP INDEX requests_unknown_channel;
DROP INDEX requests_unknown_brand;
DROP INDEX requests_unknown_language;
CREATE INDEX requests_unknown_channel ON requests (company_id, channel_unknown, received_at DESC, id DESC)
    INCLUDE (error_mask, environment, kind, key_id, channel, brand, language)
    WHERE channel_unknown IS NOT NULL;
CREATE INDEX requests_unknown_brand ON requests (company_id, brand_unknown, received_at DESC, id DESC)
    INCLUDE (error_mask, environment, kind, key_id, channel, brand, language)
    WHERE brand_unknown IS NOT NULL;
CREATE INDEX requests_unknown_language ON requests (company_id, language_unknown, received_at DESC, id DESC)
    INCLUDE (error_mask, environment, kind, key_id, channel, brand, language)
    WHERE language_unknown IS NOT NULL;
END $step$;
