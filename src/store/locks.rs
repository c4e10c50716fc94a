//! Locks between nodes, so that one of them at a time does a thing. They end with the transaction.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::domain::company::CompanyId;

/// Takes a lock of the installation; `false` while another node has it.
pub(super) fn try_lock(connection: &mut PgConnection, lock: i64) -> QueryResult<bool> {
    take(connection, &lock.to_string())
}

/// Takes a lock of a company; `false` while another node has it.
pub(super) fn try_lock_of(
    connection: &mut PgConnection,
    company: CompanyId,
    lock: i32,
) -> QueryResult<bool> {
    take(connection, &format!("{lock}, {}", company.0 as i32))
}

fn take(connection: &mut PgConnection, key: &str) -> QueryResult<bool> {
    let lock = sql::<Bool>(&format!("pg_try_advisory_xact_lock({key})"));
    diesel::select(lock).get_result(connection)
}
