//! The keys by which senders are known.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel::upsert::excluded;
use serde_json::json;

use super::change::{Edit, Made};
use super::schema::{api_keys, revoked_key_calls};
use crate::domain::api_key::{self, ApiKey, KeyHash};
use crate::domain::company::CompanyId;
use crate::domain::request::Environment;
use crate::domain::window::floor;

/// A key as the store knows it: never the key itself.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = api_keys)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct KeyRow {
    pub id: i64,
    pub company_id: i64,
    pub environment: i16,
    pub name: String,
    pub tail: String,
    pub hash: Vec<u8>,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

impl KeyRow {
    /// How people recognise it, such as `Zendesk …f31c`.
    pub fn title(&self) -> String {
        format!("{} …{}", self.name, self.tail)
    }

    /// What is shown of the key itself, such as `acs_live_…f31c`.
    pub fn shown(&self) -> String {
        api_key::shown(self.environment(), &self.tail)
    }

    /// Its environment.
    pub fn environment(&self) -> Environment {
        Environment::from_number(self.environment).unwrap_or(Environment::Production)
    }
}

/// Every key of every company, revoked ones too: their calls are counted.
pub fn all(connection: &mut PgConnection) -> QueryResult<Vec<KeyRow>> {
    api_keys::table.select(KeyRow::as_select()).load(connection)
}

/// The keys of a company, live ones first, newest first.
pub fn of_company(connection: &mut PgConnection, company: CompanyId) -> QueryResult<Vec<KeyRow>> {
    api_keys::table
        .filter(api_keys::company_id.eq(company.0))
        .order((
            api_keys::revoked_at.desc().nulls_first(),
            api_keys::id.desc(),
        ))
        .select(KeyRow::as_select())
        .load(connection)
}

/// The key of this hash, revoked or not.
pub fn find(connection: &mut PgConnection, hash: &KeyHash) -> QueryResult<Option<KeyRow>> {
    api_keys::table
        .filter(api_keys::hash.eq(&hash[..]))
        .select(KeyRow::as_select())
        .first(connection)
        .optional()
}

/// Keeps a new key's hash and returns the id of its row.
pub fn create(
    connection: &mut PgConnection,
    company: CompanyId,
    environment: Environment,
    name: &str,
    key: &ApiKey,
    now: DateTime<Utc>,
) -> QueryResult<i64> {
    diesel::insert_into(api_keys::table)
        .values((
            api_keys::company_id.eq(company.0),
            api_keys::environment.eq(environment.number()),
            api_keys::name.eq(name),
            api_keys::tail.eq(key.tail()),
            api_keys::hash.eq(key.hash().to_vec()),
            api_keys::created_at.eq(now),
        ))
        .returning(api_keys::id)
        .get_result(connection)
}

/// Makes a key as an admin does.
pub fn make(
    connection: &mut PgConnection,
    company: CompanyId,
    environment: Environment,
    name: &str,
    key: &ApiKey,
    now: DateTime<Utc>,
) -> Made<()> {
    let id = create(connection, company, environment, name, key, now)?;
    let after = json!({"environment": environment.as_str(), "tail": key.tail()});
    Ok(Ok(Some(Edit {
        action: "api_key.created",
        subject: name.to_owned(),
        id,
        before: None,
        after: Some(after),
    })))
}

/// Revokes a key of a company.
pub fn revoke(
    connection: &mut PgConnection,
    company: CompanyId,
    id: i64,
    now: DateTime<Utc>,
) -> Made<()> {
    let live = api_keys::table
        .filter(api_keys::company_id.eq(company.0))
        .filter(api_keys::id.eq(id))
        .filter(api_keys::revoked_at.is_null());
    let revoked: Option<(String, String)> = diesel::update(live)
        .set(api_keys::revoked_at.eq(now))
        .returning((api_keys::name, api_keys::tail))
        .get_result(connection)
        .optional()?;
    Ok(Ok(revoked.map(|(name, tail)| Edit {
        action: "api_key.revoked",
        subject: name,
        id,
        before: Some(json!({"tail": tail, "revoked": false})),
        after: Some(json!({"tail": tail, "revoked": true})),
    })))
}

/// Calls that came with one revoked key and were refused.
#[derive(Debug, Clone)]
pub struct RevokedCalls {
    /// Whose key it was.
    pub company: CompanyId,
    /// The key.
    pub key_id: i64,
    /// How many since they were last written.
    pub calls: i64,
    /// When the first of them came.
    pub first_at: DateTime<Utc>,
}

/// Adds refused calls to the count of their key and hour.
pub fn count_revoked(connection: &mut PgConnection, refused: &[RevokedCalls]) -> QueryResult<()> {
    for calls in refused {
        let hour = floor(calls.first_at, TimeDelta::hours(1));
        diesel::insert_into(revoked_key_calls::table)
            .values((
                revoked_key_calls::company_id.eq(calls.company.0),
                revoked_key_calls::key_id.eq(calls.key_id),
                revoked_key_calls::hour.eq(hour),
                revoked_key_calls::calls.eq(calls.calls),
                revoked_key_calls::first_at.eq(calls.first_at),
            ))
            .on_conflict((
                revoked_key_calls::company_id,
                revoked_key_calls::key_id,
                revoked_key_calls::hour,
            ))
            .do_update()
            .set((
                revoked_key_calls::calls
                    .eq(revoked_key_calls::calls + excluded(revoked_key_calls::calls)),
                // Nodes write in any order.
                revoked_key_calls::first_at.eq(least(
                    revoked_key_calls::first_at,
                    excluded(revoked_key_calls::first_at),
                )),
            ))
            .execute(connection)?;
    }
    Ok(())
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// The earlier of two times.
    fn least(one: Timestamptz, other: Timestamptz) -> Timestamptz;
}

/// For each revoked key of a company that was still used since `since`: its id, the calls, and when
/// the first came.
pub fn revoked_calls(
    connection: &mut PgConnection,
    company: CompanyId,
    since: DateTime<Utc>,
) -> QueryResult<Vec<RevokedCalls>> {
    let rows: Vec<(i64, i64, DateTime<Utc>)> = revoked_key_calls::table
        .filter(revoked_key_calls::company_id.eq(company.0))
        .filter(revoked_key_calls::hour.ge(since))
        .order(revoked_key_calls::first_at)
        .select((
            revoked_key_calls::key_id,
            revoked_key_calls::calls,
            revoked_key_calls::first_at,
        ))
        .load(connection)?;
    let mut sums: Vec<RevokedCalls> = Vec::new();
    for (key_id, calls, first_at) in rows {
        match sums.iter_mut().find(|sum| sum.key_id == key_id) {
            Some(sum) => sum.calls += calls,
            None => sums.push(RevokedCalls {
                company,
                key_id,
                calls,
                first_at,
            }),
        }
    }
    Ok(sums)
}
