-- A week of the pages' store: requests {first} to {last} of all, one every {step} microseconds. What a request is
-- like is drawn from a hash of its number, so every store of a size is the same. The tables are
-- filled before they are attached: that builds their indexes at once and in order.
DROP TABLE IF EXISTS requests_{week}, request_documents_{week}, request_findings_{week};
CREATE TABLE requests_{week} (LIKE requests INCLUDING DEFAULTS INCLUDING CONSTRAINTS) WITH ({vacuumed_soon});
CREATE TABLE request_documents_{week} (LIKE request_documents INCLUDING DEFAULTS INCLUDING CONSTRAINTS) WITH ({vacuumed_soon});
CREATE TABLE request_findings_{week} (LIKE request_findings INCLUDING DEFAULTS INCLUDING CONSTRAINTS) WITH ({vacuumed_soon});

INSERT INTO requests_{week} (
    company_id, received_at, id, kind, environment, key_id, http_status, error_mask, warning_count,
    settings_version, employee_id, employee_sent, employee_custom_id, channel_sent, channel,
    brand_sent, brand, language_sent, language, ticket_id, customer_hash, correlation_id, duration_us,
    channel_unknown, brand_unknown)
SELECT ({companies})[company], at,
       (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(hash, 1, 3)
        || '8' || substr(hash, 4, 15))::uuid,
       1, CASE WHEN is_test THEN 1 ELSE 2 END,
       CASE WHEN is_test THEN ({test_keys})[company] ELSE ({production_keys})[company] END,
       CASE mask WHEN 0 THEN 200 ELSE 400 END, mask, 0, 1, NULL,
       CASE WHEN mask & 4 <> 0 THEN 'gone' || employee / 20 ELSE 'agent' || employee END
           || '@company' || company || '.example',
       NULL,
       CASE WHEN mask & 16 <> 0 THEN 'fax' ELSE channel END,
       CASE WHEN mask & 16 = 0 THEN channel END,
       CASE WHEN mask & 64 <> 0 THEN NULL WHEN mask & 128 = 0 THEN brand
            WHEN is_rare THEN 'outlet' ELSE 'nord' END,
       CASE WHEN mask & 192 = 0 THEN brand WHEN mask & 128 <> 0 AND is_rare THEN 'outlet' END,
       CASE WHEN mask & 256 <> 0 THEN NULL WHEN mask & 512 <> 0 THEN 'de' ELSE language END,
       CASE WHEN mask & 256 <> 0 THEN NULL WHEN mask & 512 <> 0 THEN 'de' ELSE language END,
       'T-' || number, substr(decode(hash, 'hex'), 1, 16), NULL, 60,
       CASE WHEN mask & 16 <> 0 THEN 'fax' END,
       CASE WHEN mask & 64 = 0 AND mask & 128 <> 0 AND NOT is_rare THEN 'nord' END
FROM generate_series({first}::bigint, {last}::bigint) AS numbers (number)
CROSS JOIN LATERAL (
    SELECT md5(number::text) AS hash, hashint8extended(number, 1) AS one,
           hashint8extended(number, 2) AS two, hashint8extended(number, 3) AS three,
           date_trunc('milliseconds',
                      '{begin}'::timestamptz + {step} * number * interval '1 microsecond') AS at
) AS drawn
CROSS JOIN LATERAL (
    -- One company has half of all requests, the others share the rest.
    SELECT CASE WHEN one & 1 = 0 THEN 1 ELSE 2 + (one >> 1 & 65535) % {others} END::int AS company,
           one >> 20 & 63 = 0 AS is_test,
           -- A few employees have most of the requests.
           ((two & 65535) * (two & 65535) / 65536 * 2000 / 65536)::int AS employee,
           CASE WHEN two >> 16 & 3 = 0 THEN 'chat' ELSE 'email' END AS channel,
           CASE WHEN two >> 18 & 3 = 0 THEN 'south' ELSE 'north' END AS brand,
           CASE WHEN two >> 20 & 3 = 0 THEN 'fr-CA' ELSE 'en' END AS language,
           three >> 20 & 255 = 0 AS is_rare
) AS given
CROSS JOIN LATERAL (
    -- 5 % fail, most for one of a few errors, and a few for two at once.
    SELECT (CASE WHEN three & 1023 >= 51 THEN 0 ELSE
                (ARRAY[4, 4, 4, 4, 4, 4, 128, 128, 128, 8, 8, 8, 256, 256, 16, 2])
                    [1 + (three >> 10 & 15)::int]
                | CASE WHEN three >> 14 & 31 = 0 THEN
                      (ARRAY[4, 8, 64, 512])[1 + (three >> 28 & 3)::int] ELSE 0 END
                | CASE WHEN three >> 30 & 1023 = 0 THEN 1024 ELSE 0 END
            END)::smallint AS mask
) AS judged;

