//! `pgbench` with single rows in the same tables, as good as it can be: one prepared statement, one
//! round trip, and nothing but numbers to make up on its side.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::support::companies::{Company, valid_body};
use crate::support::stage::Stage;

/// Transactions in a second, each a request as the program stores it.
pub fn rate(
    stage: &Stage,
    companies: &[Company],
    clients: usize,
    seconds: u64,
) -> anyhow::Result<f64> {
    let script = stage.folder().join("pgbench.sql");
    fs::write(&script, self::script(companies))?;
    let output = Command::new(program())
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .args(["--client", &clients.to_string()])
        .args(["--time", &seconds.to_string()])
        .arg("--file")
        .arg(&script)
        .arg(stage.url())
        .output()
        .context("pgbench cannot be run; it comes with PostgreSQL's server programs")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "pgbench: {complaint}");
    text.lines()
        .find_map(|line| {
            let rate = line.strip_prefix("tps = ")?.split(' ').next()?;
            rate.parse().ok()
        })
        .with_context(|| format!("pgbench says no rate: {text}"))
}

/// One in twenty requests has a finding.
fn script(companies: &[Company]) -> String {
    let ids: Vec<i64> = companies.iter().map(|company| company.id.0).collect();
    let (first, last) = (ids.iter().min(), ids.iter().max());
    let body = valid_body(1, 2, 3).to_string();
    format!(
        "\\set company random({first}, {last})\n\
         \\set ticket random(1, 100000000)\n\
         \\set dice random(1, 20)\n\
         WITH new AS ( \
             SELECT gen_random_uuid() AS id, date_trunc('milliseconds', clock_timestamp()) AS at, \
                    (CASE WHEN :dice::int = 1 THEN 128 ELSE 0 END)::smallint AS mask \
         ), document AS ( \
             INSERT INTO request_documents (company_id, received_at, id, body, body_cut, \
                 content_type, customer_name, customer_email, address, user_agent) \
             SELECT :company::bigint, at, id, convert_to('{body}', 'UTF8'), false, 'application/json', \
                 'Jane Moreau 3', 'jane.moreau.3@customer.example', '127.0.0.1', 'helpdesk/4.2' \
             FROM new \
         ), finding AS ( \
             INSERT INTO request_findings (company_id, received_at, id, position, code, reason, \
                 pointer, value, environment, key_id) \
             SELECT :company::bigint, at, id, 0, mask, 12, '/brand', 'outlet', 2, 1 \
             FROM new WHERE mask <> 0 \
         ), counted AS ( \
             INSERT INTO request_count_deltas (company_id, bucket, id, environment, kind, key_id, \
                 channel, brand, language, error_mask, count, employee_sent) \
             SELECT :company::bigint, date_bin('5 minutes', at, '2020-01-01Z'), id, 2, 1, 1, 'email', \
                 'north', 'en', mask, 1, CASE WHEN mask <> 0 THEN 'agent2@company1.example' END \
             FROM new \
         ) \
         INSERT INTO requests (company_id, received_at, id, kind, environment, key_id, http_status, \
             error_mask, warning_count, settings_version, employee_id, employee_sent, \
             channel_sent, channel, brand_sent, brand, language_sent, language, ticket_id, \
             customer_hash, duration_us) \
         SELECT :company::bigint, at, id, 1, 2, 1, 200, mask, 0, 1, 1, 'agent2@company1.example', \
             'email', 'email', 'north', 'north', 'en', 'en', 'T-' || :ticket::text, \
             decode('00112233445566778899aabbccddeeff', 'hex'), 60 \
         FROM new;\n",
        first = first.copied().unwrap_or(1),
        last = last.copied().unwrap_or(1),
    )
}

/// Where the server programs are, else wherever the shell finds it.
fn program() -> PathBuf {
    let set = std::env::var_os("POSTGRES_BIN").map(PathBuf::from);
    set.map(|folder| folder.join("pgbench"))
        .filter(|program| program.is_file())
        .unwrap_or_else(|| PathBuf::from("pgbench"))
}
