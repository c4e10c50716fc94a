//! Aliases: "treat `voice` as `phone`". What senders name is read as a label that there is, and a
//! cause ends without a release at the sender. An alias means a label, never another alias, and a
//! real label always counts before it.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::effect::{self, Told};
use super::labels::{LabelPage, kind_of, list, unknown};
use super::{CameFrom, Sent, Settings, done};
use crate::domain::label::{self, NewLabel};
use crate::domain::request::Environment;
use crate::error::PageError;
use crate::store::aliases::{self, AliasProblem, AliasRow};
use crate::store::change::{Outcome, Thing};
use crate::store::companies;
use crate::store::labels::{self, LabelKind, LabelRow};
use crate::web::confirm::{ConfirmPage, Notice};
use crate::web::form::{Control, Field, Problems};
use crate::web::page;
use crate::web::redirect::segment;
use crate::web::shell::{Admin, Shell};

/// What the address of the form to add one may say.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    label: String,
    #[serde(default)]
    target: String,
    return_to: Option<String>,
}

/// What is typed to add one.
#[derive(Debug, Default, Deserialize)]
pub struct Typed {
    #[serde(default)]
    label: String,
    #[serde(default)]
    target: String,
    #[serde(flatten)]
    sent: Sent,
}

/// Where one is added.
pub(super) fn add_address(kind: LabelKind) -> String {
    format!("/settings/company-info/{}/aliases/new", kind.plural())
}

/// Where one is taken away.
pub(super) fn removal_address(kind: LabelKind, alias: &AliasRow) -> String {
    let label = segment(&alias.label);
    let kind = kind.plural();
    format!("/settings/company-info/{kind}/aliases/{label}/removal")
}

