//! The weekly partitions of `requests`, `request_documents` and `request_findings`: made ahead by
//! the server, so that the turn of a week is no event. Weeks begin on Monday, 00:00 UTC, in every
//! time zone, and bounds are written as UTC literals.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Text};

/// The tables that are partitioned.
pub const TABLES: [&str; 3] = ["requests", "request_documents", "request_findings"];

/// So many weeks are there ahead of now.
pub const WEEKS_AHEAD: u64 = 4;

/// Serialises those who make or drop partitions.
const PARTITION_LOCK: i64 = 0x6170_695f_7061;

/// Lists answer from their indexes alone where a vacuum has seen that everybody sees the rows. By
/// itself one comes when a fifth of a table is new: after a day, for the week of a busy company, and
/// until then a filter reads 20,000 rows one by one, in 40 ms instead of 6. A vacuum reads what is new.
pub const VACUUMED_SOON: &str =
    "autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 10000";

/// The Monday that begins the week of `at`.
pub fn week_of(at: DateTime<Utc>) -> NaiveDate {
    let day = at.date_naive();
    day - Days::new(day.weekday().num_days_from_monday().into())
}

/// Makes the partitions of every week from the one of `first` to the one of `last`, where they are
/// missing. Inserts go on meanwhile: a partition is made beside its table and then attached.
pub fn ensure(
    connection: &mut PgConnection,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
) -> QueryResult<()> {
    let made = attached(connection)?;
    let mut week = week_of(first);
    while week <= week_of(last) {
        if !TABLES.iter().all(|table| made.contains(&name(table, week))) {
            connection.transaction(|connection| make(connection, week))?;
        }
        week = week + Days::new(7);
    }
    Ok(())
}

/// Makes what is needed from the week of `now` to [`WEEKS_AHEAD`].
pub fn ensure_ahead(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<()> {
    ensure(connection, now, now + Days::new(7 * WEEKS_AHEAD))
}

/// Whether the partitions of a week from now are there: the server is not ready without.
pub fn are_ahead(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<bool> {
    is_made(connection, week_of(now + Days::new(7)))
}

/// Whether every table has its partition for the week of each of these times.
pub fn are_made(
    connection: &mut PgConnection,
    times: impl Iterator<Item = DateTime<Utc>>,
) -> QueryResult<bool> {
    let weeks: BTreeSet<NaiveDate> = times.map(week_of).collect();
    weeks
        .into_iter()
        .try_fold(true, |all, week| Ok(all && is_made(connection, week)?))
}

/// The partitions whose youngest row is older than `before`, by name.
pub fn older(connection: &mut PgConnection, before: DateTime<Utc>) -> QueryResult<Vec<String>> {
    let is_older = |name: &String| {
        week_in(name).is_some_and(|week| week + Days::new(7) <= before.date_naive())
    };
    Ok(attached(connection)?.into_iter().filter(is_older).collect())
}

/// The partitions of all tables, by name; asked of the catalog's rows, see [`is_attached`].
fn attached(connection: &mut PgConnection) -> QueryResult<BTreeSet<String>> {
    #[derive(QueryableByName)]
    struct Partition {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let partitions: Vec<Partition> = diesel::sql_query(
        "SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
         WHERE i.inhparent IN (SELECT to_regclass(name) FROM unnest($1) AS name)",
    )
    .bind::<Array<Text>, _>(TABLES.to_vec())
    .load(connection)?;
    Ok(partitions.into_iter().map(|p| p.name).collect())
}

/// Drops a partition, if it is still there. Waits only briefly for its lock, so that nothing queues
/// behind a slow page: call it again later, and each time in a transaction of its own, for the lock
/// on the whole table is held until that ends. In a distributed store the other machines wait as
/// briefly on a connection that hands settings on, see [`super::HAND_ON`].
pub fn drop_one(connection: &mut PgConnection, partition: &str) -> QueryResult<()> {
    connection.batch_execute("SET LOCAL lock_timeout = '200ms'")?;
    connection.batch_execute(&format!("DROP TABLE IF EXISTS {partition}"))
}

fn make(connection: &mut PgConnection, week: NaiveDate) -> QueryResult<()> {
    diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
        .bind::<BigInt, _>(PARTITION_LOCK)
        .execute(connection)?;
    // Else, in a distributed store, the steps of this transaction wait for each other on several
    // connections to one machine. Elsewhere it means nothing.
    connection.batch_execute("SET LOCAL citus.multi_shard_modify_mode = 'sequential'")?;
    for table in TABLES {
        let partition = name(table, week);
        if is_attached(connection, table, &partition)? {
            continue;
        }
        let (from, to) = (bound(week), bound(week + Days::new(7)));
        // One by one: Citus hands the text of a command on as it came.
        connection.batch_execute(&format!(
            "CREATE TABLE {partition} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS) \
             WITH ({VACUUMED_SOON})"
        ))?;
        connection.batch_execute(&format!(
            "ALTER TABLE {table} ATTACH PARTITION {partition} FOR VALUES FROM ('{from}') TO ('{to}')"
        ))?;
    }
    Ok(())
}

fn is_made(connection: &mut PgConnection, week: NaiveDate) -> QueryResult<bool> {
    TABLES.iter().try_fold(true, |all, table| {
        Ok(all && is_attached(connection, table, &name(table, week))?)
    })
}

/// Asks the catalog's rows. `to_regclass` would answer from a cache that still says no after
/// another node made the partition while we waited for the lock.
fn is_attached(connection: &mut PgConnection, table: &str, partition: &str) -> QueryResult<bool> {
    diesel::select(
        diesel::dsl::sql::<Bool>(
            "EXISTS (SELECT FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid \
             WHERE inhparent = to_regclass(",
        )
        .bind::<Text, _>(table)
        .sql(") AND c.relname = ")
        .bind::<Text, _>(partition)
        .sql(")"),
    )
    .get_result(connection)
}

fn name(table: &str, week: NaiveDate) -> String {
    format!("{table}_{}", week.format("%Y%m%d"))
}

fn week_in(partition: &str) -> Option<NaiveDate> {
    let (_, day) = partition.rsplit_once('_')?;
    NaiveDate::parse_from_str(day, "%Y%m%d").ok()
}

fn bound(week: NaiveDate) -> String {
    week.and_time(NaiveTime::MIN)
        .and_utc()
        .format("%Y-%m-%d %H:%M:%S+00")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_begins_on_monday_at_midnight_utc() {
        let week = |text: &str| week_of(text.parse().unwrap()).to_string();
        assert_eq!(week("2026-11-23T00:00:00Z"), "2026-11-23");
        assert_eq!(week("2026-11-22T23:59:59.999Z"), "2026-11-16");
        assert_eq!(week("2026-11-29T12:00:00Z"), "2026-11-23");
        assert_eq!(week("2027-01-01T12:00:00Z"), "2026-12-28");
    }

    #[test]
    fn the_week_is_read_back_from_the_name() {
        let monday = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        assert_eq!(week_in(&name("request_documents", monday)), Some(monday));
        assert_eq!(week_in("requests"), None);
    }
}
