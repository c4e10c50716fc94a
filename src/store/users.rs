//! The people who sign in, and the one-time links by which they choose a password.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::companies::CompanyRow;
use super::schema::{companies, password_links, users};
use super::sessions;
use crate::domain::company::CompanyId;
use crate::domain::email;
use crate::domain::user::Role;

/// A user to be made; without a password until one is chosen by a link.
#[derive(Debug, Clone)]
pub struct NewUser<'a> {
    /// What they sign in with; unique in the installation.
    pub email: &'a str,
    /// As shown to people.
    pub name: &'a str,
    /// What they may do.
    pub role: Role,
}

/// A user's own row. Not `Debug`: it holds the hash.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = users)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct UserRow {
    pub id: i64,
    pub company_id: i64,
    pub email: String,
    pub name: String,
    pub role: i16,
    pub password_hash: Option<String>,
    pub disabled_at: Option<DateTime<Utc>>,
}

impl UserRow {
    /// The only company whose data they see.
    pub fn company(&self) -> CompanyId {
        CompanyId(self.company_id)
    }

    /// The hash of their password; empty, as no hash is, before one was chosen.
    pub fn password_hash(&self) -> &str {
        self.password_hash.as_deref().unwrap_or_default()
    }

    /// What they may do; the lesser role for a number that this version does not know.
    pub fn role(&self) -> Role {
        Role::from_number(self.role).unwrap_or(Role::Support)
    }
}

/// Makes a user and returns the id; a unique violation when the e-mail is taken.
pub fn create(
    connection: &mut PgConnection,
    company: CompanyId,
    user: NewUser<'_>,
    now: DateTime<Utc>,
) -> QueryResult<i64> {
    diesel::insert_into(users::table)
        .values((
            users::company_id.eq(company.0),
            users::email.eq(user.email.trim()),
            users::email_folded.eq(email::fold(user.email)),
            users::name.eq(user.name.trim()),
            users::role.eq(user.role.number()),
            users::created_at.eq(now),
        ))
        .returning(users::id)
        .get_result(connection)
}

/// The user with this e-mail, disabled or not. Anything may be asked for: a NUL, which Postgres takes
/// in no text, becomes a space, which no e-mail has, so that the question is asked all the same.
pub fn find_by_email(connection: &mut PgConnection, address: &str) -> QueryResult<Option<UserRow>> {
    let folded = email::fold(address).replace('\0', " ");
    users::table
        .filter(users::email_folded.eq(folded))
        .select(UserRow::as_select())
        .first(connection)
        .optional()
}

/// The user and the company, unless the user is disabled.
pub fn with_company(
    connection: &mut PgConnection,
    user_id: i64,
) -> QueryResult<Option<(UserRow, CompanyRow)>> {
    users::table
        .inner_join(companies::table)
        .filter(users::id.eq(user_id))
        .filter(users::disabled_at.is_null())
        .select((UserRow::as_select(), CompanyRow::as_select()))
        .first(connection)
        .optional()
}

/// Locks the user's row and says whether they may still sign in with the password of this hash: it
/// takes a while to check one, and meanwhile another may have been chosen.
pub fn is_current(
    connection: &mut PgConnection,
    user_id: i64,
    password_hash: &str,
) -> QueryResult<bool> {
    let row = users::table
        .filter(users::id.eq(user_id))
        .filter(users::disabled_at.is_null())
        .filter(users::password_hash.eq(password_hash))
        .select(users::id)
        .for_no_key_update()
        .first::<i64>(connection);
    Ok(row.optional()?.is_some())
}

/// Sets the password. All sessions of the user end, and all links are used up.
pub fn set_password(
    connection: &mut PgConnection,
    user_id: i64,
    password_hash: &str,
) -> QueryResult<()> {
    diesel::update(users::table.find(user_id))
        .set(users::password_hash.eq(password_hash))
        .execute(connection)?;
    give_up_access(connection, user_id)
}

/// Keeps the user from signing in; all sessions end, and all links are used up: who is let in again has
/// the password of before.
pub fn disable(connection: &mut PgConnection, user_id: i64, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(users::table.find(user_id))
        .set(users::disabled_at.eq(now))
        .execute(connection)?;
    give_up_access(connection, user_id)
}

