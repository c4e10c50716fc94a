//! How senders reach the company: the way to the status page, the keys for admins, which channels
//! are integrated, and who gets mail.

use std::collections::BTreeMap;

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::Deserialize;

use super::labels::integration_address;
use super::{Sent, Settings, done, effect};
use crate::domain::alert::{Alert, CLOSES_AT, LEAST_REQUESTS, OPENS_ABOVE};
use crate::domain::cube::Cube;
use crate::domain::filter::Label;
use crate::domain::request::Environment;
use crate::domain::window::{Preset, Range};
use crate::error::PageError;
use crate::store::alerts;
use crate::store::api_keys::{self, KeyRow, RevokedCalls};
use crate::store::change::{Outcome, Thing};
use crate::store::companies::{self, CompanyRow};
use crate::store::counts;
use crate::store::labels::{self, LabelKind, LabelRow};
use crate::web::alert::AlertWords;
use crate::web::form::{self, Control, Field, Problems};
use crate::web::format::{Moment, number};
use crate::web::page;
use crate::web::shell::{Admin, Shell};

const HERE: &str = "/settings/integrations";

/// Calls with a revoked key are shown for so long.
const SHOWN_FOR: TimeDelta = TimeDelta::hours(24);

/// At most so many addresses are told of an alert.
const MAX_ALERT_EMAILS: usize = 20;

