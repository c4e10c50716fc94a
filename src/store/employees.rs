//! The employees as the settings pages read and change them. The list is made of keyset pages by
//! name; nothing counts or sorts more than one company has.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, SmallInt, Text};
use serde_json::{Value, json};
use uuid::Uuid;

use super::change::{Edit, Made};
use super::schema::{employee_imports, employees};
use crate::domain::company::CompanyId;
use crate::domain::email;
use crate::domain::employee_file::{Changed, Known, Plan, Profile};
use crate::domain::settings::ProfileStatus;

/// Rows of a page of the list.
pub const PAGE_ROWS: usize = 50;

/// Postgres takes 65,535 values in one statement; an employee has six.
const ROWS_PER_STATEMENT: usize = 5_000;

#[derive(Debug, Clone, QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    custom_id: Option<String>,
    #[diesel(sql_type = SmallInt)]
    status: i16,
}

impl From<Row> for Known {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            profile: Profile {
                name: row.name,
                email: row.email,
                custom_id: row.custom_id,
                status: ProfileStatus::from_number(row.status)
                    .unwrap_or(ProfileStatus::Deactivated),
            },
        }
    }
}

/// Where a page of the list begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// With the first name.
    First,
    /// After this employee.
    After(i64),
    /// Just before this employee.
    Before(i64),
}

/// A page of the list.
#[derive(Debug, Default)]
pub struct Page {
    /// By name.
    pub rows: Vec<Known>,
    /// Whether there are more before …
    pub has_before: bool,
    /// … and after.
    pub has_after: bool,
}

/// Why nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmployeeProblem {
    /// Somebody of this name has the e-mail.
    EmailTaken(String),
    /// Somebody of this name has the custom id.
    CustomIdTaken(String),
    /// There is no such employee.
    Gone,
}

/// A page of those who match `search` (part of name, e-mail or custom id) and `status`.
pub fn page(
    connection: &mut PgConnection,
    company: CompanyId,
    search: &str,
    status: Option<ProfileStatus>,
    place: Place,
) -> QueryResult<Page> {
    // Postgres takes a NUL in no text: nobody has one.
    if search.contains('\0') {
        return Ok(Page::default());
    }
    let (from, backwards) = match place {
        Place::First => (None, false),
        Place::After(id) => (Some(id), false),
        Place::Before(id) => (Some(id), true),
    };
    // An employee who is gone begins at the beginning.
    let from = from.map(|id| find(connection, company, id)).transpose()?;
    let from = from.flatten();
    let (comparison, order) = match backwards {
        true => ("<", "lower(name) DESC, id DESC"),
        false => (">", "lower(name), id"),
    };
    let limit = PAGE_ROWS + 1;
    let small = |text: &str| format!("translate(lower({text} COLLATE \"C\"), $6, $7)");
    let (name, custom_id, searched) = (small("name"), small("custom_id"), small("$4"));
    let sql = format!(
        "SELECT id, name, email, custom_id, status FROM employees \
         WHERE company_id = $1 \
           AND ($2 IS NULL OR (lower(name), id) {comparison} (lower($2), $3)) \
           AND ($4 = '' OR strpos({name}, {searched}) > 0 OR strpos(email_folded, $5) > 0 \
                OR strpos({custom_id}, {searched}) > 0) \
           {} \
         ORDER BY {order} LIMIT {limit}",
        // A plain comparison, so that the index by status can serve it.
        status.map_or(String::new(), |s| format!("AND status = {}", s.number()))
    );
    let (capitals, small_letters) = beyond_ascii(search);
    let mut rows: Vec<Row> = diesel::sql_query(sql)
        .bind::<BigInt, _>(company.0)
        .bind::<Nullable<Text>, _>(from.as_ref().map(|f| f.profile.name.as_str()))
        .bind::<BigInt, _>(from.as_ref().map_or(0, |f| f.id))
        .bind::<Text, _>(search.trim())
        .bind::<Text, _>(email::fold(search).as_ref())
        .bind::<Text, _>(capitals)
        .bind::<Text, _>(small_letters)
        .load(connection)?;
    let goes_on = rows.len() == limit;
    rows.truncate(PAGE_ROWS);
    if backwards {
        rows.reverse();
    }
    Ok(Page {
        rows: rows.into_iter().map(Known::from).collect(),
        has_before: if backwards { goes_on } else { from.is_some() },
        has_after: backwards || goes_on,
    })
}

