COPY (
    SELECT r.received_at, r.id, r.kind, r.environment, r.key_id, r.http_status, r.error_mask,
           r.warning_count, r.settings_version, r.employee_id, r.employee_sent, r.employee_custom_id,
           e.name, r.channel_sent, r.channel, r.brand_sent, r.brand, r.language_sent, r.language,
           r.ticket_id, r.correlation_id, d.id IS NOT NULL, d.customer_name, d.customer_email,
           f.reason, f.pointer, f.value
    FROM requests r
    LEFT JOIN request_documents d USING (company_id, received_at, id)
    LEFT JOIN request_findings f USING (company_id, received_at, id)
    LEFT JOIN employees e ON e.company_id = r.company_id AND e.id = r.employee_id
    WHERE r.environment = 1
    ORDER BY r.received_at DESC, r.id DESC, f.position
) TO STDOUT
