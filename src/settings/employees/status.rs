//! Whether requests may be about an employee: approved, deactivated, reactivated.

use actix_session::Session;
use actix_web::{HttpResponse, web};

use super::super::{CameFrom, Sent, Settings, done};
use super::one::{find, thing, unblocks};
use super::{HERE, address};
use crate::domain::dictionary::Reason;
use crate::domain::employee_file::Known;
use crate::domain::settings::ProfileStatus;
use crate::error::PageError;
use crate::store::change::Outcome;
use crate::store::employees;
use crate::web::confirm::{ConfirmPage, Notice};
use crate::web::shell::{Admin, Shell};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Approve,
    Deactivate,
    Reactivate,
}

/// `GET /settings/employees/{id}/{verb}`: what it would do.
pub async fn ask(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    path: web::Path<(i64, String)>,
    from: web::Query<CameFrom>,
) -> Result<HttpResponse, PageError> {
    let verb = Verb::parse(&path.1).ok_or(PageError::NotFound)?;
    let (known, version) = find(&settings, &shell, path.0).await?;
    let sent = Sent::new(version, from.return_to.as_deref());
    confirm(&settings, shell, &known, verb, &sent)
        .await?
        .answer(false)
}

/// `POST /settings/employees/{id}/{verb}`.
pub async fn act(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    session: Session,
    path: web::Path<(i64, String)>,
    sent: web::Form<Sent>,
) -> Result<HttpResponse, PageError> {
    let verb = Verb::parse(&path.1).ok_or(PageError::NotFound)?;
    let (known, version) = find(&settings, &shell, path.0).await?;
    let (company, id) = (shell.company.id, known.id);
    let outcome = settings
        .change(&shell, &sent, thing(id), move |connection| {
            employees::update(connection, company, id, verb.action(), |profile| {
                profile.status = verb.status();
            })
        })
        .await?;
    match outcome {
        Outcome::Saved(_) | Outcome::AsItWas => {
            let words = format!("{} is {}.", known.profile.name, verb.state());
            done(&session, &sent, HERE, &words)
        }
        Outcome::Overtaken(other) => {
            let words = settings.overtaken(&shell, &other);
            let sent = Sent {
                version,
                ..sent.into_inner()
            };
            let mut page = confirm(&settings, shell, &known, verb, &sent).await?;
            page.notices.insert(0, Notice::problem(words));
            page.answer(true)
        }
        Outcome::Refused(_) => Err(PageError::NotFound),
    }
}

async fn confirm(
    settings: &Settings,
    shell: Shell,
    known: &Known,
    verb: Verb,
    sent: &Sent,
) -> Result<ConfirmPage, PageError> {
    let profile = &known.profile;
    let (address_sent, custom_id) = (
        profile.email.as_deref().unwrap_or_default(),
        profile.custom_id.as_deref().unwrap_or_default(),
    );
    let notices = match verb {
        Verb::Approve => {
            let reason = Reason::ProfileNotComplete;
            unblocks(settings, &shell, reason, address_sent, custom_id).await?
        }
        Verb::Reactivate => {
            let reason = Reason::Deactivated;
            unblocks(settings, &shell, reason, address_sent, custom_id).await?
        }
        Verb::Deactivate => vec![Notice {
            tone: "sender",
            icon: "warning",
            strong: "Requests about this employee are refused from the next one on,".to_owned(),
            words: "until the profile is reactivated.".to_owned(),
            source: None,
        }],
    };
    let name = &profile.name;
    Ok(ConfirmPage {
        above: vec![
            ("Settings", "/settings".to_owned()),
            ("Employees", HERE.to_owned()),
        ],
        heading: format!("{} {name}?", verb.words()),
        sentence: format!(
            "{} Now the profile is {}.",
            [address_sent, custom_id]
                .into_iter()
                .filter(|text| !text.is_empty())
                .collect::<Vec<_>>()
                .join(" · ")
                + ".",
            profile.status.title()
        ),
        notices,
        button: format!("{} {name}", verb.words()),
        is_danger: verb == Verb::Deactivate,
        leave: (
            "Leave it as it is".to_owned(),
            sent.back().unwrap_or_else(|| address(known.id)),
        ),
        hidden: sent.hidden(),
        shell,
    })
}

impl Verb {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "approval" => Some(Self::Approve),
            "deactivation" => Some(Self::Deactivate),
            "reactivation" => Some(Self::Reactivate),
            _ => None,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Approve => "Approve",
            Self::Deactivate => "Deactivate",
            Self::Reactivate => "Reactivate",
        }
    }

    fn state(self) -> &'static str {
        match self {
            Self::Approve => "approved and active",
            Self::Deactivate => "deactivated",
            Self::Reactivate => "active again",
        }
    }

    fn action(self) -> &'static str {
        match self {
            Self::Approve => "employee.approved",
            Self::Deactivate => "employee.deactivated",
            Self::Reactivate => "employee.reactivated",
        }
    }

    fn status(self) -> ProfileStatus {
        match self {
            Self::Approve | Self::Reactivate => ProfileStatus::Active,
            Self::Deactivate => ProfileStatus::Deactivated,
        }
    }
}
