//! What an admin decides about a cause: somebody sees to it, or nobody needs to for some days, or
//! neither.

use actix_session::Session;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::{ROOT, Status};
use crate::domain::cause::{CauseId, Decision, IGNORED_DAYS};
use crate::domain::dictionary::Reason;
use crate::domain::request::KEPT_CHARS;
use crate::error::PageError;
use crate::store::StoreError;
use crate::store::cause_decisions::{self, Author, Outcome};
use crate::store::requests::Tab;
use crate::web::confirm::{ConfirmPage, Notice};
use crate::web::flash;
use crate::web::format::Moment;
use crate::web::redirect::{came_from, see_other};
use crate::web::shell::{Admin, Shell};

/// What the form says.
#[derive(Debug, Deserialize)]
pub struct Typed {
    reason: i16,
    #[serde(default)]
    value: String,
    /// When the decision was made that the form showed, in microseconds; empty where it showed none.
    #[serde(default)]
    seen: String,
    #[serde(default)]
    days: String,
    return_to: Option<String>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy)]
enum Verb {
    Acknowledge,
    Ignore,
    Reopen,
}

/// `POST …/api-status/causes/{verb}`
pub async fn decide(
    Admin(shell): Admin,
    status: web::Data<Status>,
    session: Session,
    verb: web::Path<String>,
    typed: web::Form<Typed>,
) -> Result<HttpResponse, PageError> {
    let verb = Verb::parse(&verb).ok_or(PageError::NotFound)?;
    let cause = typed.cause()?;
    let now = status.clock.now();
    let decision = match verb {
        Verb::Acknowledge => Some(Decision::Acknowledged),
        Verb::Ignore => Some(Decision::Ignored(now + typed.days()?)),
        Verb::Reopen => None,
    };
    let author = Author {
        user_id: shell.operator.user_id,
        name: shell.operator.name.clone(),
        at: now,
        seen: typed.seen(),
    };
    let (company, decided) = (shell.company.id, cause.clone());
    let outcome: Result<_, StoreError> = status
        .store
        .write(company, move |connection| {
            let outcome =
                cause_decisions::decide(connection, company, &decided, decision, &author)?;
            Ok(outcome)
        })
        .await;
    status.store.changed(company);
    match outcome? {
        Outcome::Saved | Outcome::AsItWas => {
            let said = match decision {
                Some(Decision::Acknowledged) => "Acknowledged".to_owned(),
                Some(Decision::Ignored(until)) => {
                    let until = Moment::new(until, shell.company.zone);
                    format!("Ignored until {}", until.in_words(now))
                }
                None => "Open again".to_owned(),
            };
            flash::say(&session, &format!("{said}: {}.", in_words(&cause)))?;
            Ok(see_other(&typed.back()))
        }
        Outcome::Overtaken(actor, at) => {
            let decided = Moment::new(at, shell.company.zone).in_words(now);
            let who = match actor == shell.operator.name {
                true => "You",
                false => &actor,
            };
            let overtaken = format!(
                "{who} decided about this at {decided}, after your page was made. Nothing was saved."
            );
            ask_again(shell, verb, &cause, typed.seeing(at), overtaken).answer(true)
        }
    }
}

impl Verb {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "acknowledgement" => Some(Self::Acknowledge),
            "ignoring" => Some(Self::Ignore),
            "reopening" => Some(Self::Reopen),
            _ => None,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Acknowledge => "Acknowledge",
            Self::Ignore => "Ignore",
            Self::Reopen => "Open again",
        }
    }
}

impl Typed {
    fn cause(&self) -> Result<CauseId, PageError> {
        let is_one = self.value.chars().count() <= KEPT_CHARS && !self.value.contains('\0');
        let reason = Reason::from_number(self.reason).filter(|_| is_one);
        Ok(CauseId {
            reason: reason.ok_or(PageError::NotFound)?,
            value: (!self.value.is_empty()).then(|| self.value.clone()),
        })
    }

    fn days(&self) -> Result<TimeDelta, PageError> {
        let days = self.days.parse().ok();
        let days = days.filter(|days| IGNORED_DAYS.contains(days));
        let days = days.ok_or(PageError::BadRequest(
            "A cause is ignored for 1, 7 or 30 days. Go back and choose one.",
        ))?;
        Ok(TimeDelta::days(days))
    }

    fn seen(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.seen.parse().ok()?)
    }

    /// The same form once more, by somebody who has seen what was decided at `at`.
    fn seeing(&self, at: DateTime<Utc>) -> Vec<(&'static str, String)> {
        vec![
            ("reason", self.reason.to_string()),
            ("value", self.value.clone()),
            ("seen", at.timestamp_micros().to_string()),
            ("days", self.days.clone()),
            ("return_to", self.back()),
        ]
    }

    /// The list that the form is on.
    fn back(&self) -> String {
        let list = || format!("{}/causes", Tab::Invalid.path());
        came_from(self.return_to.as_deref()).unwrap_or_else(list)
    }
}

fn in_words(cause: &CauseId) -> String {
    let title = cause.reason.code().title();
    match &cause.value {
        Some(value) => format!("{title} · {value}"),
        None => title.to_owned(),
    }
}

/// The page for whoever was too late: what happened, and the same once more.
fn ask_again(
    shell: Shell,
    verb: Verb,
    cause: &CauseId,
    hidden: Vec<(&'static str, String)>,
    overtaken: String,
) -> ConfirmPage {
    let back = hidden.iter().find(|(name, _)| *name == "return_to");
    ConfirmPage {
        shell,
        above: vec![
            ("Settings", "/settings".to_owned()),
            ("Integrations", "/settings/integrations".to_owned()),
            ("API Status Page", ROOT.to_owned()),
        ],
        heading: in_words(cause),
        sentence: "What was decided about this cause is not what your page showed.".to_owned(),
        notices: vec![Notice::problem(overtaken)],
        button: format!("{} all the same", verb.title()),
        is_danger: false,
        leave: (
            "Leave it as it is".to_owned(),
            back.map(|(_, url)| url.clone()).unwrap_or_default(),
        ),
        hidden,
    }
}
