//! The settings pages: what the gear leads to. Every change goes through [`Settings::change`], so
//! that it has a version, an audit row, and holds from the next request on.

pub mod aliases;
pub mod audit_log;
pub mod company_info;
mod effect;
pub mod employees;
pub mod integrations;
pub mod keys;
pub mod labels;
pub mod test_mail;

use actix_session::Session;
use actix_web::{HttpResponse, web};
use askama::Template;
use diesel::PgConnection;
use serde::{Deserialize, Deserializer};

use crate::clock::Clock;
use crate::config::PublicUrl;
use crate::error::PageError;
use crate::mail::Mailer;
use crate::store::change::{self, Author, Made, Outcome, Overtaken, Thing};
use crate::store::settings::LiveSettings;
use crate::store::{Store, StoreError, companies};
use crate::web::format::{Moment, number};
use crate::web::redirect::{came_from, see_other};
use crate::web::shell::Shell;
use crate::web::{flash, page};

/// What the pages work on.
#[derive(Clone)]
pub struct Settings {
    /// The store.
    pub store: Store,
    /// The companies' settings in memory.
    pub live: LiveSettings,
    /// The way out for mail.
    pub mailer: Mailer,
    /// The time.
    pub clock: Clock,
    /// What links begin with.
    pub public_url: PublicUrl,
    /// How many days a request is kept.
    pub retention_days: u32,
}

/// What every form sends along: the version it was made from, and the way back.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Sent {
    #[serde(default, deserialize_with = "number_in_text")]
    version: i64,
    return_to: Option<String>,
}

/// Beside other fields everything arrives as text. What is no number is older than everything.
fn number_in_text<'de, D: Deserializer<'de>>(form: D) -> Result<i64, D::Error> {
    let text = String::deserialize(form)?;
    Ok(text.parse().unwrap_or(0))
}

/// Where the admin came from, as the address says it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct CameFrom {
    return_to: Option<String>,
}

impl Settings {
    /// Makes a change; see [`change::change`].
    async fn change<P, F>(
        &self,
        shell: &Shell,
        sent: &Sent,
        thing: Option<Thing>,
        work: F,
    ) -> Result<Outcome<P>, StoreError>
    where
        P: Send + 'static,
        F: FnOnce(&mut PgConnection) -> Made<P> + Send + 'static,
    {
        let author = Author {
            user_id: shell.operator.user_id,
            name: shell.operator.name.clone(),
            at: self.clock.now(),
            seen: sent.version,
        };
        let company = shell.company.id;
        change::change(&self.store, &self.live, company, author, thing, work).await
    }

    /// The version that a form made now begins from.
    async fn version(&self, shell: &Shell) -> Result<i64, PageError> {
        let company = shell.company.id;
        let read = self.store.read(company, move |connection| {
            Ok(companies::find(connection, company)?.settings_version)
        });
        Ok(read.await?)
    }

    /// What is said to whoever was too late.
    fn overtaken(&self, shell: &Shell, overtaken: &Overtaken) -> String {
        let at = Moment::new(overtaken.at, shell.company.zone).in_words(self.clock.now());
        let who = match overtaken.actor == shell.operator.name {
            true => "You",
            false => &overtaken.actor,
        };
        format!("{who} changed this at {at}, after this page was made. Nothing was saved.")
    }
}

impl Sent {
    /// A page made now, from this version.
    fn new(version: i64, from: Option<&str>) -> Self {
        Self {
            version,
            return_to: came_from(from),
        }
    }

    /// The way back, when there is one and it is here.
    fn back(&self) -> Option<String> {
        came_from(self.return_to.as_deref())
    }

    /// What the form sends along.
    fn hidden(&self) -> Vec<(&'static str, String)> {
        let version = ("version", self.version.to_string());
        let back = self.back().map(|path| ("return_to", path));
        [version].into_iter().chain(back).collect()
    }
}

/// Says what was done on the page that the admin came from, or on this one's list.
fn done(
    session: &Session,
    sent: &Sent,
    list: &str,
    words: &str,
) -> Result<HttpResponse, PageError> {
    flash::say(session, words)?;
    Ok(see_other(sent.back().as_deref().unwrap_or(list)))
}

/// What the gear leads to.
#[derive(Template)]
#[template(path = "settings/index.html")]
struct IndexPage {
    shell: Shell,
    employees: String,
}

/// `GET /settings`.
pub async fn index(shell: Shell, settings: web::Data<Settings>) -> Result<HttpResponse, PageError> {
    let company = shell.company.id;
    let counts = settings
        .store
        .read(company, move |connection| {
            crate::store::employees::counts(connection, company)
        })
        .await?;
    let words: Vec<String> = counts
        .iter()
        .map(|(status, count)| format!("{} {}", number(*count), status.title().to_lowercase()))
        .collect();
    let employees = match words.is_empty() {
        true => "Whom requests may be about: nobody yet.".to_owned(),
        false => format!("Whom requests may be about: {}.", words.join(", ")),
    };
    page::show(&IndexPage { shell, employees })
}

impl IndexPage {
    fn about_integrations(&self) -> &'static str {
        match self.shell.operator.is_admin() {
            true => "API Status Page, keys, e-mails, and which channels are integrated.",
            false => "API Status Page, e-mails, and which channels are integrated.",
        }
    }
}