INSERT INTO request_documents_{week} (
    company_id, received_at, id, body, body_cut, content_type, answer, warnings, customer_name,
    customer_email, address, user_agent)
SELECT company_id, received_at, id,
       convert_to(format('{"customer":{"name":"Jane Moreau","email":"jane.%s@customer.example"},"employee":{"email":"%s"},"channel":"%s","ext_interaction_id":"%s"}',
                         ticket_id, employee_sent, channel_sent, ticket_id), 'UTF8'),
       false, 'application/json',
       CASE WHEN error_mask <> 0 THEN '{"title":"Employee not found","status":400}' END, NULL,
       'Jane Moreau', 'jane.' || ticket_id || '@customer.example', '192.0.2.7', 'helpdesk/4.2'
FROM requests_{week} WHERE received_at >= '{documents_from}';

INSERT INTO request_findings_{week} (
    company_id, received_at, id, position, code, reason, pointer, value, environment, key_id)
SELECT company_id, received_at, id, row_number() OVER (PARTITION BY company_id, received_at, id) - 1,
       bit, CASE bit WHEN 128 THEN CASE WHEN brand IS NULL THEN 80 ELSE 81 END ELSE reason END,
       pointer,
       CASE bit WHEN 2 THEN employee_sent WHEN 4 THEN employee_sent WHEN 16 THEN channel_sent
                WHEN 128 THEN brand_sent WHEN 512 THEN language_sent END,
       environment, key_id
FROM requests_{week} JOIN (VALUES
    (2, 20, '/employee/email'), (4, 30, '/employee/email'), (8, 41, '/customer/email'),
    (16, 50, '/channel'), (64, 70, '/brand'), (128, 80, '/brand'), (256, 90, '/language'),
    (512, 101, '/language'), (1024, 112, '/tags')
) AS errors (bit, reason, pointer) ON error_mask & bit <> 0
WHERE error_mask <> 0;

ALTER TABLE requests ATTACH PARTITION requests_{week} FOR VALUES FROM ('{from}') TO ('{to}');
ALTER TABLE request_documents ATTACH PARTITION request_documents_{week} FOR VALUES FROM ('{from}') TO ('{to}');
ALTER TABLE request_findings ATTACH PARTITION request_findings_{week} FOR VALUES FROM ('{from}') TO ('{to}');

-- A week of counters, from Thursday on, has requests of two weeks of tables.
INSERT INTO request_counts AS kept (
    company_id, grain, bucket, environment, kind, key_id, channel, brand, language, error_mask, count)
SELECT company_id, grain, date_bin(grain * interval '1 minute', received_at, 'epoch'),
       environment, kind, key_id,
       coalesce(channel, CASE WHEN channel_sent IS NULL THEN '~none' ELSE '~unknown' END),
       coalesce(brand, CASE WHEN brand_sent IS NULL THEN '~none' ELSE '~unknown' END),
       coalesce(language, CASE WHEN language_sent IS NULL THEN '~none' ELSE '~unknown' END),
       error_mask, count(*)
FROM requests_{week}, (VALUES (5), (60), (1440), (10080)) AS grains (grain)
WHERE grain > 5 OR received_at >= '{fine_from}'
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
-- As folding writes them: by time, then company by company.
ORDER BY 3, 1, 2 DESC, 4, 5, 6, 7, 8, 9, 10
ON CONFLICT (company_id, grain, bucket, environment, kind, key_id, channel, brand, language, error_mask,
             resubmitted)
DO UPDATE SET count = kept.count + excluded.count;