/// The capital and the small form of each letter beyond ASCII in a search. What `lower` makes of such
/// letters depends on the database's locale, and with C it is nothing; of those that are not searched
/// for nothing is needed.
fn beyond_ascii(search: &str) -> (String, String) {
    fn only(mut forms: impl Iterator<Item = char>) -> Option<char> {
        let first = forms.next()?;
        forms.next().is_none().then_some(first)
    }
    let letters = search.chars().filter(|c| !c.is_ascii());
    letters
        .filter_map(|c| Some((only(c.to_uppercase())?, only(c.to_lowercase())?)))
        .unzip()
}

/// How many there are of each status.
pub fn counts(
    connection: &mut PgConnection,
    company: CompanyId,
) -> QueryResult<BTreeMap<ProfileStatus, i64>> {
    let rows: Vec<(i16, i64)> = employees::table
        .filter(employees::company_id.eq(company.0))
        .group_by(employees::status)
        .select((employees::status, diesel::dsl::count_star()))
        .load(connection)?;
    let counted = |(number, count)| Some((ProfileStatus::from_number(number)?, count));
    Ok(rows.into_iter().filter_map(counted).collect())
}

/// One employee.
pub fn find(
    connection: &mut PgConnection,
    company: CompanyId,
    id: i64,
) -> QueryResult<Option<Known>> {
    select(connection, company, "AND id = $2", id, 1).map(|mut rows| rows.pop())
}

/// A chunk of all employees, by id, after this one.
pub fn after(
    connection: &mut PgConnection,
    company: CompanyId,
    id: i64,
    limit: i64,
) -> QueryResult<Vec<Known>> {
    select(connection, company, "AND id > $2", id, limit)
}

/// Everybody.
pub fn all(connection: &mut PgConnection, company: CompanyId) -> QueryResult<Vec<Known>> {
    select(connection, company, "AND id > $2", 0, i64::MAX)
}

fn select(
    connection: &mut PgConnection,
    company: CompanyId,
    condition: &str,
    id: i64,
    limit: i64,
) -> QueryResult<Vec<Known>> {
    let rows: Vec<Row> = diesel::sql_query(format!(
        "SELECT id, name, email, custom_id, status FROM employees \
         WHERE company_id = $1 {condition} ORDER BY id LIMIT $3"
    ))
    .bind::<BigInt, _>(company.0)
    .bind::<BigInt, _>(id)
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    Ok(rows.into_iter().map(Known::from).collect())
}

/// Makes an employee.
pub fn create(
    connection: &mut PgConnection,
    company: CompanyId,
    profile: &Profile,
) -> Made<EmployeeProblem> {
    // A form that is sent twice finds what it asks for.
    if is_there(connection, company, profile)? {
        return Ok(Ok(None));
    }
    if let Some(problem) = taken(connection, company, profile, None)? {
        return Ok(Err(problem));
    }
    let id: i64 = diesel::insert_into(employees::table)
        .values(values(company, profile))
        .returning(employees::id)
        .get_result(connection)?;
    Ok(Ok(Some(Edit {
        action: "employee.created",
        subject: subject(profile),
        id,
        before: None,
        after: Some(in_json(profile)),
    })))
}