/// `GET /settings/company-info/{kind}/aliases/new`.
pub async fn new(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    kind: web::Path<String>,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, PageError> {
    let kind = kind_of(&kind)?;
    let wanted = wanted.into_inner();
    let typed = Typed {
        label: wanted.label,
        target: wanted.target,
        sent: Sent::default(),
    };
    let version = settings.version(&shell).await?;
    let sent = Sent::new(version, wanted.return_to.as_deref());
    page::show(&form(&settings, shell, kind, &typed, &sent).await?)
}

/// `POST /settings/company-info/{kind}/aliases/new`.
pub async fn create(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    session: Session,
    kind: web::Path<String>,
    typed: web::Form<Typed>,
) -> Result<HttpResponse, PageError> {
    let kind = kind_of(&kind)?;
    let (company, sent) = (shell.company.id, typed.sent.clone());
    let (label, target) = match judge(kind, &typed) {
        Ok(labels) => labels,
        Err(problems) => return again(&settings, shell, kind, &typed, problems).await,
    };
    let (new, meant) = (label.clone(), target.clone());
    let outcome = settings
        .change(&shell, &sent, None, move |connection| {
            aliases::create(connection, company, kind, &new, &meant)
        })
        .await?;
    match outcome {
        Outcome::Saved(_) | Outcome::AsItWas => {
            let words = format!("{label} is treated as {target}.");
            done(&session, &sent, &list(kind), &words)
        }
        Outcome::Refused(problem) => {
            let noun = kind.noun();
            let problems = match problem {
                AliasProblem::IsLabel(label) => Problems::one(
                    "label",
                    format!("There is a {noun} {label}, and a {noun} counts before an alias."),
                ),
                AliasProblem::IsAlias(target) => Problems::one(
                    "label",
                    format!("This is treated as {target} already. Remove that alias first."),
                ),
                AliasProblem::NoTarget => choose(kind),
            };
            again(&settings, shell, kind, &typed, problems).await
        }
        Outcome::Overtaken(_) => Err(PageError::NotFound),
    }
}

fn choose(kind: LabelKind) -> Problems {
    Problems::one("target", format!("Choose one of the {}.", kind.plural()))
}

fn judge(kind: LabelKind, typed: &Typed) -> Result<(String, String), Problems> {
    let label = NewLabel::parse(&typed.label);
    let label = label.map_err(|fault| Problems::one("label", fault.words()))?;
    match typed.target.trim() {
        "" => Err(choose(kind)),
        target => Ok((label.as_str().to_owned(), target.to_owned())),
    }
}

async fn again(
    settings: &Settings,
    shell: Shell,
    kind: LabelKind,
    typed: &Typed,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let mut page = form(settings, shell, kind, typed, &typed.sent).await?;
    for field in &mut page.fields {
        field.problem = problems.at(field.name);
    }
    page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

async fn form(
    settings: &Settings,
    shell: Shell,
    kind: LabelKind,
    typed: &Typed,
    sent: &Sent,
) -> Result<LabelPage, PageError> {
    let company = shell.company.id;
    let rows = settings.store.read(company, move |connection| {
        labels::all(connection, company, kind)
    });
    let rows = rows.await?;
    let noun = kind.noun();
    let target = rows.iter().find(|row| row.label == typed.target);
    let notices = match typed.label.trim() {
        "" => Vec::new(),
        label => tell_new(settings, &shell, kind, label, target)
            .await?
            .notices(),
    };
    let choices = rows
        .iter()
        .map(|row| (row.label.clone(), choice(kind, row)));
    let none = (String::new(), format!("Choose a {noun}"));
    let fields = vec![
        Field::text("label", "What senders name", &typed.label)
            .hint("Case, space, and _ or - make no difference."),
        Field::text("target", "Treat it as", &typed.target)
            .typed(Control::Select(
                std::iter::once(none).chain(choices).collect(),
            ))
            .hint(format!(
                "If a {noun} of the first label is added one day, that {noun} counts and the alias rests."
            )),
    ];
    let treat = match (typed.label.trim(), target) {
        ("", _) | (_, None) => None,
        (label, Some(target)) => Some(format!("Treat {label} as {}", target.label)),
    };
    Ok(LabelPage {
        heading: treat.clone().unwrap_or_else(|| format!("Add an alias of a {noun}")),
        sentence: "Requests are judged and counted as if they had sent the other label; the sender need not change, and its answer says what it sent.".to_owned(),
        list: list(kind),
        notices,
        alert: None,
        fields,
        hidden: sent.hidden(),
        leave: sent.back().unwrap_or_else(|| list(kind)),
        button: treat.unwrap_or_else(|| "Add the alias".to_owned()),
        shell,
    })
}

fn choice(kind: LabelKind, row: &LabelRow) -> String {
    match (kind, row.active, row.integrated) {
        (_, true, true) => row.label.clone(),
        (LabelKind::Channel, true, false) => format!("{} (manual mode)", row.label),
        (LabelKind::Channel, false, _) => format!("{} (not enabled)", row.label),
        (_, _, _) => format!("{} (inactive)", row.label),
    }
}

/// What a new alias lets in: those refused for this label alone, as far as its target takes them.
async fn tell_new(
    settings: &Settings,
    shell: &Shell,
    kind: LabelKind,
    sent: &str,
    target: Option<&LabelRow>,
) -> Result<Told, PageError> {
    let folded = label::fold(sent).into_owned();
    let takes = |environment| match target {
        None => true,
        Some(target) => {
            target.active && (target.integrated || environment == Environment::Test.number())
        }
    };
    effect::of_findings(settings, shell.company.id, unknown(kind), |cause| {
        let value = cause.value.as_deref().map(label::fold);
        takes(cause.environment) && value.as_deref() == Some(&folded)
    })
    .await
}

/// `GET …/aliases/{label}/removal`: what it would do.
pub async fn ask(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    path: web::Path<(String, String)>,
    from: web::Query<CameFrom>,
) -> Result<HttpResponse, PageError> {
    let kind = kind_of(&path.0)?;
    let (alias, version) = find(&settings, &shell, kind, &path.1).await?;
    let alias = alias.ok_or(PageError::NotFound)?;
    let sent = Sent::new(version, from.return_to.as_deref());
    confirm(&settings, shell, kind, alias, &sent)
        .await?
        .answer(false)
}

/// `POST …/aliases/{label}/removal`.
pub async fn remove(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    session: Session,
    path: web::Path<(String, String)>,
    sent: web::Form<Sent>,
) -> Result<HttpResponse, PageError> {
    let kind = kind_of(&path.0)?;
    let (alias, version) = find(&settings, &shell, kind, &path.1).await?;
    let words = format!("{} is not treated as something else any more.", path.1);
    let Some(alias) = alias else {
        return done(&session, &sent, &list(kind), &words);
    };
    let (company, label) = (shell.company.id, alias.label.clone());
    let thing = Thing {
        noun: "alias",
        id: Some(alias.id),
    };
    let outcome = settings
        .change(&shell, &sent, Some(thing), move |connection| {
            aliases::remove(connection, company, kind, &label)
        })
        .await?;
    match outcome {
        Outcome::Saved(_) | Outcome::AsItWas => done(&session, &sent, &list(kind), &words),
        Outcome::Overtaken(other) => {
            let words = settings.overtaken(&shell, &other);
            let sent = Sent {
                version,
                ..sent.into_inner()
            };
            let mut page = confirm(&settings, shell, kind, alias, &sent).await?;
            page.notices.insert(0, Notice::problem(words));
            page.answer(true)
        }
        Outcome::Refused(_) => Err(PageError::NotFound),
    }
}

async fn find(
    settings: &Settings,
    shell: &Shell,
    kind: LabelKind,
    label: &str,
) -> Result<(Option<AliasRow>, i64), PageError> {
    let (company, label) = (shell.company.id, label.to_owned());
    // The version first: what is read after it is at least as new.
    let found = settings.store.read(company, move |connection| {
        let version = companies::find(connection, company)?.settings_version;
        Ok((aliases::find(connection, company, kind, &label)?, version))
    });
    Ok(found.await?)
}

async fn confirm(
    settings: &Settings,
    shell: Shell,
    kind: LabelKind,
    alias: AliasRow,
    sent: &Sent,
) -> Result<ConfirmPage, PageError> {
    let company = shell.company.id;
    let passing = effect::let_in(settings, company, kind, &alias).await?;
    let told = effect::of_alias(settings, company, kind, alias.clone(), &passing).await?;
    let AliasRow { label, target, .. } = alias;
    Ok(ConfirmPage {
        above: vec![
            ("Settings", "/settings".to_owned()),
            ("Company Info", "/settings/company-info".to_owned()),
        ],
        heading: format!("Stop treating {label} as {target}?"),
        sentence: format!(
            "Requests that name {label} are refused from the next one on, unless there is a {} of this label.",
            kind.noun()
        ),
        notices: told.notices(),
        button: format!("Remove the alias {label}"),
        is_danger: true,
        leave: (
            "Leave it as it is".to_owned(),
            sent.back().unwrap_or_else(|| list(kind)),
        ),
        hidden: sent.hidden(),
        shell,
    })
}
