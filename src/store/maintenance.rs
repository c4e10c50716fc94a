//! What the maintenance job does to the store, one small step per call.

use chrono::{DateTime, Months, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text, Timestamptz};

use super::locks;
use super::schema::{
    bulk_runs, companies, employee_imports, password_links, resubmissions, sessions,
    sign_in_attempts,
};
use crate::domain::company::CompanyId;

/// Calls with revoked keys are kept so many days.
const REVOKED_CALLS_DAYS: i64 = 90;

/// The audit log, and alerts that are over, are kept so many months.
const AUDIT_LOG_MONTHS: u32 = 24;

/// So many rows of a table go in one transaction.
const EXPUNGE_BATCH: i64 = 1_000;

/// Keeps two nodes from doing the same upkeep at the same time.
const UPKEEP_LOCK: i64 = 0x6170_695f_7570;

/// Takes the lock of upkeep until the transaction ends; `false` while another node has it.
pub fn try_lock(connection: &mut PgConnection) -> QueryResult<bool> {
    locks::try_lock(connection, UPKEEP_LOCK)
}

/// The companies, each with the time before which its customers' data must go: the company's own
/// threshold, and never later than requests are kept.
pub fn due_for_expunge(
    connection: &mut PgConnection,
    retention_days: u32,
    now: DateTime<Utc>,
) -> QueryResult<Vec<(CompanyId, DateTime<Utc>)>> {
    let rows: Vec<(i64, i32)> = companies::table
        .select((companies::id, companies::expunge_after_days))
        .load(connection)?;
    let due = |(id, days): (i64, i32)| {
        let days = i64::from(days).min(retention_days.into());
        (CompanyId(id), now - TimeDelta::days(days))
    };
    Ok(rows.into_iter().map(due).collect())
}

/// All companies.
pub fn companies(connection: &mut PgConnection) -> QueryResult<Vec<CompanyId>> {
    let ids: Vec<i64> = companies::table.select(companies::id).load(connection)?;
    Ok(ids.into_iter().map(CompanyId).collect())
}

/// Deletes a batch of the documents received before `before` and says how many there were. Facts,
/// findings and counts stay.
pub fn expunge(
    connection: &mut PgConnection,
    company: CompanyId,
    before: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM request_documents WHERE company_id = $1 AND received_at < $2 \
         AND (received_at, id) IN ( \
             SELECT received_at, id FROM request_documents \
             WHERE company_id = $1 AND received_at < $2 ORDER BY received_at LIMIT $3)",
    )
    .bind::<BigInt, _>(company.0)
    .bind::<Timestamptz, _>(before)
    .bind::<BigInt, _>(EXPUNGE_BATCH)
    .execute(connection)
}

/// Deletes a batch of what a company's history has too much, and says how many rows there were:
/// calls with revoked keys after 90 days, changes of settings and alerts after two years.
pub fn drop_old_history(
    connection: &mut PgConnection,
    company: CompanyId,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    let calls = diesel::sql_query(
        "DELETE FROM revoked_key_calls WHERE company_id = $1 AND hour < $2 \
         AND (key_id, hour) IN ( \
             SELECT key_id, hour FROM revoked_key_calls \
             WHERE company_id = $1 AND hour < $2 LIMIT $3)",
    )
    .bind::<BigInt, _>(company.0)
    .bind::<Timestamptz, _>(now - TimeDelta::days(REVOKED_CALLS_DAYS))
    .bind::<BigInt, _>(EXPUNGE_BATCH)
    .execute(connection)?;
    let changes = diesel::sql_query(
        "DELETE FROM audit_log WHERE company_id = $1 AND at < $2 \
         AND (at, id) IN ( \
             SELECT at, id FROM audit_log WHERE company_id = $1 AND at < $2 ORDER BY at LIMIT $3)",
    )
    .bind::<BigInt, _>(company.0)
    .bind::<Timestamptz, _>(now - Months::new(AUDIT_LOG_MONTHS))
    .bind::<BigInt, _>(EXPUNGE_BATCH)
    .execute(connection)?;
    let alerts = diesel::sql_query(
        "DELETE FROM alerts WHERE company_id = $1 AND closed_at < $2 \
         AND opened_at IN ( \
             SELECT opened_at FROM alerts WHERE company_id = $1 AND closed_at < $2 LIMIT $3)",
    )
    .bind::<BigInt, _>(company.0)
    .bind::<Timestamptz, _>(now - Months::new(AUDIT_LOG_MONTHS))
    .bind::<BigInt, _>(EXPUNGE_BATCH)
    .execute(connection)?;
    Ok(calls + changes + alerts)
}