/// Whether an employee has exactly this profile.
fn is_there(
    connection: &mut PgConnection,
    company: CompanyId,
    profile: &Profile,
) -> QueryResult<bool> {
    let same = employees::table
        .filter(employees::company_id.eq(company.0))
        .filter(employees::email.is_not_distinct_from(&profile.email))
        .filter(employees::custom_id.is_not_distinct_from(&profile.custom_id))
        .filter(employees::name.eq(&profile.name))
        .filter(employees::status.eq(profile.status.number()));
    diesel::select(diesel::dsl::exists(same)).get_result(connection)
}

/// Changes an employee's profile; `action` says how.
pub fn update(
    connection: &mut PgConnection,
    company: CompanyId,
    id: i64,
    action: &'static str,
    change: impl FnOnce(&mut Profile),
) -> Made<EmployeeProblem> {
    let Some(before) = find(connection, company, id)?.map(|known| known.profile) else {
        return Ok(Err(EmployeeProblem::Gone));
    };
    let mut after = before.clone();
    change(&mut after);
    if before == after {
        return Ok(Ok(None));
    }
    if let Some(problem) = taken(connection, company, &after, Some(id))? {
        return Ok(Err(problem));
    }
    write_changes(
        connection,
        company,
        &[Changed {
            line: 0,
            id,
            before: before.clone(),
            after: after.clone(),
        }],
    )?;
    Ok(Ok(Some(Edit {
        action,
        subject: subject(&after),
        id,
        before: Some(in_json(&before)),
        after: Some(in_json(&after)),
    })))
}

fn taken(
    connection: &mut PgConnection,
    company: CompanyId,
    profile: &Profile,
    own: Option<i64>,
) -> QueryResult<Option<EmployeeProblem>> {
    let others = || {
        employees::table
            .filter(employees::company_id.eq(company.0))
            .filter(employees::id.ne(own.unwrap_or(0)))
            .select(employees::name)
    };
    if let Some(address) = &profile.email {
        let folded = email::fold(address).into_owned();
        let other: Option<String> = others()
            .filter(employees::email_folded.eq(folded))
            .first(connection)
            .optional()?;
        if let Some(name) = other {
            return Ok(Some(EmployeeProblem::EmailTaken(name)));
        }
    }
    if let Some(custom_id) = &profile.custom_id {
        let other: Option<String> = others()
            .filter(employees::custom_id.eq(custom_id))
            .first(connection)
            .optional()?;
        return Ok(other.map(EmployeeProblem::CustomIdTaken));
    }
    Ok(None)
}

/// Does what a file says: all of it, in the transaction of the caller. The plan was made in the same
/// transaction, so nothing in it is taken meanwhile.
pub fn import(
    connection: &mut PgConnection,
    company: CompanyId,
    plan: &Plan,
    file_name: &str,
) -> Made<EmployeeProblem> {
    if plan.new.is_empty() && plan.changed.is_empty() {
        return Ok(Ok(None));
    }
    write_changes(connection, company, &plan.changed)?;
    for chunk in plan.new.chunks(ROWS_PER_STATEMENT) {
        let rows: Vec<_> = chunk.iter().map(|(_, p)| values(company, p)).collect();
        diesel::insert_into(employees::table)
            .values(rows)
            .execute(connection)?;
    }
    let mut after = json!(plan.refused());
    after["new"] = json!(plan.new.len());
    after["changed"] = json!(plan.changed.len());
    Ok(Ok(Some(Edit {
        action: "employee.imported",
        subject: file_name.to_owned(),
        id: 0,
        before: None,
        after: Some(after),
    })))
}

