//! One employee: added or edited. Whether requests may be about them is the status, which has
//! buttons of its own.

use std::mem;

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::super::effect;
use super::super::{Sent, Settings, done};
use super::{HERE, address, read_status};
use crate::domain::dictionary::Reason;
use crate::domain::email;
use crate::domain::employee_file::{Known, Profile};
use crate::domain::settings::{MAX_TEXT_CHARS, ProfileStatus};
use crate::error::PageError;
use crate::store::change::{Outcome, Thing};
use crate::store::employees::{self, EmployeeProblem};
use crate::store::{companies, requests::Cause};
use crate::web::confirm::Notice;
use crate::web::form::{self, Control, Field, Problems};
use crate::web::page;
use crate::web::redirect::with_return;
use crate::web::shell::{Admin, Shell};

/// The page.
#[derive(Template)]
#[template(path = "settings/employee.html")]
struct EmployeePage {
    shell: Shell,
    heading: String,
    /// `None` for one to be added.
    known: Option<Standing>,
    notices: Vec<Notice>,
    alert: Option<String>,
    fields: Vec<Field>,
    hidden: Vec<(&'static str, String)>,
    leave: String,
}

/// Where a profile stands, and what may be done about it.
struct Standing {
    status: ProfileStatus,
    actions: Vec<(&'static str, String)>,
}

/// What the address of a form may say: what is to be filled in.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    email: String,
    #[serde(default)]
    custom_id: String,
    return_to: Option<String>,
}

/// What is typed.
#[derive(Debug, Default, Deserialize)]
pub struct Typed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    custom_id: String,
    #[serde(default)]
    status: String,
    #[serde(flatten)]
    sent: Sent,
}

