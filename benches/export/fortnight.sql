-- {requests} requests that one test key of a company sent in the last two weeks, one every {step}
-- microseconds: one in twenty fails, all still have their documents.
CREATE TEMPORARY TABLE sent AS
SELECT at, (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000'
            || '8' || lpad(to_hex(number), 15, '0'))::uuid AS id,
       number, number % 20 = 7 AS fails, number * 7 % {employees} AS employee
FROM generate_series(1, {requests}::bigint) AS number
CROSS JOIN LATERAL (
    SELECT date_trunc('milliseconds',
                      '{begin}'::timestamptz + {step} * number * interval '1 microsecond') AS at
) AS times;

INSERT INTO requests (
    company_id, received_at, id, kind, environment, key_id, http_status, error_mask, warning_count,
    settings_version, employee_id, employee_sent, channel_sent, channel, brand_sent, brand,
    language_sent, language, ticket_id, customer_hash, duration_us, brand_unknown)
SELECT {company}, at, id, 1, 1, {key}, CASE WHEN fails THEN 400 ELSE 200 END,
       CASE WHEN fails THEN 128 ELSE 0 END, 0, 1,
       (SELECT min(id) FROM employees WHERE company_id = {company}) + employee,
       'agent' || employee || '@company1.example', 'email', 'email',
       CASE WHEN fails THEN 'nord' ELSE 'north' END, CASE WHEN NOT fails THEN 'north' END,
       'en', 'en', 'T-' || number, decode(md5(number::text), 'hex'), 60,
       CASE WHEN fails THEN 'nord' END
FROM sent;

INSERT INTO request_documents (
    company_id, received_at, id, body, body_cut, content_type, answer, customer_name,
    customer_email, address, user_agent)
SELECT {company}, at, id, convert_to('{body}', 'UTF8'), false, 'application/json',
       CASE WHEN fails THEN '{"title":"Invalid/inactive brand signifier","status":400}' END,
       'Jane Moreau ' || number, 'jane.moreau.' || number || '@customer.example', '192.0.2.7',
       'helpdesk/4.2'
FROM sent;

INSERT INTO request_findings (
    company_id, received_at, id, position, code, reason, pointer, value, environment, key_id)
SELECT {company}, at, id, 0, 128, 80, '/brand', 'nord', 1, {key} FROM sent WHERE fails;
