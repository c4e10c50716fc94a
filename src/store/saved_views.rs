//! Lists of the status page that people come back to: everybody's own, and the company's.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Integer;
use uuid::Uuid;

use super::audit::{self, Entry};
use super::schema::saved_views;
use crate::domain::company::CompanyId;

/// So many views a person may keep, and so many a company.
pub const MOST_VIEWS: usize = 30;

/// Keeps two forms from changing the views of one company at the same time.
const VIEWS_LOCK: i32 = 0x7669_6577;

/// A view.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = saved_views)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct ViewRow {
    pub id: Uuid,
    pub user_id: Option<i64>,
    pub name: String,
    pub address: String,
}

/// Who changes a view, and when.
#[derive(Debug, Clone)]
pub struct Author {
    /// The user.
    pub user_id: i64,
    /// By name.
    pub name: String,
    /// Now.
    pub at: DateTime<Utc>,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Saved,
    /// There is no such view.
    Gone,
    /// There are as many as there may be.
    TooMany,
    /// Another one has this name.
    NameTaken,
}

/// The views that a user sees: their own first, then the company's, each by name.
pub fn of_user(
    connection: &mut PgConnection,
    company: CompanyId,
    user_id: i64,
) -> QueryResult<Vec<ViewRow>> {
    let is_own = saved_views::user_id.eq(user_id);
    saved_views::table
        .filter(saved_views::company_id.eq(company.0))
        .filter(is_own.or(saved_views::user_id.is_null()))
        .order((saved_views::user_id.asc().nulls_last(), saved_views::name))
        .select(ViewRow::as_select())
        .load(connection)
}

/// Saves a list under a name: for its author alone, or for the company. Call it in a transaction.
pub fn save(
    connection: &mut PgConnection,
    company: CompanyId,
    view: &ViewRow,
    author: &Author,
) -> QueryResult<Outcome> {
    lock(connection, company)?;
    let beside = beside(connection, company, view)?;
    if beside.len() >= MOST_VIEWS {
        return Ok(Outcome::TooMany);
    }
    if beside
        .iter()
        .any(|other| is_same_name(&other.name, &view.name))
    {
        return Ok(Outcome::NameTaken);
    }
    diesel::insert_into(saved_views::table)
        .values((
            saved_views::company_id.eq(company.0),
            saved_views::id.eq(view.id),
            saved_views::user_id.eq(view.user_id),
            saved_views::name.eq(&view.name),
            saved_views::address.eq(&view.address),
            saved_views::made_at.eq(author.at),
        ))
        .execute(connection)?;
    log(connection, company, "view.created", view, None, author)?;
    Ok(Outcome::Saved)
}

/// Gives a view another name. Call it in a transaction.
pub fn rename(
    connection: &mut PgConnection,
    company: CompanyId,
    view: &ViewRow,
    name: &str,
    author: &Author,
) -> QueryResult<Outcome> {
    lock(connection, company)?;
    let beside = beside(connection, company, view)?;
    let mut others = beside.iter().filter(|other| other.id != view.id);
    if others.any(|other| is_same_name(&other.name, name)) {
        return Ok(Outcome::NameTaken);
    }
    let this = saved_views::table.find((company.0, view.id));
    let renamed = diesel::update(this)
        .set(saved_views::name.eq(name))
        .execute(connection)?;
    if renamed == 0 {
        return Ok(Outcome::Gone);
    }
    let after = Some(name);
    log(connection, company, "view.renamed", view, after, author)?;
    Ok(Outcome::Saved)
}

/// Deletes a view.
pub fn delete(
    connection: &mut PgConnection,
    company: CompanyId,
    view: &ViewRow,
    author: &Author,
) -> QueryResult<Outcome> {
    let this = saved_views::table.find((company.0, view.id));
    if diesel::delete(this).execute(connection)? == 0 {
        return Ok(Outcome::Gone);
    }
    log(connection, company, "view.deleted", view, None, author)?;
    Ok(Outcome::Saved)
}

/// Waits until nobody else changes the company's views, until the transaction ends: how many there
/// are, and their names, are looked at before one is written.
fn lock(connection: &mut PgConnection, company: CompanyId) -> QueryResult<()> {
    diesel::sql_query("SELECT pg_advisory_xact_lock($1, $2)")
        .bind::<Integer, _>(VIEWS_LOCK)
        .bind::<Integer, _>(company.0 as i32)
        .execute(connection)
        .map(|_| ())
}

/// The views of the same owner.
fn beside(
    connection: &mut PgConnection,
    company: CompanyId,
    view: &ViewRow,
) -> QueryResult<Vec<ViewRow>> {
    saved_views::table
        .filter(saved_views::company_id.eq(company.0))
        .filter(saved_views::user_id.is_not_distinct_from(view.user_id))
        .select(ViewRow::as_select())
        .load(connection)
}

fn is_same_name(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// What happens to the company's views is in its log; people's own are nobody else's business.
fn log(
    connection: &mut PgConnection,
    company: CompanyId,
    action: &str,
    view: &ViewRow,
    renamed: Option<&str>,
    author: &Author,
) -> QueryResult<()> {
    if view.user_id.is_some() {
        return Ok(());
    }
    let name = |name: &str| serde_json::json!({"name": name});
    let entry = Entry {
        at: author.at,
        user_id: Some(author.user_id),
        actor: &author.name,
        action,
        subject: &view.name,
        before: renamed.map(|_| name(&view.name)),
        after: renamed.map(name),
        settings_version: None,
    };
    audit::add(connection, company, &entry)
}
