//! How senders reach the company: the way to the status page, and for admins the keys.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::clock::Clock;
use crate::domain::request::Environment;
use crate::error::PageError;
use crate::store::api_keys::{self, KeyRow, RevokedCalls};
use crate::store::{Store, StoreError};
use crate::web::format::{Moment, number};
use crate::web::page;
use crate::web::shell::Shell;

/// Calls with a revoked key are shown for so long.
const SHOWN_FOR: TimeDelta = TimeDelta::hours(24);

/// The page.
#[derive(Template)]
#[template(path = "settings/integrations.html")]
struct IntegrationsPage {
    shell: Shell,
    /// `None` for those who do not see keys.
    keys: Option<Keys>,
}

/// What is shown of the keys.
struct Keys {
    lines: Vec<KeyLine>,
    still_used: Vec<RevokedLine>,
}

/// A key in the list.
struct KeyLine {
    name: String,
    /// `acs_live_…8d02`.
    shown: String,
    environment: Environment,
    last_used: Option<String>,
    is_revoked: bool,
}

/// A revoked key that a sender still uses.
struct RevokedLine {
    tail: String,
    calls: String,
    since: String,
}

/// `GET /settings/integrations`.
pub async fn show(
    shell: Shell,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, PageError> {
    let keys = match shell.operator.is_admin() {
        true => Some(load_keys(&store, &shell, clock.now()).await?),
        false => None,
    };
    page::show(&IntegrationsPage { shell, keys })
}

async fn load_keys(store: &Store, shell: &Shell, now: DateTime<Utc>) -> Result<Keys, StoreError> {
    let (company, zone) = (shell.company.id, shell.company.zone);
    let (keys, calls) = store
        .read(company, move |connection| {
            let keys = api_keys::of_company(connection, company)?;
            let calls = api_keys::revoked_calls(connection, company, now - SHOWN_FOR)?;
            Ok((keys, calls))
        })
        .await?;
    let still_used = calls
        .iter()
        .filter_map(|calls| RevokedLine::new(calls, &keys, zone, now));
    Ok(Keys {
        still_used: still_used.collect(),
        lines: keys
            .iter()
            .map(|key| KeyLine::new(key, zone, now))
            .collect(),
    })
}

impl KeyLine {
    fn new(key: &KeyRow, zone: Tz, now: DateTime<Utc>) -> Self {
        let environment = Environment::from_number(key.environment);
        let environment = environment.unwrap_or(Environment::Production);
        let prefix = match environment {
            Environment::Test => "acs_test_…",
            Environment::Production => "acs_live_…",
        };
        let last_used = key
            .last_used_at
            .map(|at| Moment::new(at, zone).in_words(now));
        Self {
            name: key.name.clone(),
            shown: format!("{prefix}{}", key.tail),
            environment,
            last_used,
            is_revoked: key.revoked_at.is_some(),
        }
    }
}

impl RevokedLine {
    fn new(calls: &RevokedCalls, keys: &[KeyRow], zone: Tz, now: DateTime<Utc>) -> Option<Self> {
        let key = keys.iter().find(|key| key.id == calls.key_id)?;
        let first = Moment::new(calls.first_at, zone);
        Some(Self {
            tail: key.tail.clone(),
            calls: match calls.calls {
                1 => "1 call".to_owned(),
                calls => format!("{} calls", number(calls)),
            },
            since: match first.other_day(now) {
                Some(date) => format!("{date}, {}", first.minute()),
                None => first.minute(),
            },
        })
    }
}
