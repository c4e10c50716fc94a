//! Who changed what, when: written in the transaction of the change.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use super::schema::audit_log;
use crate::domain::company::CompanyId;

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
