//! One's own account: another password, and signing out everywhere.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::passwords::{self, NewPassword};
use super::session;
use super::throttle::{self, Attempt, Purpose};
use crate::clock::Clock;
use crate::error::PageError;
use crate::store::audit::{self, Entry};
use crate::store::users::{self, UserRow};
use crate::store::{Scope, Store, StoreError, sessions, sign_in_attempts};
use crate::web::form::{Control, Field, Problems};
use crate::web::redirect::see_other;
use crate::web::shell::Shell;
use crate::web::{flash, page};
use crate::{blocking, context};

/// The form.
#[derive(Template)]
#[template(path = "access/own_password.html")]
struct OwnPasswordPage {
    shell: Shell,
    fields: Vec<Field>,
}

/// What is typed.
#[derive(Deserialize)]
pub struct Typed {
    #[serde(default)]
    current: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

/// `GET /settings/password`.
pub async fn show(shell: Shell) -> Result<HttpResponse, PageError> {
    page::show(&OwnPasswordPage::new(shell, &Problems::default()))
}

/// `POST /settings/password`: all other sessions end.
pub async fn change(
    http: HttpRequest,
    shell: Shell,
    session: Session,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
    typed: web::Form<Typed>,
) -> Result<HttpResponse, PageError> {
    let typed = typed.into_inner();
    let again = |shell, problems| {
        let page = OwnPasswordPage::new(shell, &problems);
        page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
    };
    let email = shell.operator.email.clone();
    let is_same = typed.password == typed.again;
    let new = match NewPassword::choose(typed.password, &email) {
        Err(weakness) => return again(shell, Problems::one("password", weakness.words())),
        Ok(_) if !is_same => {
            let words = "This is not the same as above. Type both again.";
            return again(shell, Problems::one("again", words));
        }
        Ok(new) => new,
    };
    let address = context::client_address(&http);
    let attempt = throttle::begin(&store, Purpose::Password, &email, address, clock.now()).await?;
    let wanted = email.clone();
    let user = store
        .read(Scope::Installation, move |connection| {
            users::find_by_email(connection, &wanted)
        })
        .await?
        .ok_or(PageError::NotFound)?;
    let stored = user.password_hash.clone();
    let is_right =
        blocking::run(move || passwords::verify(&typed.current, stored.as_deref())).await?;
    let (id, now) = (user.id, clock.now());
    let hash = match is_right {
        true => set_password(&store, &attempt, user, new, now).await?,
        false => None,
    };
    let Some(hash) = hash else {
        store
            .write(Scope::Installation, move |connection| {
                Ok::<_, StoreError>(sign_in_attempts::failed(connection, attempt.id, now)?)
            })
            .await?;
        let words = "This is not your password.";
        return again(shell, Problems::one("current", words));
    };
    session::begin(&session, id, &hash)?;
    flash::say(
        &session,
        "The password is changed. You are signed out everywhere else.",
    )?;
    Ok(see_other("/settings"))
}

/// Sets the password and returns its hash; `None` when another was chosen while the one before was
/// checked.
async fn set_password(
    store: &Store,
    attempt: &Attempt,
    user: UserRow,
    new: NewPassword,
    now: DateTime<Utc>,
) -> Result<Option<String>, PageError> {
    let attempt = attempt.id;
    let hash = blocking::run(move || new.hash()).await??;
    let set = store.write(user.company(), move |connection| {
        // Users first, as when signing in, so that the two never wait for each other.
        if !users::is_current(connection, user.id, user.password_hash())? {
            return Ok(None);
        }
        users::set_password(connection, user.id, &hash)?;
        sign_in_attempts::forget(connection, attempt)?;
        let entry = Entry {
            at: now,
            user_id: Some(user.id),
            actor: &user.name,
            action: "user.password_changed",
            subject: &user.email,
            before: None,
            after: None,
            settings_version: None,
        };
        audit::add(connection, user.company(), &entry)?;
        Ok::<_, StoreError>(Some(hash))
    });
    Ok(set.await?)
}

/// `POST /settings/sign-out-everywhere`.
pub async fn sign_out_everywhere(
    shell: Shell,
    session: Session,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, PageError> {
    let (company, operator, now) = (shell.company.id, shell.operator, clock.now());
    store
        .write(company, move |connection| {
            sessions::end_all_of(connection, operator.user_id)?;
            let entry = Entry {
                at: now,
                user_id: Some(operator.user_id),
                actor: &operator.name,
                action: "user.signed_out",
                subject: &operator.email,
                before: None,
                after: None,
                settings_version: None,
            };
            Ok::<_, StoreError>(audit::add(connection, company, &entry)?)
        })
        .await?;
    session.purge();
    Ok(see_other("/sign-in"))
}

impl OwnPasswordPage {
    fn new(shell: Shell, problems: &Problems) -> Self {
        let password = |name, label, autocomplete| {
            Field::text(name, label, "").typed(Control::Password(autocomplete))
        };
        let fields = [
            password("current", "Your password now", "current-password"),
            password("password", "New password", "new-password")
                .hint("At least 12 characters. A few words are better than one strange one."),
            password("again", "The same again", "new-password"),
        ];
        Self {
            shell,
            fields: fields.into_iter().map(|f| f.with(problems)).collect(),
        }
    }
}
