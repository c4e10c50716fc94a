//! Who is signed in where. A row deleted is a session ended, whatever cookie still names it.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::schema::sessions;

/// A session that is not used ends after so many hours.
const IDLE_HOURS: i64 = 12;

/// Every session ends after so many days.
pub const MAX_DAYS: i64 = 7;

/// The end is moved at most this often, in minutes, so that looking at pages writes little.
const MOVED_EVERY_MINUTES: i64 = 5;

/// The state of a live session, whose end is moved where it is being used.
pub fn state(
    connection: &mut PgConnection,
    token_hash: &[u8],
    is_used: bool,
    now: DateTime<Utc>,
) -> QueryResult<Option<String>> {
    let live = sessions::table
        .find(token_hash)
        .filter(sessions::expires_at.gt(now))
        .select((sessions::state, sessions::created_at, sessions::expires_at))
        .first::<(String, DateTime<Utc>, DateTime<Utc>)>(connection)
        .optional()?;
    let Some((state, created_at, expires_at)) = live else {
        return Ok(None);
    };
    let end = end(created_at, now);
    if is_used && end - expires_at > TimeDelta::minutes(MOVED_EVERY_MINUTES) {
        diesel::update(sessions::table.find(token_hash))
            .set(sessions::expires_at.eq(end))
            .execute(connection)?;
    }
    Ok(Some(state))
}

/// Begins a session.
pub fn begin(
    connection: &mut PgConnection,
    token_hash: &[u8],
    user_id: Option<i64>,
    state: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::token_hash.eq(token_hash),
            sessions::user_id.eq(user_id),
            sessions::state.eq(state),
            sessions::created_at.eq(now),
            sessions::expires_at.eq(end(now, now)),
        ))
        .execute(connection)
        .map(|_| ())
}

/// Changes a session's state. One that has ended meanwhile stays ended.
pub fn change(
    connection: &mut PgConnection,
    token_hash: &[u8],
    user_id: Option<i64>,
    state: &str,
) -> QueryResult<()> {
    diesel::update(sessions::table.find(token_hash))
        .set((sessions::user_id.eq(user_id), sessions::state.eq(state)))
        .execute(connection)
        .map(|_| ())
}

/// Ends one session.
pub fn end_one(connection: &mut PgConnection, token_hash: &[u8]) -> QueryResult<()> {
    diesel::delete(sessions::table.find(token_hash))
        .execute(connection)
        .map(|_| ())
}

/// Ends all sessions of a user.
pub fn end_all_of(connection: &mut PgConnection, user_id: i64) -> QueryResult<()> {
    diesel::delete(sessions::table.filter(sessions::user_id.eq(user_id)))
        .execute(connection)
        .map(|_| ())
}

fn end(created_at: DateTime<Utc>, used_at: DateTime<Utc>) -> DateTime<Utc> {
    let idle = used_at + TimeDelta::hours(IDLE_HOURS);
    idle.min(created_at + TimeDelta::days(MAX_DAYS))
}
