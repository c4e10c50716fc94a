//! How settings are changed. Every change takes the company's row lock, looks whether somebody else
//! changed the same thing since the form was made, does its work, raises the version, writes the
//! audit row, all in one transaction, and swaps this node's snapshot before anyone is answered.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use super::audit::{self, Entry};
use super::schema::{audit_log, companies};
use super::settings::{LiveSettings, next_version};
use super::{Store, StoreError};
use crate::domain::company::CompanyId;

/// Who changes something, and when.
#[derive(Debug, Clone)]
pub struct Author {
    /// The user.
    pub user_id: i64,
    /// By name.
    pub name: String,
    /// Now.
    pub at: DateTime<Utc>,
    /// The version of the settings that the form was made from.
    pub seen: i64,
}

/// What is changed.
#[derive(Debug, Clone, Copy)]
pub struct Thing {
    /// The first word of its actions in the audit log, such as `brand`.
    pub noun: &'static str,
    /// Which one; `None` for all of the noun.
    pub id: Option<i64>,
}

/// A change that was made.
#[derive(Debug, Clone)]
pub struct Edit {
    /// What was done, such as `brand.deactivated`.
    pub action: &'static str,
    /// To what, such as the brand's label.
    pub subject: String,
    /// The id of the thing, by which others who edit it are told.
    pub id: i64,
    /// The values before.
    pub before: Option<Value>,
    /// The values after.
    pub after: Option<Value>,
}

/// Somebody else was faster.
#[derive(Debug, Clone)]
pub struct Overtaken {
    /// Who.
    pub actor: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What became of a change.
#[derive(Debug, Clone)]
pub enum Outcome<P> {
    /// It holds from the next request on.
    Saved(i64),
    /// There was nothing to change.
    AsItWas,
    /// Somebody else changed the same thing since the form was made; nothing was saved.
    Overtaken(Overtaken),
    /// It cannot be done; nothing was saved.
    Refused(P),
}

/// What a change may find: the edit it made, `None` where there was nothing to do, or why not.
pub type Made<P> = QueryResult<Result<Option<Edit>, P>>;

/// Changes the settings of a company; see the module. Without a `thing` nobody can have been faster:
/// for what is to be made.
pub async fn change<P, F>(
    store: &Store,
    live: &LiveSettings,
    company: CompanyId,
    author: Author,
    thing: Option<Thing>,
    work: F,
) -> Result<Outcome<P>, StoreError>
where
    P: Send + 'static,
    F: FnOnce(&mut PgConnection) -> Made<P> + Send + 'static,
{
    let outcome = store
        .write(company, move |connection| {
            within(connection, company, &author, thing, work)
        })
        .await?;
    if let Outcome::Saved(_) = outcome {
        live.reload(store, company).await?;
    }
    Ok(outcome)
}

fn within<P>(
    connection: &mut PgConnection,
    company: CompanyId,
    author: &Author,
    thing: Option<Thing>,
    work: impl FnOnce(&mut PgConnection) -> Made<P>,
) -> Result<Outcome<P>, StoreError> {
    let version: i64 = companies::table
        .find(company.0)
        .select(companies::settings_version)
        .for_update()
        .first(connection)?;
    if version > author.seen
        && let Some(thing) = thing
        && let Some(overtaken) = overtaken(connection, company, author.seen, thing)?
    {
        return Ok(Outcome::Overtaken(overtaken));
    }
    let edit = match work(connection)? {
        Ok(Some(edit)) => edit,
        Ok(None) => return Ok(Outcome::AsItWas),
        Err(problem) => return Ok(Outcome::Refused(problem)),
    };
    let version = next_version(connection, company)?;
    let entry = Entry {
        at: author.at,
        user_id: Some(author.user_id),
        actor: &author.name,
        action: edit.action,
        subject: &edit.subject,
        before: edit.before.map(|values| with_id(values, edit.id)),
        after: edit.after.map(|values| with_id(values, edit.id)),
        settings_version: Some(version),
    };
    audit::add(connection, company, &entry)?;
    Ok(Outcome::Saved(version))
}

fn with_id(mut values: Value, id: i64) -> Value {
    if let Value::Object(values) = &mut values {
        values.insert("id".to_owned(), id.into());
    }
    values
}

/// The last change of the thing since `seen`. What names no id, such as an import, changed all of
/// its noun.
fn overtaken(
    connection: &mut PgConnection,
    company: CompanyId,
    seen: i64,
    thing: Thing,
) -> QueryResult<Option<Overtaken>> {
    type Row = (String, DateTime<Utc>, Option<Value>, Option<Value>);
    let newer: Vec<Row> = audit_log::table
        .filter(audit_log::company_id.eq(company.0))
        .filter(audit_log::settings_version.gt(seen))
        .filter(audit_log::action.like(format!("{}.%", thing.noun)))
        .order(audit_log::settings_version.desc())
        .select((
            audit_log::actor,
            audit_log::at,
            audit_log::before,
            audit_log::after,
        ))
        .load(connection)?;
    let id = |values: &Option<Value>| values.as_ref()?.get("id")?.as_i64().filter(|id| *id > 0);
    let is_same = |(_, _, before, after): &Row| {
        let changed = id(before).or_else(|| id(after));
        changed.is_none() || thing.id.is_none() || changed == thing.id
    };
    Ok(newer
        .into_iter()
        .find(is_same)
        .map(|(actor, at, _, _)| Overtaken { actor, at }))
}