/// Writes changed profiles. E-mails and custom ids are taken away first: two people may have
/// exchanged theirs.
fn write_changes(
    connection: &mut PgConnection,
    company: CompanyId,
    changed: &[Changed],
) -> QueryResult<()> {
    if changed.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = changed.iter().map(|c| c.id).collect();
    diesel::sql_query(
        "UPDATE employees SET email = NULL, email_folded = NULL, custom_id = chr(1) || id::text \
         WHERE company_id = $1 AND id = ANY($2)",
    )
    .bind::<BigInt, _>(company.0)
    .bind::<Array<BigInt>, _>(&ids)
    .execute(connection)?;
    let after = || changed.iter().map(|c| &c.after);
    let emails: Vec<Option<&str>> = after().map(|p| p.email.as_deref()).collect();
    let folded: Vec<Option<String>> = after()
        .map(|p| p.email.as_deref().map(|a| email::fold(a).into_owned()))
        .collect();
    let custom_ids: Vec<Option<&str>> = after().map(|p| p.custom_id.as_deref()).collect();
    let names: Vec<&str> = after().map(|p| p.name.as_str()).collect();
    let statuses: Vec<i16> = after().map(|p| p.status.number()).collect();
    diesel::sql_query(
        "UPDATE employees AS e \
         SET email = c.email, email_folded = c.folded, custom_id = c.custom_id, name = c.name, \
             status = c.status \
         FROM unnest($2, $3, $4, $5, $6, $7) AS c (id, email, folded, custom_id, name, status) \
         WHERE e.company_id = $1 AND e.id = c.id",
    )
    .bind::<BigInt, _>(company.0)
    .bind::<Array<BigInt>, _>(&ids)
    .bind::<Array<Nullable<Text>>, _>(&emails)
    .bind::<Array<Nullable<Text>>, _>(&folded)
    .bind::<Array<Nullable<Text>>, _>(&custom_ids)
    .bind::<Array<Text>, _>(&names)
    .bind::<Array<SmallInt>, _>(&statuses)
    .execute(connection)
    .map(|_| ())
}

type Values<'p> = (
    diesel::dsl::Eq<employees::company_id, i64>,
    diesel::dsl::Eq<employees::email, Option<&'p str>>,
    diesel::dsl::Eq<employees::email_folded, Option<String>>,
    diesel::dsl::Eq<employees::custom_id, Option<&'p str>>,
    diesel::dsl::Eq<employees::name, &'p str>,
    diesel::dsl::Eq<employees::status, i16>,
);

fn values(company: CompanyId, profile: &Profile) -> Values<'_> {
    let address = profile.email.as_deref();
    (
        employees::company_id.eq(company.0),
        employees::email.eq(address),
        employees::email_folded.eq(address.map(|a| email::fold(a).into_owned())),
        employees::custom_id.eq(profile.custom_id.as_deref()),
        employees::name.eq(profile.name.as_str()),
        employees::status.eq(profile.status.number()),
    )
}

/// How the audit log names an employee.
fn subject(profile: &Profile) -> String {
    let named = profile.email.as_ref().or(profile.custom_id.as_ref());
    named.unwrap_or(&profile.name).clone()
}

fn in_json(profile: &Profile) -> Value {
    json!({
        "name": profile.name,
        "email": profile.email,
        "custom_id": profile.custom_id,
        "status": profile.status.as_str(),
    })
}

/// A file that was sent in and waits to be saved.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = employee_imports)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct Import {
    pub company_id: i64,
    pub id: Uuid,
    pub user_id: i64,
    pub made_at: DateTime<Utc>,
    pub settings_version: i64,
    pub file_name: String,
    pub content: String,
}

/// Keeps a file until it is saved.
pub fn keep(connection: &mut PgConnection, import: &Import) -> QueryResult<()> {
    diesel::insert_into(employee_imports::table)
        .values(import)
        .execute(connection)
        .map(|_| ())
}

/// A file that waits.
pub fn kept(
    connection: &mut PgConnection,
    company: CompanyId,
    id: Uuid,
) -> QueryResult<Option<Import>> {
    employee_imports::table
        .find((company.0, id))
        .select(Import::as_select())
        .first(connection)
        .optional()
}

/// Forgets a file.
pub fn forget(connection: &mut PgConnection, company: CompanyId, id: Uuid) -> QueryResult<()> {
    diesel::delete(employee_imports::table.find((company.0, id)))
        .execute(connection)
        .map(|_| ())
}
