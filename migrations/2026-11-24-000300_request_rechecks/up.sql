CREATE TABLE request_rechecks (
    company_id bigint NOT NULL,
    received_at timestamptz NOT NULL,
    id uuid NOT NULL,
    settings_version bigint NOT NULL,
    result smallint NOT NULL CHECK (result IN (1, 2, 3)),
    as_far_as_known boolean NOT NULL,
    error_mask smallint NOT NULL CHECK (error_mask BETWEEN 0 AND 2047),
    checked_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, received_at, id, settings_version)
);

COMMENT ON TABLE request_rechecks IS 'What the rules said of a request once more, beside its verdict, which never changes; facts only, gone with the request.';
COMMENT ON COLUMN request_rechecks.company_id IS 'The company of the request.';
COMMENT ON COLUMN request_rechecks.received_at IS 'When the request came.';
COMMENT ON COLUMN request_rechecks.id IS 'The request.';
COMMENT ON COLUMN request_rechecks.settings_version IS 'The version of the settings it was judged by this time; the latest check per version is kept.';
COMMENT ON COLUMN request_rechecks.result IS '1 would pass, 2 fails for the same reason, 3 fails for another.';
COMMENT ON COLUMN request_rechecks.as_far_as_known IS 'Whether the body was gone, so that the customer was not checked.';
COMMENT ON COLUMN request_rechecks.error_mask IS 'The errors that it would have, a bit per error.';
COMMENT ON COLUMN request_rechecks.checked_at IS 'When it was checked.';
