CREATE TABLE saved_views (
    company_id bigint NOT NULL REFERENCES companies (id),
    id uuid NOT NULL,
    user_id bigint,
    name text NOT NULL,
    address text NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, id)
);

COMMENT ON TABLE saved_views IS 'Lists of the status page that people come back to.';
COMMENT ON COLUMN saved_views.company_id IS 'The company.';
COMMENT ON COLUMN saved_views.id IS 'The view.';
COMMENT ON COLUMN saved_views.user_id IS 'Whose it is; null for everybody in the company.';
COMMENT ON COLUMN saved_views.name IS 'What people call it.';
COMMENT ON COLUMN saved_views.address IS 'The path of the list with its filter.';
COMMENT ON COLUMN saved_views.made_at IS 'When it was saved.';
