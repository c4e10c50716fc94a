//! Signing in and out. An unknown user, a disabled one, one without a password and a wrong password
//! get the same words after the same work.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;

use super::throttle::{self, Attempt, Purpose};
use super::{passwords, session};
use crate::clock::Clock;
use crate::error::PageError;
use crate::store::audit::{self, Entry};
use crate::store::users::{self, UserRow};
use crate::store::{Scope, Store, StoreError, sign_in_attempts};
use crate::web::page;
use crate::web::redirect::{LocalPath, see_other};
use crate::web::shell::Shell;
use crate::{blocking, context};

/// Where someone goes who came to sign in and nothing else.
const HOME: &str = "/";

/// What is typed into the form.
#[derive(Deserialize)]
pub struct Credentials {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    next: Option<String>,
}

/// Where to go on to.
#[derive(Debug, Deserialize)]
pub struct Next {
    next: Option<String>,
}

/// The form.
#[derive(Template)]
#[template(path = "access/sign_in.html")]
struct SignInPage {
    email: String,
    next: Option<String>,
    problem: Option<Problem>,
}

/// Why the form is shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Problem {
    NoEmail,
    NoPassword,
    DoNotMatch,
}

/// `GET /sign-in`; who is signed in goes on.
pub async fn show(
    shell: Option<Shell>,
    query: web::Query<Next>,
) -> Result<HttpResponse, PageError> {
    let next = local(query.into_inner().next);
    if shell.is_some() {
        return Ok(see_other(next.as_deref().unwrap_or(HOME)));
    }
    page::show(&SignInPage {
        email: String::new(),
        next,
        problem: None,
    })
}

/// `POST /sign-in`.
pub async fn sign_in(
    http: HttpRequest,
    session: Session,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
    form: web::Form<Credentials>,
) -> Result<HttpResponse, PageError> {
    let typed = form.into_inner();
    if let Some(problem) = typed.problem() {
        return again(typed, problem);
    }
    let address = context::client_address(&http);
    let attempt = throttle::begin(
        &store,
        Purpose::Password,
        &typed.email,
        address,
        clock.now(),
    )
    .await?;
    let user = find(&store, &typed.email).await?;
    let is_right = is_right(&typed, user.as_ref()).await?;
    match user {
        Some(user) if is_right && succeed(&store, &attempt, &user, clock.now()).await? => {
            session::begin(&session, user.id, user.password_hash())?;
            Ok(see_other(local(typed.next).as_deref().unwrap_or(HOME)))
        }
        user => {
            let now = clock.now();
            fail(&store, &attempt, now).await?;
            if let Some(user) = user {
                tell_the_company(store, attempt, user, now);
            }
            again(typed, Problem::DoNotMatch)
        }
    }
}

/// `POST /sign-out`.
pub async fn sign_out(session: Session) -> HttpResponse {
    session.purge();
    see_other("/sign-in")
}

impl Credentials {
    fn problem(&self) -> Option<Problem> {
        if self.email.trim().is_empty() {
            Some(Problem::NoEmail)
        } else if self.password.is_empty() {
            Some(Problem::NoPassword)
        } else {
            None
        }
    }
}

async fn find(store: &Store, email: &str) -> Result<Option<UserRow>, StoreError> {
    let email = email.to_owned();
    store
        .read(Scope::Installation, move |connection| {
            users::find_by_email(connection, &email)
        })
        .await
}

async fn is_right(typed: &Credentials, user: Option<&UserRow>) -> anyhow::Result<bool> {
    let password = typed.password.clone();
    let hash = user
        .filter(|user| user.disabled_at.is_none())
        .and_then(|user| user.password_hash.clone());
    blocking::run(move || passwords::verify(&password, hash.as_deref())).await
}

/// Notes that a user signed in; `false` when the password was changed or the user disabled while it
/// was checked.
async fn succeed(
    store: &Store,
    attempt: &Attempt,
    user: &UserRow,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let (attempt, user) = (attempt.clone(), user.clone());
    store
        .write(user.company(), move |connection| {
            if !users::is_current(connection, user.id, user.password_hash())? {
                return Ok(false);
            }
            sign_in_attempts::forget(connection, attempt.id)?;
            let entry = Entry {
                user_id: Some(user.id),
                actor: &user.name,
                ..entry("user.signed_in", &user, &attempt, now)
            };
            audit::add(connection, user.company(), &entry)?;
            Ok(true)
        })
        .await
}

/// Notes a failure, the same way whether or not there is such a user.
async fn fail(store: &Store, attempt: &Attempt, now: DateTime<Utc>) -> Result<(), StoreError> {
    let id = attempt.id;
    store
        .write(Scope::Installation, move |connection| {
            Ok(sign_in_attempts::failed(connection, id, now)?)
        })
        .await
}

/// Writes the failure to the audit log of the user's company. The answer does not wait for it: only
/// an existing user has a company, and the time that an answer takes must not tell.
fn tell_the_company(store: web::Data<Store>, attempt: Attempt, user: UserRow, now: DateTime<Utc>) {
    actix_web::rt::spawn(async move {
        let written = store.write(user.company(), move |connection| {
            let entry = entry("user.sign_in_failed", &user, &attempt, now);
            Ok::<_, StoreError>(audit::add(connection, user.company(), &entry)?)
        });
        if let Err(error) = written.await {
            let error = format!("{:#}", anyhow::anyhow!(error));
            tracing::error!(error, "a failed sign-in is not in the audit log");
        }
    });
}

/// An attempt with the account of `user`, by nobody knows whom.
fn entry<'a>(
    action: &'a str,
    user: &'a UserRow,
    attempt: &Attempt,
    now: DateTime<Utc>,
) -> Entry<'a> {
    Entry {
        at: now,
        user_id: None,
        actor: "not signed in",
        action,
        subject: &user.email,
        before: None,
        after: Some(json!({"address": attempt.address})),
        settings_version: None,
    }
}

fn again(typed: Credentials, problem: Problem) -> Result<HttpResponse, PageError> {
    let page = SignInPage {
        email: typed.email.trim().to_owned(),
        next: local(typed.next),
        problem: Some(problem),
    };
    page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

fn local(next: Option<String>) -> Option<String> {
    let path = LocalPath::parse(&next?)?;
    Some(path.as_str().to_owned())
}

impl SignInPage {
    fn email_problem(&self) -> Option<&'static str> {
        (self.problem == Some(Problem::NoEmail)).then_some("Type the e-mail of your account.")
    }

    fn password_problem(&self) -> Option<&'static str> {
        (self.problem == Some(Problem::NoPassword)).then_some("Type your password.")
    }
}