fn give_up_access(connection: &mut PgConnection, user_id: i64) -> QueryResult<()> {
    diesel::delete(password_links::table.filter(password_links::user_id.eq(user_id)))
        .execute(connection)?;
    sessions::end_all_of(connection, user_id)
}

/// Keeps a link by which the user chooses a password, by its token's hash.
pub fn add_link(
    connection: &mut PgConnection,
    user_id: i64,
    token_hash: &[u8],
    expires_at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(password_links::table)
        .values((
            password_links::token_hash.eq(token_hash),
            password_links::user_id.eq(user_id),
            password_links::expires_at.eq(expires_at),
        ))
        .execute(connection)
        .map(|_| ())
}

/// Whose password a link sets, and until when; `None` when it was used, expired or invented, or
/// when the user is disabled.
pub fn of_link(
    connection: &mut PgConnection,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> QueryResult<Option<(UserRow, CompanyRow, DateTime<Utc>)>> {
    password_links::table
        .inner_join(users::table.inner_join(companies::table))
        .filter(password_links::token_hash.eq(token_hash))
        .filter(password_links::expires_at.gt(now))
        .filter(users::disabled_at.is_null())
        .select((
            UserRow::as_select(),
            CompanyRow::as_select(),
            password_links::expires_at,
        ))
        .first(connection)
        .optional()
}

/// Uses a link of a user up. Of two that do so at once one gets `true`. The user's row is locked first,
/// as it is by whoever else changes the password, so that they never wait for each other.
pub fn use_link(
    connection: &mut PgConnection,
    user_id: i64,
    token_hash: &[u8],
) -> QueryResult<bool> {
    users::table
        .find(user_id)
        .select(users::id)
        .for_no_key_update()
        .execute(connection)?;
    diesel::delete(password_links::table.find(token_hash))
        .execute(connection)
        .map(|deleted| deleted == 1)
}

/// A user as the list shows them.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = users)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct ListedUser {
    pub id: i64,
    pub email: String,
    pub name: String,
    pub role: i16,
    pub disabled_at: Option<DateTime<Utc>>,
    #[diesel(select_expression = users::password_hash.is_not_null())]
    pub has_password: bool,
}

/// The users of a company by name, those who can sign in first.
pub fn of_company(
    connection: &mut PgConnection,
    company: CompanyId,
) -> QueryResult<Vec<ListedUser>> {
    users::table
        .filter(users::company_id.eq(company.0))
        .order((
            users::disabled_at.asc().nulls_first(),
            users::name,
            users::id,
        ))
        .select(ListedUser::as_select())
        .load(connection)
}

/// A user of a company.
pub fn find(
    connection: &mut PgConnection,
    company: CompanyId,
    id: i64,
) -> QueryResult<Option<ListedUser>> {
    users::table
        .filter(users::company_id.eq(company.0))
        .filter(users::id.eq(id))
        .select(ListedUser::as_select())
        .first(connection)
        .optional()
}

/// Locks the admins of a company who can sign in and returns their ids: of two who leave at once,
/// one is the last.
pub fn lock_admins(connection: &mut PgConnection, company: CompanyId) -> QueryResult<Vec<i64>> {
    users::table
        .filter(users::company_id.eq(company.0))
        .filter(users::role.eq(Role::Admin.number()))
        .filter(users::disabled_at.is_null())
        .filter(users::password_hash.is_not_null())
        .order(users::id)
        .select(users::id)
        .for_update()
        .load(connection)
}

/// Gives a user another role.
pub fn set_role(connection: &mut PgConnection, user_id: i64, role: Role) -> QueryResult<()> {
    diesel::update(users::table.find(user_id))
        .set(users::role.eq(role.number()))
        .execute(connection)
        .map(|_| ())
}

/// Lets a disabled user sign in again.
pub fn enable(connection: &mut PgConnection, user_id: i64) -> QueryResult<()> {
    diesel::update(users::table.find(user_id))
        .set(users::disabled_at.eq(None::<DateTime<Utc>>))
        .execute(connection)
        .map(|_| ())
}
