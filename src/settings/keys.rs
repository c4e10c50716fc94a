//! The keys by which senders are known: one is made and shown once, or revoked. Several of an
//! environment may live side by side, so that a sender changes over without a refused request.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::effect::{self, a_day};
use super::{CameFrom, Sent, Settings, done};
use crate::domain::api_key::ApiKey;
use crate::domain::request::Environment;
use crate::error::PageError;
use crate::store::api_keys::{self, KeyRow};
use crate::store::change::{Outcome, Thing};
use crate::web::confirm::{ConfirmPage, Notice};
use crate::web::form::{self, Control, Field, Problems};
use crate::web::page;
use crate::web::shell::{Admin, Shell};

const LIST: &str = "/settings/integrations#keys";

/// The form to make one.
#[derive(Template)]
#[template(path = "settings/key_new.html")]
struct NewKeyPage {
    shell: Shell,
    alert: Option<String>,
    fields: Vec<Field>,
    hidden: Vec<(&'static str, String)>,
}

/// A new key, this once.
#[derive(Template)]
#[template(path = "settings/key_made.html")]
struct MadeKeyPage {
    shell: Shell,
    name: String,
    environment: Environment,
    key: String,
    curl: String,
}

/// What is typed.
#[derive(Debug, Default, Deserialize)]
pub struct Typed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    environment: String,
    #[serde(flatten)]
    sent: Sent,
}

/// `GET /settings/integrations/keys/new`.
pub async fn new(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
) -> Result<HttpResponse, PageError> {
    let typed = Typed {
        environment: Environment::Test.as_str().to_owned(),
        sent: Sent::new(settings.version(&shell).await?, None),
        ..Typed::default()
    };
    page::show(&NewKeyPage::new(shell, &typed, &Problems::default()))
}

