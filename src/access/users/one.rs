//! One user: the role, signed out everywhere, disabled, let in again.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use diesel::result::Error as DieselError;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{HERE, entry, find, read_role, role_field, role_of, word};
use crate::clock::Clock;
use crate::domain::user::Role;
use crate::error::PageError;
use crate::store::users::{self, ListedUser};
use crate::store::{Store, StoreError, audit, sessions};
use crate::web::confirm::{ConfirmPage, Notice};
use crate::web::form::{Control, Field};
use crate::web::redirect::see_other;
use crate::web::shell::{Admin, Shell};
use crate::web::{flash, page};

/// One user.
#[derive(Template)]
#[template(path = "access/user.html")]
struct UserPage {
    shell: Shell,
    user: ListedUser,
    role: Field,
}

/// What became of a change.
enum Outcome {
    Done,
    AsItWas,
    LastAdmin,
    Gone,
}

/// `GET /settings/users/{id}`.
pub async fn show(
    Admin(shell): Admin,
    store: web::Data<Store>,
    id: web::Path<i64>,
) -> Result<HttpResponse, PageError> {
    let user = find(&store, &shell, *id).await?;
    page::show(&UserPage::new(shell, user, None))
}

/// What is chosen on a user's page.
#[derive(Debug, Deserialize)]
pub struct ChosenRole {
    #[serde(default)]
    role: String,
}

/// `POST /settings/users/{id}`: the role.
pub async fn save(
    Admin(shell): Admin,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
    session: Session,
    id: web::Path<i64>,
    chosen: web::Form<ChosenRole>,
) -> Result<HttpResponse, PageError> {
    let user = find(&store, &shell, *id).await?;
    let Some(role) = read_role(&chosen.role) else {
        let page = UserPage::new(shell, user, Some("Choose one."));
        return page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let outcome = change(
        &store,
        &shell,
        user.id,
        clock.now(),
        move |connection, user| {
            users::set_role(connection, user.id, role)?;
            let before = json!({"role": word(role_of(user))});
            Ok(("user.role_changed", before, json!({"role": word(role)})))
        },
        move |user| role_of(user) == role,
        role == Role::Support,
    )
    .await?;
    match outcome {
        Outcome::Gone => Err(PageError::NotFound),
        Outcome::LastAdmin => {
            let page = UserPage::new(shell, user, Some(LAST_ADMIN));
            page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Outcome::Done | Outcome::AsItWas => {
            let title = role.title().to_lowercase();
            flash::say(&session, &format!("{} is {title} now.", user.name))?;
            Ok(see_other(HERE))
        }
    }
}

const LAST_ADMIN: &str = "This is the last admin who can sign in: make another one first.";

/// `POST /settings/users/{id}/sign-out`: everywhere.
pub async fn sign_out(
    Admin(shell): Admin,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
    session: Session,
    id: web::Path<i64>,
) -> Result<HttpResponse, PageError> {
    let user = find(&store, &shell, *id).await?;
    let words = format!("{} is signed out everywhere.", user.name);
    let (company, now) = (shell.company.id, clock.now());
    let by = shell.operator.clone();
    store
        .write(company, move |connection| {
            sessions::end_all_of(connection, user.id)?;
            let entry = entry(&by, now, "user.signed_out", &user.email, None, None);
            Ok::<_, StoreError>(audit::add(connection, company, &entry)?)
        })
        .await?;
    flash::say(&session, &words)?;
    Ok(see_other(HERE))
}

/// `GET /settings/users/{id}/{verb}`.
pub async fn ask(
    Admin(shell): Admin,
    store: web::Data<Store>,
    path: web::Path<(i64, String)>,
) -> Result<HttpResponse, PageError> {
    let user = find(&store, &shell, path.0).await?;
    confirm(shell, &user, path.1 == "disabling").answer(false)
}

/// `POST /settings/users/{id}/{verb}`: disabled, or let in again.
pub async fn act(
    Admin(shell): Admin,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
    session: Session,
    path: web::Path<(i64, String)>,
) -> Result<HttpResponse, PageError> {
    let is_off = path.1 == "disabling";
    let user = find(&store, &shell, path.0).await?;
    let now = clock.now();
    let outcome = change(
        &store,
        &shell,
        user.id,
        now,
        move |connection, user| {
            let action = match is_off {
                true => {
                    users::disable(connection, user.id, now)?;
                    "user.disabled"
                }
                false => {
                    users::enable(connection, user.id)?;
                    "user.enabled"
                }
            };
            Ok((
                action,
                json!({"disabled": !is_off}),
                json!({"disabled": is_off}),
            ))
        },
        move |user| user.disabled_at.is_some() == is_off,
        is_off,
    )
    .await?;
    match outcome {
        Outcome::Gone => Err(PageError::NotFound),
        Outcome::LastAdmin => {
            let mut page = confirm(shell, &user, is_off);
            page.notices
                .insert(0, Notice::problem(LAST_ADMIN.to_owned()));
            page.answer(true)
        }
        Outcome::Done | Outcome::AsItWas => {
            let state = match is_off {
                true => "cannot sign in any more",
                false => "can sign in again",
            };
            flash::say(&session, &format!("{} {state}.", user.name))?;
            Ok(see_other(HERE))
        }
    }
}

fn confirm(shell: Shell, user: &ListedUser, is_off: bool) -> ConfirmPage {
    let name = &user.name;
    let (heading, sentence, button) = match is_off {
        true => (
            format!("Disable {name}?"),
            "All their sessions end at once, and they cannot sign in until they are let in again.",
            format!("Disable {name}"),
        ),
        false => (
            format!("Let {name} in again?"),
            "They can sign in with the password they had.",
            format!("Let {name} in again"),
        ),
    };
    ConfirmPage {
        shell,
        above: vec![
            ("Settings", "/settings".to_owned()),
            ("Users and roles", HERE.to_owned()),
        ],
        heading,
        sentence: sentence.to_owned(),
        notices: Vec::new(),
        button,
        is_danger: is_off,
        leave: (
            "Leave it as it is".to_owned(),
            format!("{HERE}/{}", user.id),
        ),
        hidden: Vec::new(),
    }
}

/// Changes a user under the lock of the admins: of two who leave at once, one is the last.
async fn change(
    store: &Store,
    shell: &Shell,
    id: i64,
    now: DateTime<Utc>,
    work: impl FnOnce(
        &mut PgConnection,
        &ListedUser,
    ) -> Result<(&'static str, Value, Value), DieselError>
    + Send
    + 'static,
    is_so: impl FnOnce(&ListedUser) -> bool + Send + 'static,
    takes_an_admin: bool,
) -> Result<Outcome, PageError> {
    let company = shell.company.id;
    let by = shell.operator.clone();
    let changed = store.write(company, move |connection| {
        let admins = users::lock_admins(connection, company)?;
        let Some(user) = users::find(connection, company, id)? else {
            return Ok(Outcome::Gone);
        };
        if is_so(&user) {
            return Ok(Outcome::AsItWas);
        }
        if takes_an_admin && admins == [id] {
            return Ok(Outcome::LastAdmin);
        }
        let (action, before, after) = work(connection, &user)?;
        let entry = entry(&by, now, action, &user.email, Some(before), Some(after));
        audit::add(connection, company, &entry)?;
        Ok::<_, StoreError>(Outcome::Done)
    });
    Ok(changed.await?)
}

impl UserPage {
    fn new(shell: Shell, user: ListedUser, problem: Option<&str>) -> Self {
        let mut role = role_field(word(role_of(&user)));
        role.problem = problem.map(str::to_owned);
        Self { shell, user, role }
    }
}
