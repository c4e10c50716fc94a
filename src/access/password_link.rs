//! One-time links: the only way to choose a password. An admin or a command makes one; it works
//! once and for a limited time, ends all sessions of the user, and signs them in.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::{PgConnection, QueryResult};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::passwords::{NewPassword, Weakness};
use super::session;
use crate::blocking;
use crate::clock::Clock;
use crate::error::PageError;
use crate::store::audit::{self, Entry};
use crate::store::companies::CompanyRow;
use crate::store::users::{self, UserRow};
use crate::store::{Scope, Store};
use crate::web::format::Moment;
use crate::web::page;
use crate::web::redirect::see_other;

/// How long a link works by default.
pub const TIME_TO_LIVE: TimeDelta = TimeDelta::hours(72);

/// Makes a link for a user and returns its path. Show it once, never log it.
pub fn make(
    connection: &mut PgConnection,
    user_id: i64,
    now: DateTime<Utc>,
    time_to_live: TimeDelta,
) -> QueryResult<String> {
    let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    users::add_link(connection, user_id, &hash(&token), now + time_to_live)?;
    Ok(format!("/password/{token}"))
}

/// What is typed into the form.
#[derive(Deserialize)]
pub struct Choice {
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

/// The form.
#[derive(Template)]
#[template(path = "access/password.html")]
struct PasswordPage {
    email: String,
    company: String,
    expires: String,
    problem: Option<Problem>,
}

/// Why the form is shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Problem {
    Weak(Weakness),
    NotTheSame,
}

/// A link that works.
struct Link {
    user: UserRow,
    company: CompanyRow,
    expires_at: DateTime<Utc>,
}

/// `GET /password/{token}`. Looking does not use the link up: mail programs look at links too.
pub async fn show(
    token: web::Path<String>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, PageError> {
    let link = open(&store, &token, clock.now()).await?;
    page::show(&PasswordPage::new(&link, None))
}

/// `POST /password/{token}`.
pub async fn choose(
    token: web::Path<String>,
    session: Session,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
    form: web::Form<Choice>,
) -> Result<HttpResponse, PageError> {
    let link = open(&store, &token, clock.now()).await?;
    let password = match form.into_inner().judge(&link.user) {
        Ok(password) => password,
        Err(problem) => {
            let page = PasswordPage::new(&link, Some(problem));
            return page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let hash = blocking::run(move || password.hash()).await??;
    let user_id = link.user.id;
    set_password(&store, &token, link.user, hash.clone(), clock.now()).await?;
    session::begin(&session, user_id, &hash)?;
    Ok(see_other("/"))
}

impl Choice {
    fn judge(self, user: &UserRow) -> Result<NewPassword, Problem> {
        let is_same = self.password == self.again;
        let password = NewPassword::choose(self.password, &user.email).map_err(Problem::Weak)?;
        is_same.then_some(password).ok_or(Problem::NotTheSame)
    }
}

async fn open(store: &Store, token: &str, now: DateTime<Utc>) -> Result<Link, PageError> {
    let hash = hash(token);
    let found = store
        .read(Scope::Installation, move |connection| {
            users::of_link(connection, &hash, now)
        })
        .await?;
    let (user, company, expires_at) = found.ok_or(PageError::LinkGone)?;
    Ok(Link {
        user,
        company,
        expires_at,
    })
}

async fn set_password(
    store: &Store,
    token: &str,
    user: UserRow,
    password_hash: String,
    now: DateTime<Utc>,
) -> Result<(), PageError> {
    let token_hash = hash(token);
    store
        .write(user.company(), move |connection| {
            if !users::use_link(connection, user.id, &token_hash)? {
                return Err(PageError::LinkGone);
            }
            users::set_password(connection, user.id, &password_hash)?;
            let entry = Entry {
                at: now,
                user_id: Some(user.id),
                actor: &user.name,
                action: "user.password_chosen",
                subject: &user.email,
                before: None,
                after: None,
                settings_version: None,
            };
            Ok(audit::add(connection, user.company(), &entry)?)
        })
        .await
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl PasswordPage {
    fn new(link: &Link, problem: Option<Problem>) -> Self {
        let zone = link.company.zone();
        let expires = Moment::new(link.expires_at, zone);
        Self {
            email: link.user.email.clone(),
            company: link.company.name.clone(),
            expires: format!("{} {}", expires.weekday(), crate::web::format::city(zone)),
            problem,
        }
    }

    fn password_problem(&self) -> Option<String> {
        match self.problem {
            Some(Problem::Weak(weakness)) => Some(weakness.words()),
            Some(Problem::NotTheSame) | None => None,
        }
    }

    fn again_problem(&self) -> Option<&'static str> {
        let is_other = self.problem == Some(Problem::NotTheSame);
        is_other.then_some("This is not the same as above. Type both again.")
    }
}
