DROP TABLE revoked_key_calls;
DROP TABLE api_keys;