/// The page.
#[derive(Template)]
#[template(path = "settings/integrations.html")]
pub(super) struct IntegrationsPage {
    shell: Shell,
    /// `None` for those who do not see keys.
    keys: Option<Keys>,
    channels: Vec<ChannelLine>,
    /// What stands in the way of the form.
    pub(super) problem: Option<String>,
    /// The last alert.
    alert: Option<AlertWords>,
    sends_mail: bool,
    /// Whether there is an address to send a test mail to.
    tells_someone: bool,
    fields: Vec<Field>,
    hidden: Vec<(&'static str, String)>,
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
    revoke: String,
}

/// A revoked key that a sender still uses.
struct RevokedLine {
    tail: String,
    calls: String,
    since: String,
}

/// A channel that may be integrated.
struct ChannelLine {
    name: String,
    label: Option<String>,
    is_integrated: bool,
    is_enabled: bool,
    rate: String,
    switch: String,
}

/// What is typed.
#[derive(Debug, Deserialize)]
pub struct Typed {
    #[serde(default)]
    test_email: String,
    #[serde(default)]
    alert_emails: String,
    #[serde(flatten)]
    sent: Sent,
}

/// What the store tells.
pub(super) struct Stored {
    company: CompanyRow,
    channels: Vec<LabelRow>,
    cube: Cube,
    keys: Vec<KeyRow>,
    revoked: Vec<RevokedCalls>,
    alert: Option<Alert>,
}

/// `GET /settings/integrations`.
pub async fn show(shell: Shell, settings: web::Data<Settings>) -> Result<HttpResponse, PageError> {
    let stored = read(&settings, &shell).await?;
    page::show(&IntegrationsPage::new(&settings, shell, &stored, None))
}

/// `POST /settings/integrations`: who gets mail.
pub async fn save_mail(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    session: Session,
    typed: web::Form<Typed>,
) -> Result<HttpResponse, PageError> {
    let (test_email, alert_emails) = match typed.judge() {
        Ok(mail) => mail,
        Err(problems) => {
            let mut stored = read(&settings, &shell).await?;
            // What was typed is about what was seen.
            stored.company.settings_version = typed.sent.version;
            let again = Some((&*typed, problems));
            let page = IntegrationsPage::new(&settings, shell, &stored, again);
            return page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let company = shell.company.id;
    let thing = Thing {
        noun: "mail",
        id: Some(company.0),
    };
    let outcome = settings
        .change(&shell, &typed.sent, Some(thing), move |connection| {
            companies::set_mail(connection, company, test_email, alert_emails)
        })
        .await?;
    match outcome {
        Outcome::Saved(_) | Outcome::AsItWas => {
            let here = format!("{HERE}#mail");
            done(&session, &typed.sent, &here, "The e-mails are saved.")
        }
        Outcome::Refused(()) => Err(PageError::NotFound),
        Outcome::Overtaken(other) => {
            let words = settings.overtaken(&shell, &other);
            let stored = read(&settings, &shell).await?;
            let again = Some((&*typed, Problems::default()));
            let mut page = IntegrationsPage::new(&settings, shell, &stored, again);
            page.problem = Some(format!(
                "{words} Below is what you typed; reload to see theirs."
            ));
            page::show_with(StatusCode::CONFLICT, &page)
        }
    }
}

pub(super) async fn read(settings: &Settings, shell: &Shell) -> Result<Stored, PageError> {
    let company = shell.company.id;
    let sees_keys = shell.operator.is_admin();
    let now = settings.clock.now();
    let window = Range::Last(Preset::Week).at(now);
    let read = settings.store.read(company, move |connection| {
        let stored = Stored {
            company: companies::find(connection, company)?,
            channels: labels::all(connection, company, LabelKind::Channel)?,
            cube: counts::cube(connection, company, window)?,
            keys: Vec::new(),
            revoked: Vec::new(),
            alert: alerts::last(connection, company)?,
        };
        if !sees_keys {
            return Ok(stored);
        }
        Ok(Stored {
            keys: api_keys::of_company(connection, company)?,
            revoked: api_keys::revoked_calls(connection, company, now - SHOWN_FOR)?,
            ..stored
        })
    });
    Ok(read.await?)
}

impl Typed {
    fn judge(&self) -> Result<(Option<String>, Vec<String>), Problems> {
        let mut problems = Problems::default();
        let test_email = form::mailbox(&self.test_email).unwrap_or_else(|words| {
            problems.add("test_email", words);
            None
        });
        let mut alert_emails: Vec<String> = Vec::new();
        let lines = self.alert_emails.split(['\n', ',', ';']);
        for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
            match form::mailbox(line) {
                Ok(Some(address)) if !alert_emails.contains(&address) => alert_emails.push(address),
                Ok(_) => {}
                Err(_) => problems.add(
                    "alert_emails",
                    format!("“{line}” is not one plain e-mail address."),
                ),
            }
        }
        if alert_emails.len() > MAX_ALERT_EMAILS {
            problems.add("alert_emails", "At most 20 addresses.");
        }
        problems.or((test_email, alert_emails))
    }
}

impl IntegrationsPage {
    pub(super) fn new(
        settings: &Settings,
        shell: Shell,
        stored: &Stored,
        typed: Option<(&Typed, Problems)>,
    ) -> Self {
        let (now, zone) = (settings.clock.now(), shell.company.zone);
        let row = &stored.company;
        let (test_email, alert_emails, problems) = match typed {
            Some((typed, problems)) => (
                typed.test_email.clone(),
                typed.alert_emails.clone(),
                problems,
            ),
            None => {
                let alerts: Vec<&str> = row.alert_emails.iter().flatten().map(|a| &**a).collect();
                let test_email = row.test_email.clone().unwrap_or_default();
                (test_email, alerts.join("\n"), Problems::default())
            }
        };
        let fields = [
            Field::text("test_email", "API test e-mail", test_email)
                .typed(Control::Email)
                .optional()
                .hint("Where the surveys of test requests go. It has no effect yet: this installation hands no surveys on."),
            Field::text("alert_emails", "API error alert e-mails", alert_emails)
                .typed(Control::Lines)
                .optional()
                .hint(format!(
                    "One per line. Each gets one mail when more than {OPENS_ABOVE} % of a rolling hour’s production requests fail, of at least {LEAST_REQUESTS}, and one when that is over, at {CLOSES_AT} % or less."
                )),
        ];
        let keys = shell.operator.is_admin().then(|| Keys {
            lines: stored
                .keys
                .iter()
                .map(|key| KeyLine::new(key, zone, now))
                .collect(),
            still_used: stored
                .revoked
                .iter()
                .filter_map(|calls| RevokedLine::new(calls, &stored.keys, zone, now))
                .collect(),
        });
        Self {
            keys,
            channels: channel_lines(&stored.channels, &stored.cube),
            problem: None,
            alert: stored
                .alert
                .as_ref()
                .map(|alert| AlertWords::new(alert, settings.mailer.is_set_up(), zone, now)),
            sends_mail: settings.mailer.is_set_up(),
            tells_someone: !row.alert_emails.is_empty(),
            fields: fields.into_iter().map(|f| f.with(&problems)).collect(),
            hidden: Sent::new(row.settings_version, None).hidden(),
            shell,
        }
    }
}

impl IntegrationsPage {
    /// Who was told, as a sentence of its own.
    fn told(&self, alert: &AlertWords) -> String {
        let mut letters = alert.told.chars();
        let first = letters.next().map(|c| c.to_uppercase().to_string());
        format!("{}{}.", first.unwrap_or_default(), letters.as_str())
    }
}

fn channel_lines(channels: &[LabelRow], cube: &Cube) -> Vec<ChannelLine> {
    let mut sent: BTreeMap<&str, i64> = BTreeMap::new();
    for cell in cube.0.iter().filter(|cell| !cell.is_test()) {
        if let Label::Named(label) = &cell.channel {
            *sent.entry(label).or_default() += cell.count;
        }
    }
    let line = |row: &LabelRow| ChannelLine {
        name: row.name.clone(),
        label: (row.name != row.label).then(|| row.label.clone()),
        is_integrated: row.integrated,
        is_enabled: row.active,
        rate: effect::rate(sent.get(row.label.as_str()).copied().unwrap_or(0)),
        switch: integration_address(row),
    };
    channels.iter().map(line).collect()
}

impl KeyLine {
    fn new(key: &KeyRow, zone: Tz, now: DateTime<Utc>) -> Self {
        let last_used = key
            .last_used_at
            .map(|at| Moment::new(at, zone).in_words(now));
        Self {
            name: key.name.clone(),
            shown: key.shown(),
            environment: key.environment(),
            last_used,
            is_revoked: key.revoked_at.is_some(),
            revoke: format!("{HERE}/keys/{}/revocation", key.id),
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
