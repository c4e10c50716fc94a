//! Users and roles: who may sign in, and as what. One is invited by a one-time link, which is also
//! the way back in for who forgot the password. The last admin cannot be locked out.

pub mod invite;
pub mod link;
pub mod one;

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::domain::user::Role;
use crate::error::PageError;
use crate::store::Store;
use crate::store::audit::Entry;
use crate::store::users::{self, ListedUser};
use crate::web::form::{Control, Field};
use crate::web::page;
use crate::web::shell::{Admin, Operator, Shell};

const HERE: &str = "/settings/users";

/// The list.
#[derive(Template)]
#[template(path = "access/users.html")]
struct UsersPage {
    shell: Shell,
    users: Vec<ListedUser>,
}

/// `GET /settings/users`.
pub async fn list(Admin(shell): Admin, store: web::Data<Store>) -> Result<HttpResponse, PageError> {
    let company = shell.company.id;
    let users = store
        .read(company, move |connection| {
            users::of_company(connection, company)
        })
        .await?;
    page::show(&UsersPage { shell, users })
}

impl UsersPage {
    fn is_self(&self, user: &ListedUser) -> bool {
        user.id == self.shell.operator.user_id
    }

    fn role(&self, user: &ListedUser) -> &'static str {
        role_of(user).title()
    }
}

async fn find(store: &Store, shell: &Shell, id: i64) -> Result<ListedUser, PageError> {
    let company = shell.company.id;
    let found = store
        .read(company, move |connection| {
            users::find(connection, company, id)
        })
        .await?;
    found.ok_or(PageError::NotFound)
}

fn role_of(user: &ListedUser) -> Role {
    Role::from_number(user.role).unwrap_or(Role::Support)
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::Support => "support",
    }
}

fn read_role(text: &str) -> Option<Role> {
    Role::ALL.into_iter().find(|role| word(*role) == text)
}

fn role_field(role: &str) -> Field {
    let roles = [
        (Role::Admin, "Admin: sees and changes everything"),
        (Role::Support, "Support: looks, changes nothing"),
    ];
    let roles = roles.map(|(role, words)| (word(role).to_owned(), words.to_owned()));
    Field::text("role", "Role", role).typed(Control::Select(roles.into()))
}

fn entry<'a>(
    by: &'a Operator,
    at: DateTime<Utc>,
    action: &'a str,
    subject: &'a str,
    before: Option<Value>,
    after: Option<Value>,
) -> Entry<'a> {
    Entry {
        at,
        user_id: Some(by.user_id),
        actor: &by.name,
        action,
        subject,
        before,
        after,
        settings_version: None,
    }
}