/// `GET /settings/employees/new`.
pub async fn new(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, PageError> {
    let wanted = wanted.into_inner();
    let version = settings.version(&shell).await?;
    let typed = Typed {
        email: wanted.email,
        custom_id: wanted.custom_id,
        status: ProfileStatus::Active.as_str().to_owned(),
        sent: Sent::new(version, wanted.return_to.as_deref()),
        ..Typed::default()
    };
    let page = EmployeePage::to_add(&settings, shell, &typed, &Problems::default()).await?;
    page::show(&page)
}

/// `POST /settings/employees/new`.
pub async fn create(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    session: Session,
    typed: web::Form<Typed>,
) -> Result<HttpResponse, PageError> {
    let problems = match typed.judge(read_status(&typed.status).unwrap_or_default()) {
        Err(problems) => problems,
        Ok(profile) => {
            let company = shell.company.id;
            let name = profile.name.clone();
            let outcome = settings
                .change(&shell, &typed.sent, None, move |connection| {
                    employees::create(connection, company, &profile)
                })
                .await?;
            match outcome {
                Outcome::Refused(problem) => words(problem)?,
                _ => return done(&session, &typed.sent, HERE, &format!("{name} is added.")),
            }
        }
    };
    let page = EmployeePage::to_add(&settings, shell, &typed, &problems).await?;
    page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// `GET /settings/employees/{id}`.
pub async fn show(
    shell: Shell,
    settings: web::Data<Settings>,
    id: web::Path<i64>,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, PageError> {
    let (known, version) = find(&settings, &shell, *id).await?;
    let Wanted {
        email,
        custom_id,
        return_to,
    } = wanted.into_inner();
    let mut typed = Typed::of(&known.profile, Sent::new(version, return_to.as_deref()));
    let mut notices = Vec::new();
    let is_active = known.profile.status == ProfileStatus::Active;
    if is_active && !(email.is_empty() && custom_id.is_empty()) {
        let unknown = Reason::EmployeeUnknown;
        notices = unblocks(&settings, &shell, unknown, &email, &custom_id).await?;
    }
    // Only an admin's page has the form; to support a profile is shown as it is.
    if shell.operator.is_admin() {
        let mut replaced = Vec::new();
        let is_same_email = email::fold(&email) == email::fold(&typed.email);
        let is_same_id = custom_id.trim() == typed.custom_id;
        for (field, wanted, is_same) in [
            (&mut typed.email, email, is_same_email),
            (&mut typed.custom_id, custom_id, is_same_id),
        ] {
            if wanted.is_empty() {
                continue;
            }
            let old = mem::replace(field, wanted);
            if !old.is_empty() && !is_same {
                replaced.push(Notice::info(&format!(
                    "Requests that name {old} alone will be refused: nobody has it any more."
                )));
            }
        }
        if !replaced.is_empty() {
            // That nothing would have come out otherwise is known of the new name alone.
            notices.retain(|notice| !notice.strong.is_empty());
        }
        notices.extend(replaced);
    }
    let none = Problems::default();
    let mut page = EmployeePage::to_edit(shell, &known, &typed, &none);
    page.notices = notices;
    page::show(&page)
}

/// `POST /settings/employees/{id}`.
pub async fn save(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    session: Session,
    id: web::Path<i64>,
    typed: web::Form<Typed>,
) -> Result<HttpResponse, PageError> {
    let (known, version) = find(&settings, &shell, *id).await?;
    let profile = match typed.judge(known.profile.status) {
        Ok(profile) => profile,
        Err(problems) => {
            let page = EmployeePage::to_edit(shell, &known, &typed, &problems);
            return page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let (company, id) = (shell.company.id, known.id);
    let name = profile.name.clone();
    let outcome = settings
        .change(&shell, &typed.sent, thing(id), move |connection| {
            employees::update(connection, company, id, "employee.changed", |now| {
                let status = now.status;
                *now = Profile { status, ..profile };
            })
        })
        .await?;
    match outcome {
        Outcome::Saved(_) => done(&session, &typed.sent, HERE, &format!("{name} is saved.")),
        Outcome::AsItWas => done(&session, &typed.sent, HERE, "Nothing was different."),
        Outcome::Refused(problem) => {
            let problems = words(problem)?;
            let page = EmployeePage::to_edit(shell, &known, &typed, &problems);
            page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Outcome::Overtaken(other) => {
            let words = settings.overtaken(&shell, &other);
            let now = &known.profile;
            let mut typed = typed.into_inner();
            typed.sent.version = version;
            let mut page = EmployeePage::to_edit(shell, &known, &typed, &Problems::default());
            page.alert = Some(format!(
                "{words} Now it is: {}, {}, {}. Below is what you typed.",
                now.name,
                now.email.as_deref().unwrap_or("no e-mail"),
                now.custom_id.as_deref().unwrap_or("no custom id"),
            ));
            page::show_with(StatusCode::CONFLICT, &page)
        }
    }
}

impl Typed {
    fn of(profile: &Profile, sent: Sent) -> Self {
        Self {
            name: profile.name.clone(),
            email: profile.email.clone().unwrap_or_default(),
            custom_id: profile.custom_id.clone().unwrap_or_default(),
            status: profile.status.as_str().to_owned(),
            sent,
        }
    }

    fn judge(&self, status: ProfileStatus) -> Result<Profile, Problems> {
        let mut problems = Problems::default();
        let name = form::name(&self.name).unwrap_or_else(|words| {
            problems.add("name", words);
            String::new()
        });
        let email = form::mailbox(&self.email).unwrap_or_else(|words| {
            problems.add("email", words);
            None
        });
        let custom_id = self.custom_id.trim();
        if custom_id.chars().count() > MAX_TEXT_CHARS {
            problems.add("custom_id", format!("At most {MAX_TEXT_CHARS} characters."));
        } else if custom_id.chars().any(char::is_control) {
            problems.add("custom_id", "It has characters in it that cannot be seen.");
        }
        let custom_id = (!custom_id.is_empty()).then(|| custom_id.to_owned());
        if email.is_none() && custom_id.is_none() && problems.are_none() {
            let words = "Type an e-mail or a custom id: requests name one of them.";
            problems.add("email", words);
        }
        problems.or(Profile {
            name,
            email,
            custom_id,
            status,
        })
    }
}

impl EmployeePage {
    async fn to_add(
        settings: &Settings,
        shell: Shell,
        typed: &Typed,
        problems: &Problems,
    ) -> Result<Self, PageError> {
        let statuses = ProfileStatus::ALL;
        let statuses = statuses.map(|s| (s.as_str().to_owned(), s.title().to_owned()));
        let status = Field::text("status", "Profile status", &typed.status)
            .typed(Control::Select(statuses.into()))
            .hint("Requests are accepted for active employees only.");
        let mut fields = typed.fields(problems);
        fields.push(status);
        let is_named = !(typed.email.trim().is_empty() && typed.custom_id.trim().is_empty());
        let notices = match is_named {
            true => {
                let (address, custom_id) = (typed.email.clone(), typed.custom_id.clone());
                unblocks(
                    settings,
                    &shell,
                    Reason::EmployeeUnknown,
                    &address,
                    &custom_id,
                )
                .await?
            }
            false => Vec::new(),
        };
        Ok(Self {
            heading: "Add an employee".to_owned(),
            known: None,
            notices,
            alert: None,
            fields,
            hidden: typed.sent.hidden(),
            leave: typed.sent.back().unwrap_or_else(|| HERE.to_owned()),
            shell,
        })
    }

    fn to_edit(shell: Shell, known: &Known, typed: &Typed, problems: &Problems) -> Self {
        let back = typed.sent.back();
        let act = |words, verb: &str| {
            let address = format!("{}/{verb}", address(known.id));
            (words, with_return(&address, back.as_deref()))
        };
        let status = known.profile.status;
        let actions = match status {
            ProfileStatus::Active => vec![act("Deactivate …", "deactivation")],
            ProfileStatus::Deactivated => vec![act("Reactivate …", "reactivation")],
            ProfileStatus::PendingReview | ProfileStatus::Confirmed | ProfileStatus::Unapproved => {
                vec![
                    act("Approve …", "approval"),
                    act("Deactivate …", "deactivation"),
                ]
            }
        };
        Self {
            heading: known.profile.name.clone(),
            known: Some(Standing { status, actions }),
            notices: Vec::new(),
            alert: None,
            fields: typed.fields(problems),
            hidden: typed.sent.hidden(),
            leave: back.unwrap_or_else(|| HERE.to_owned()),
            shell,
        }
    }
}

impl Typed {
    fn fields(&self, problems: &Problems) -> Vec<Field> {
        let fields = [
            Field::text("name", "Name", &self.name),
            Field::text("email", "E-mail", &self.email)
                .typed(Control::Email)
                .optional()
                .hint("Requests name this or the custom id. Case makes no difference."),
            Field::text("custom_id", "Custom id", &self.custom_id)
                .optional()
                .hint("Your own number or name for this person, compared exactly."),
        ];
        fields.into_iter().map(|f| f.with(problems)).collect()
    }
}

/// What an employee's requests were refused for, and would not be any more.
pub(super) async fn unblocks(
    settings: &Settings,
    shell: &Shell,
    reason: Reason,
    address: &str,
    custom_id: &str,
) -> Result<Vec<Notice>, PageError> {
    let address = email::fold(address).into_owned();
    let custom_id = custom_id.trim().to_owned();
    let is_meant = |cause: &Cause| {
        let sent = cause.value.as_deref().unwrap_or_default();
        !sent.is_empty() && (email::fold(sent) == address || sent.trim() == custom_id)
    };
    let told = effect::of_findings(settings, shell.company.id, reason, is_meant).await?;
    Ok(told.notices())
}

fn words(problem: EmployeeProblem) -> Result<Problems, PageError> {
    match problem {
        EmployeeProblem::Gone => Err(PageError::NotFound),
        EmployeeProblem::EmailTaken(name) => {
            let words = format!("{name} has this e-mail already.");
            Ok(Problems::one("email", words))
        }
        EmployeeProblem::CustomIdTaken(name) => {
            let words = format!("{name} has this custom id already.");
            Ok(Problems::one("custom_id", words))
        }
    }
}

pub(super) fn thing(id: i64) -> Option<Thing> {
    Some(Thing {
        noun: "employee",
        id: Some(id),
    })
}

pub(super) async fn find(
    settings: &Settings,
    shell: &Shell,
    id: i64,
) -> Result<(Known, i64), PageError> {
    let company = shell.company.id;
    // The version first: what is read after it is at least as new.
    let found = settings.store.read(company, move |connection| {
        let version = companies::find(connection, company)?.settings_version;
        let known = employees::find(connection, company, id)?;
        Ok(known.map(|known| (known, version)))
    });
    found.await?.ok_or(PageError::NotFound)
}
