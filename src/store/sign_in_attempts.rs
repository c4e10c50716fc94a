//! Attempts to sign in that did not succeed, or not yet.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::schema::sign_in_attempts;

/// When others failed before, youngest first.
#[derive(Debug, Default)]
pub struct Failures {
    /// With the same account.
    pub account: Vec<DateTime<Utc>>,
    /// From the same address.
    pub address: Vec<DateTime<Utc>>,
}

/// Writes an attempt down, before its password is checked, and returns its id.
pub fn begin(
    connection: &mut PgConnection,
    account: &str,
    address: &str,
    now: DateTime<Utc>,
) -> QueryResult<i64> {
    diesel::insert_into(sign_in_attempts::table)
        .values((
            sign_in_attempts::account.eq(account),
            sign_in_attempts::address.eq(address),
            sign_in_attempts::at.eq(now),
        ))
        .returning(sign_in_attempts::id)
        .get_result(connection)
}

/// The attempts since `since` other than `attempt`, at most `limit` of each kind.
pub fn others(
    connection: &mut PgConnection,
    attempt: i64,
    (account, address): (&str, &str),
    since: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Failures> {
    let others = sign_in_attempts::table
        .filter(sign_in_attempts::id.ne(attempt))
        .filter(sign_in_attempts::at.gt(since))
        .order(sign_in_attempts::at.desc())
        .select(sign_in_attempts::at)
        .limit(limit);
    Ok(Failures {
        account: others
            .filter(sign_in_attempts::account.eq(account))
            .load(connection)?,
        address: others
            .filter(sign_in_attempts::address.eq(address))
            .load(connection)?,
    })
}

/// The attempt failed at `now`.
pub fn failed(connection: &mut PgConnection, attempt: i64, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(sign_in_attempts::table.find(attempt))
        .set(sign_in_attempts::at.eq(now))
        .execute(connection)
        .map(|_| ())
}

/// Forgets an attempt that succeeded, or was not made at all.
pub fn forget(connection: &mut PgConnection, attempt: i64) -> QueryResult<()> {
    diesel::delete(sign_in_attempts::table.find(attempt))
        .execute(connection)
        .map(|_| ())
}
