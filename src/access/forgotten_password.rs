//! A forgotten password: a one-time link by mail to whoever has an account. An unknown user, a
//! disabled one and one with an account get the same words after the same work.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::json;

use super::link_mail::{self, Occasion};
use super::password_link;
use super::throttle::{self, Attempt, Purpose};
use crate::clock::Clock;
use crate::config::PublicUrl;
use crate::context;
use crate::error::PageError;
use crate::mail::{IN_THE_BACKGROUND, Letter, Mailer};
use crate::store::audit::{self, Entry};
use crate::store::{Scope, Store, StoreError, companies, users};
use crate::web::form::{Control, Field, Problems};
use crate::web::page;
use crate::web::redirect::see_other;

/// For so long a link works that anybody may ask for.
const TIME_TO_LIVE: TimeDelta = TimeDelta::hours(1);

/// The form, or that there is none.
#[derive(Template)]
#[template(path = "access/forgotten_password.html")]
struct ForgottenPage {
    /// `None` where no mail is sent.
    field: Option<Field>,
}

/// What is said afterwards, whoever asked.
#[derive(Template)]
#[template(path = "access/link_sent.html")]
struct LinkSentPage;

/// What is typed.
#[derive(Deserialize)]
pub struct Typed {
    #[serde(default)]
    email: String,
}

/// `GET /forgotten-password`.
pub async fn show(mailer: web::Data<Mailer>) -> Result<HttpResponse, PageError> {
    page::show(&ForgottenPage::new(&mailer, "", &Problems::default()))
}

/// `POST /forgotten-password`. The answer waits for nothing that is done only for a user.
pub async fn ask(
    http: HttpRequest,
    store: web::Data<Store>,
    mailer: web::Data<Mailer>,
    clock: web::Data<Clock>,
    public_url: web::Data<PublicUrl>,
    typed: web::Form<Typed>,
) -> Result<HttpResponse, PageError> {
    let email = typed.into_inner().email.trim().to_owned();
    if email.is_empty() || !mailer.is_set_up() {
        let problems = Problems::one("email", "Type the e-mail of your account.");
        let page = ForgottenPage::new(&mailer, &email, &problems);
        return page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let (address, now) = (context::client_address(&http), clock.now());
    let attempt = throttle::begin(&store, Purpose::Link, &email, address, now).await?;
    actix_web::rt::spawn(async move {
        match write_letter(&store, &public_url, email, attempt, now).await {
            Ok(None) => {}
            Ok(Some(letter)) => {
                if let Err(error) = mailer.send(letter, IN_THE_BACKGROUND).await {
                    let reason = error.in_short();
                    tracing::error!("a link for a forgotten password was not sent: {reason}");
                }
            }
            Err(error) => {
                let error = format!("{:#}", anyhow::Error::from(error));
                tracing::error!(error, "a link for a forgotten password was not made");
            }
        }
    });
    Ok(see_other("/forgotten-password/sent"))
}

/// `GET /forgotten-password/sent`.
pub async fn sent() -> Result<HttpResponse, PageError> {
    page::show(&LinkSentPage)
}

/// Makes a link for whoever has this e-mail and may sign in.
async fn write_letter(
    store: &Store,
    public_url: &PublicUrl,
    email: String,
    attempt: Attempt,
    now: DateTime<Utc>,
) -> Result<Option<Letter>, StoreError> {
    let found = store
        .read(Scope::Installation, move |connection| {
            users::find_by_email(connection, &email)
        })
        .await?;
    let Some(user) = found.filter(|user| user.disabled_at.is_none()) else {
        return Ok(None);
    };
    let id = user.id;
    let (user, company, path) = store
        .write(user.company(), move |connection| {
            let entry = Entry {
                at: now,
                user_id: None,
                actor: "not signed in",
                action: "user.link_asked_for",
                subject: &user.email,
                before: None,
                after: Some(json!({"address": attempt.address})),
                settings_version: None,
            };
            audit::add(connection, user.company(), &entry)?;
            let company = companies::find(connection, user.company())?;
            let path = password_link::make(connection, id, now, TIME_TO_LIVE)?;
            Ok::<_, StoreError>((user, company, path))
        })
        .await?;
    let zone = company.zone();
    let link = link_mail::Link {
        url: public_url.join(&path),
        ends_at: now + TIME_TO_LIVE,
        zone,
    };
    let letter = link_mail::letter(Occasion::Forgotten, &user.email, &company.name, &link, now);
    Ok(Some(letter))
}

impl ForgottenPage {
    fn new(mailer: &Mailer, email: &str, problems: &Problems) -> Self {
        let field = Field::text("email", "E-mail", email)
            .typed(Control::Email)
            .with(problems);
        Self {
            field: mailer.is_set_up().then_some(field),
        }
    }
}
