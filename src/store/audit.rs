//! Who changed what, when: written in the transaction of the change.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Text};
use serde_json::Value;

use super::schema::audit_log;
use crate::domain::change::{Change, Place};
use crate::domain::company::CompanyId;
use crate::domain::window::Window;

/// One change.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// When.
    pub at: DateTime<Utc>,
    /// Who; `None` for a command at the console.
    pub user_id: Option<i64>,
    /// Who, by name.
    pub actor: &'a str,
    /// What was done, such as `brand.deactivated`.
    pub action: &'a str,
    /// To what, such as the brand's label.
    pub subject: &'a str,
    /// The values before.
    pub before: Option<Value>,
    /// The values after.
    pub after: Option<Value>,
    /// The version that the change made.
    pub settings_version: Option<i64>,
}

/// Writes one entry.
pub fn add(
    connection: &mut PgConnection,
    company: CompanyId,
    entry: &Entry<'_>,
) -> QueryResult<()> {
    diesel::insert_into(audit_log::table)
        .values((
            audit_log::company_id.eq(company.0),
            audit_log::at.eq(entry.at),
            audit_log::user_id.eq(entry.user_id),
            audit_log::actor.eq(entry.actor),
            audit_log::action.eq(entry.action),
            audit_log::subject.eq(entry.subject),
            audit_log::before.eq(&entry.before),
            audit_log::after.eq(&entry.after),
            audit_log::settings_version.eq(entry.settings_version),
        ))
        .execute(connection)
        .map(|_| ())
}

/// An entry as the page shows it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = audit_log)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct EntryRow {
    pub at: DateTime<Utc>,
    pub id: i64,
    pub user_id: Option<i64>,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub settings_version: Option<i64>,
}

/// Which entries are looked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Those of actions that begin with one of these words; all when there is none.
    pub nouns: Vec<String>,
    /// None of actions that begin with one of these words.
    pub without: Vec<&'static str>,
    /// Those of one person.
    pub user_id: Option<i64>,
    /// Those that follow this place.
    pub before: Option<Place>,
}

/// Entries, newest first, at most `limit`.
pub fn page(
    connection: &mut PgConnection,
    company: CompanyId,
    wanted: &Wanted,
    limit: i64,
) -> QueryResult<Vec<EntryRow>> {
    let mut query = audit_log::table
        .filter(audit_log::company_id.eq(company.0))
        .into_boxed();
    if !wanted.nouns.is_empty() {
        let noun = sql::<Bool>("split_part(action, '.', 1) = ANY(")
            .bind::<Array<Text>, _>(&wanted.nouns)
            .sql(")");
        query = query.filter(noun);
    }
    for noun in &wanted.without {
        query = query.filter(audit_log::action.not_like(format!("{noun}.%")));
    }
    if let Some(user_id) = wanted.user_id {
        query = query.filter(audit_log::user_id.eq(user_id));
    }
    if let Some(Place { at, id }) = wanted.before {
        let earlier = audit_log::at
            .lt(at)
            .or(audit_log::at.eq(at).and(audit_log::id.lt(id)));
        query = query.filter(audit_log::at.le(at)).filter(earlier);
    }
    query
        .order((audit_log::at.desc(), audit_log::id.desc()))
        .limit(limit)
        .select(EntryRow::as_select())
        .load(connection)
}

/// A change that requests may have felt, as a chart shows it.
#[derive(Debug, Clone, Queryable)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct RuleChange {
    pub at: DateTime<Utc>,
    pub id: i64,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub settings_version: i64,
}

impl RuleChange {
    /// What was changed.
    pub fn change(&self) -> Change<'_> {
        Change {
            action: &self.action,
            subject: &self.subject,
            before: self.before.as_ref(),
            after: self.after.as_ref(),
        }
    }
}

/// The newest changes of a window that made a new version of the rules, newest first.
pub fn rule_changes(
    connection: &mut PgConnection,
    company: CompanyId,
    window: Window,
    limit: i64,
) -> QueryResult<Vec<RuleChange>> {
    let mut query = audit_log::table
        .filter(audit_log::company_id.eq(company.0))
        .filter(audit_log::at.ge(window.from))
        .filter(audit_log::settings_version.is_not_null())
        .filter(audit_log::action.not_like("company.%"))
        .filter(audit_log::action.not_like("mail.%"))
        .filter(audit_log::action.not_like("%.renamed"))
        .into_boxed();
    if let Some(to) = window.to {
        query = query.filter(audit_log::at.lt(to));
    }
    query
        .order((audit_log::at.desc(), audit_log::id.desc()))
        .limit(limit)
        .select((
            audit_log::at,
            audit_log::id,
            audit_log::actor,
            audit_log::action,
            audit_log::subject,
            audit_log::before,
            audit_log::after,
            audit_log::settings_version.assume_not_null(),
        ))
        .load(connection)
}