/// `POST /settings/integrations/keys/new`.
pub async fn create(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    typed: web::Form<Typed>,
) -> Result<HttpResponse, PageError> {
    let (name, environment) = match typed.judge() {
        Ok(judged) => judged,
        Err(problems) => {
            let page = NewKeyPage::new(shell, &typed, &problems);
            return page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let key = ApiKey::generate(environment, &mut rand::rng());
    let (company, now) = (shell.company.id, settings.clock.now());
    let (made, kept) = (name.clone(), key.clone());
    // Any other key made since: the form was sent twice, and the first answer shows the key.
    let thing = Thing {
        noun: "api_key",
        id: None,
    };
    let outcome = settings
        .change(&shell, &typed.sent, Some(thing), move |connection| {
            api_keys::make(connection, company, environment, &made, &kept, now)
        })
        .await?;
    match outcome {
        Outcome::Saved(_) => page::show(&MadeKeyPage {
            curl: format!(
                "curl -i {} \\\n  -H 'x-api-key: {}' \\\n  -H 'content-type: application/json' \\\n  -d '{{\"channel\": \"email\"}}'",
                settings.public_url.join("/v1/requests"),
                key.expose(),
            ),
            shell,
            name,
            environment,
            key: key.expose().to_owned(),
        }),
        Outcome::Overtaken(other) => {
            let words = settings.overtaken(&shell, &other);
            let typed = Typed {
                name,
                environment: environment.as_str().to_owned(),
                sent: Sent::new(settings.version(&shell).await?, None),
            };
            let mut page = NewKeyPage::new(shell, &typed, &Problems::default());
            page.alert = Some(format!(
                "{words} Look at the list of keys: if yours is among them and you did not copy it, revoke it and make another here."
            ));
            page::show_with(StatusCode::CONFLICT, &page)
        }
        Outcome::AsItWas | Outcome::Refused(()) => Err(PageError::NotFound),
    }
}

impl Typed {
    fn judge(&self) -> Result<(String, Environment), Problems> {
        let mut problems = Problems::default();
        let name = form::name(&self.name).unwrap_or_else(|_| {
            problems.add("name", "Type who will use it, such as Zendesk.");
            String::new()
        });
        let environment = self.environment.parse().unwrap_or_else(|()| {
            problems.add("environment", "Choose one.");
            Environment::Test
        });
        problems.or((name, environment))
    }
}

impl NewKeyPage {
    fn new(shell: Shell, typed: &Typed, problems: &Problems) -> Self {
        let environments = Environment::ALL.map(|environment| {
            let about = match environment {
                Environment::Test => "Test: asks no customer",
                Environment::Production => "Production: real traffic",
            };
            (environment.as_str().to_owned(), about.to_owned())
        });
        let fields = [
            Field::text("name", "Name", &typed.name).hint("Who uses it, such as Zendesk."),
            Field::text("environment", "Environment", &typed.environment)
                .typed(Control::Select(environments.into()))
                .hint("The key alone decides the environment of a request."),
        ];
        Self {
            shell,
            alert: None,
            fields: fields.into_iter().map(|f| f.with(problems)).collect(),
            hidden: typed.sent.hidden(),
        }
    }
}

/// `GET /settings/integrations/keys/{id}/revocation`.
pub async fn ask(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    id: web::Path<i64>,
    from: web::Query<CameFrom>,
) -> Result<HttpResponse, PageError> {
    let key = find(&settings, &shell, *id).await?;
    let version = settings.version(&shell).await?;
    let sent = Sent::new(version, from.return_to.as_deref());
    confirm(&settings, shell, &key, &sent).await?.answer(false)
}

/// `POST /settings/integrations/keys/{id}/revocation`. Revoking twice is revoking once.
pub async fn revoke(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    session: Session,
    id: web::Path<i64>,
    sent: web::Form<Sent>,
) -> Result<HttpResponse, PageError> {
    let key = find(&settings, &shell, *id).await?;
    let (company, id, now) = (shell.company.id, key.id, settings.clock.now());
    let outcome = settings
        .change(&shell, &sent, None, move |connection| {
            api_keys::revoke(connection, company, id, now)
        })
        .await?;
    match outcome {
        Outcome::Saved(_) | Outcome::AsItWas => {
            let words = format!("The key {} is revoked.", key.title());
            done(&session, &sent, LIST, &words)
        }
        Outcome::Overtaken(_) | Outcome::Refused(()) => Err(PageError::NotFound),
    }
}

async fn confirm(
    settings: &Settings,
    shell: Shell,
    key: &KeyRow,
    sent: &Sent,
) -> Result<ConfirmPage, PageError> {
    let calls = effect::of_key(settings, shell.company.id, key.id).await?;
    let notice = match calls {
        0 => Notice::info("No request of the last seven days came with this key."),
        calls => Notice {
            tone: "sender",
            icon: "warning",
            strong: format!("This would refuse {}.", a_day(calls)),
            words: "Give the sender another key first: two may live side by side.".to_owned(),
            source: Some("From the requests of the last seven days."),
        },
    };
    Ok(ConfirmPage {
        shell,
        above: vec![
            ("Settings", "/settings".to_owned()),
            ("Integrations", "/settings/integrations".to_owned()),
        ],
        heading: format!("Revoke {}?", key.title()),
        sentence: "Calls with it are answered 403 and not stored from the next one on. It cannot be taken back.".to_owned(),
        notices: vec![notice],
        button: format!("Revoke {}", key.title()),
        is_danger: true,
        leave: ("Leave it live".to_owned(), LIST.to_owned()),
        hidden: sent.hidden(),
    })
}

async fn find(settings: &Settings, shell: &Shell, id: i64) -> Result<KeyRow, PageError> {
    let company = shell.company.id;
    let keys = settings
        .store
        .read(company, move |connection| {
            api_keys::of_company(connection, company)
        })
        .await?;
    let mut keys = keys.into_iter();
    keys.find(|key| key.id == id).ok_or(PageError::NotFound)
}
