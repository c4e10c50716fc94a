-- What failed has a delta of its own by now, and folding counts the findings of those that it takes. The
-- findings that were too young to be counted so far get one of no requests.
DO $step$ BEGIN
INSERT INTO request_count_deltas (
    company_id, bucket, id, environment, kind, key_id, channel, brand, language, error_mask, count)
SELECT f.company_id, date_bin('5 minutes', f.received_at, 'epoch'), f.id, min(f.environment), 1,
       min(f.key_id), '', '', '', bit_or(f.code), 0
FROM request_findings f LEFT JOIN cause_folds c ON c.company_id = f.company_id
WHERE f.received_at >= coalesce(c.until, '-infinity')
GROUP BY f.company_id, f.received_at, f.id
ON CONFLICT (company_id, bucket, id) DO NOTHING;

DROP TABLE cause_folds;

COMMENT ON TABLE cause_counts IS 'How many requests failed by each cause; counted when their deltas are folded.';
COMMENT ON TABLE request_count_deltas IS 'Counts not folded into request_counts yet, of what failed one by one; written with the requests, in one transaction.';
END $step$;