/// Deletes a batch of what was noted about requests received before `before`, and says how many rows
/// there were: no note outlives its request. A link goes with the newer of its two ends, and a run
/// with the requests that it was about.
pub fn drop_old_notes(
    connection: &mut PgConnection,
    company: CompanyId,
    before: DateTime<Utc>,
) -> QueryResult<usize> {
    let rechecks = diesel::sql_query(
        "DELETE FROM request_rechecks WHERE company_id = $1 AND received_at < $2 \
         AND (received_at, id) IN ( \
             SELECT received_at, id FROM request_rechecks \
             WHERE company_id = $1 AND received_at < $2 ORDER BY received_at LIMIT $3)",
    )
    .bind::<BigInt, _>(company.0)
    .bind::<Timestamptz, _>(before)
    .bind::<BigInt, _>(EXPUNGE_BATCH)
    .execute(connection)?;
    let links = diesel::delete(
        resubmissions::table
            .filter(resubmissions::company_id.eq(company.0))
            .filter(resubmissions::at.lt(before)),
    )
    .execute(connection)?;
    let runs = diesel::delete(
        bulk_runs::table
            .filter(bulk_runs::company_id.eq(company.0))
            .filter(bulk_runs::ended_at.lt(before)),
    )
    .execute(connection)?;
    Ok(rechecks + links + runs)
}

/// Gathers the statistics of a partitioned table, unless that was done at `since` or later; says
/// whether it did. Autovacuum does so for the partitions alone.
pub fn analyze(
    connection: &mut PgConnection,
    table: &str,
    since: DateTime<Utc>,
) -> QueryResult<bool> {
    let is_fresh = diesel::dsl::sql::<Bool>(
        "EXISTS (SELECT FROM pg_stat_all_tables WHERE relid = to_regclass(",
    )
    .bind::<Text, _>(table)
    .sql(") AND last_analyze >= ")
    .bind::<Timestamptz, _>(since)
    .sql(")");
    if diesel::select(is_fresh).get_result(connection)? {
        return Ok(false);
    }
    // It reads a sample of every partition, and nobody waits for it.
    connection.batch_execute("SET LOCAL statement_timeout = '10min'")?;
    connection.batch_execute(&format!("ANALYZE {table}"))?;
    Ok(true)
}

/// Deletes all that is over of one kind, and says how many rows there were.
pub type DropDead = fn(&mut PgConnection, DateTime<Utc>) -> QueryResult<usize>;

/// One for each kind. Call them in transactions of their own: in a distributed store whoever writes a
/// shared table has all of it to themselves until the transaction ends, so one that goes through
/// several would be in the way of those who sign in.
pub const DROP_DEAD: [DropDead; 4] = [
    drop_dead_sessions,
    drop_dead_links,
    drop_dead_imports,
    drop_dead_attempts,
];

fn drop_dead_sessions(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(sessions::table.filter(sessions::expires_at.lt(now))).execute(connection)
}

fn drop_dead_links(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(password_links::table.filter(password_links::expires_at.lt(now)))
        .execute(connection)
}

/// Files that nobody saved within a day.
fn drop_dead_imports(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    let day_ago = now - TimeDelta::days(1);
    diesel::delete(employee_imports::table.filter(employee_imports::made_at.lt(day_ago)))
        .execute(connection)
}

/// Attempts to sign in that no throttle asks for.
fn drop_dead_attempts(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    let hour_ago = now - TimeDelta::hours(1);
    diesel::delete(sign_in_attempts::table.filter(sign_in_attempts::at.lt(hour_ago)))
        .execute(connection)
}
