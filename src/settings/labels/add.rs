//! One more channel, brand or language.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::super::effect::{self, Told};
use super::super::{Sent, Settings, done};
use super::{LabelPage, kind_of, list, on_words, unknown};
use crate::domain::label::{self, NewLabel};
use crate::domain::language;
use crate::domain::request::Environment;
use crate::domain::settings::{Brand, Channel, Language};
use crate::error::PageError;
use crate::store::aliases::{self, AliasRow};
use crate::store::change::Outcome;
use crate::store::labels::{self, LabelKind, LabelProblem, NewRow};
use crate::web::confirm::Notice;
use crate::web::form::{self, Control, Field, Problems};
use crate::web::page;
use crate::web::shell::{Admin, Shell};

/// What the address of the form to add one may say.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    label: String,
    /// Whether a channel is to take production requests at once.
    #[serde(default)]
    integrated: String,
    return_to: Option<String>,
}

/// What is typed to add one.
#[derive(Debug, Default, Deserialize)]
pub struct Typed {
    #[serde(default)]
    label: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    integrated: String,
    /// The label of which the form said what it would refuse.
    #[serde(default)]
    told: String,
    #[serde(flatten)]
    sent: Sent,
}

/// `GET /settings/company-info/{kind}/new`.
pub async fn new(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    kind: web::Path<String>,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, PageError> {
    let kind = kind_of(&kind)?;
    let wanted = wanted.into_inner();
    let typed = Typed {
        name: wanted.label.clone(),
        integrated: wanted.integrated,
        label: wanted.label,
        ..Typed::default()
    };
    let version = settings.version(&shell).await?;
    let sent = Sent::new(version, wanted.return_to.as_deref());
    let page = LabelPage::to_add(&settings, shell, kind, &typed, &sent).await?;
    page::show(&page)
}

/// `POST /settings/company-info/{kind}/new`.
pub async fn create(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    session: Session,
    kind: web::Path<String>,
    typed: web::Form<Typed>,
) -> Result<HttpResponse, PageError> {
    let kind = kind_of(&kind)?;
    let sent = typed.sent.clone();
    let row = match judge(kind, &typed) {
        Ok(row) => row,
        Err(problems) => return again(&settings, shell, kind, &typed, &sent, problems).await,
    };
    let alias = overshadowed(&settings, &shell, kind, &row.label, row.integrated).await?;
    let refuses = alias.is_some_and(|alias| alias.is_refused);
    if refuses && label::fold(&typed.told) != label::fold(&row.label) {
        let mut page = LabelPage::to_add(&settings, shell, kind, &typed, &sent).await?;
        page.alert = Some(format!(
            "Nothing is saved yet: production requests that name {} would be refused. Add it once more if that is meant.",
            row.label
        ));
        return page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let company = shell.company.id;
    let new = row.clone();
    let outcome = settings
        .change(&shell, &sent, None, move |connection| {
            labels::create(connection, company, kind, &new)
        })
        .await?;
    match outcome {
        Outcome::Saved(_) | Outcome::AsItWas => {
            let state = on_words(kind);
            let words = format!("The {} {} is {state}.", kind.noun(), row.label);
            done(&session, &sent, &list(kind), &words)
        }
        Outcome::Overtaken(_) | Outcome::Refused(LabelProblem::Gone) => Err(PageError::NotFound),
        Outcome::Refused(LabelProblem::Taken(other)) => {
            let words = format!("There is a {} {other} already.", kind.noun());
            let problems = Problems::one("label", words);
            again(&settings, shell, kind, &typed, &sent, problems).await
        }
    }
}

async fn again(
    settings: &Settings,
    shell: Shell,
    kind: LabelKind,
    typed: &Typed,
    sent: &Sent,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let mut page = LabelPage::to_add(settings, shell, kind, typed, sent).await?;
    for field in &mut page.fields {
        field.problem = problems.at(field.name);
    }
    page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

fn judge(kind: LabelKind, typed: &Typed) -> Result<NewRow, Problems> {
    let mut problems = Problems::default();
    let label = match NewLabel::parse(&typed.label) {
        Ok(label) => label.as_str().to_owned(),
        Err(fault) => {
            problems.add("label", fault.words());
            String::new()
        }
    };
    let label = match kind {
        LabelKind::Language if problems.are_none() => {
            language::canonical(&label).unwrap_or_else(|| {
                let words = "This is no language tag, such as en, fr-CA or zh-Hant.";
                problems.add("label", words);
                label
            })
        }
        _ => label,
    };
    let name = match (kind, typed.name.trim()) {
        (LabelKind::Language, _) | (_, "") => label.clone(),
        (_, name) => form::name(name).unwrap_or_else(|words| {
            problems.add("name", words);
            String::new()
        }),
    };
    problems.or(NewRow {
        label,
        name,
        integrated: !typed.integrated.is_empty(),
    })
}

impl LabelPage {
    async fn to_add(
        settings: &Settings,
        shell: Shell,
        kind: LabelKind,
        typed: &Typed,
        sent: &Sent,
    ) -> Result<Self, PageError> {
        let noun = kind.noun();
        let integrated = !typed.integrated.is_empty();
        let mut told = match typed.label.trim() {
            // Any other brand or language may make it necessary to name one.
            "" => tell_new(settings, &shell, kind, "~new", integrated).await?,
            label => tell_new(settings, &shell, kind, label, integrated).await?,
        };
        let mut hidden = sent.hidden();
        let mut rests = None;
        let alias = overshadowed(settings, &shell, kind, &typed.label, integrated).await?;
        if let Some(Overshadowed { alias, is_refused }) = alias {
            let mut words = format!(
                "{} is an alias of {} now. The new {noun} counts before it: requests that name it are its own, and the alias rests.",
                alias.label, alias.target
            );
            if is_refused {
                words.push_str(" Until it is integrated it refuses production requests.");
                hidden.push(("told", typed.label.clone()));
                let (company, production) = (shell.company.id, &[Environment::Production]);
                let refused = effect::of_alias(settings, company, kind, alias, production).await?;
                told = refused.and(told);
            }
            rests = Some(Notice::info(&words));
        }
        let notices: Vec<Notice> = told.notices().into_iter().chain(rests).collect();
        let label_field = match kind {
            LabelKind::Language => Field::text("label", "Tag", &typed.label)
                .typed(Control::Offers(&language::COMMON))
                .hint("Pick one, or type any BCP 47 tag: a language, maybe with a region, such as fr-CA. It never changes."),
            _ => Field::text("label", "Label", &typed.label)
                .hint("What requests name. It never changes; case and _ or - make no difference."),
        };
        let name_field = Field::text("name", "Name", &typed.name)
            .hint("As people see it. The label when left empty.")
            .optional();
        let integrated_field = Field::text(
            "integrated",
            "Integrated: take production requests at once",
            &typed.integrated,
        )
        .typed(Control::Check)
        .hint("Otherwise it begins in manual mode and takes test requests only.");
        let fields = match kind {
            LabelKind::Channel => vec![label_field, name_field, integrated_field],
            LabelKind::Brand => vec![label_field, name_field],
            LabelKind::Language => vec![label_field],
        };
        Ok(Self {
            heading: format!("Add a {noun}"),
            sentence: match kind {
                LabelKind::Channel => "Requests may name it from the next one on. Confirm that its consumer experience has the copy you want.".to_owned(),
                _ => "Requests may name it from the next one on.".to_owned(),
            },
            list: list(kind),
            notices: match typed.label.trim().is_empty() {
                true => notices.into_iter().filter(|n| n.source.is_some()).collect(),
                false => notices,
            },
            alert: None,
            fields,
            hidden,
            leave: sent.back().unwrap_or_else(|| list(kind)),
            button: format!("Add the {noun}"),
            shell,
        })
    }
}

/// An alias whose place a new label would take.
struct Overshadowed {
    alias: AliasRow,
    /// Whether it lets production requests in, and the label would not.
    is_refused: bool,
}

/// The alias whose place a new label would take.
async fn overshadowed(
    settings: &Settings,
    shell: &Shell,
    kind: LabelKind,
    label: &str,
    integrated: bool,
) -> Result<Option<Overshadowed>, PageError> {
    let (company, label) = (shell.company.id, label.to_owned());
    let found = settings.store.read(company, move |connection| {
        aliases::find(connection, company, kind, &label)
    });
    let Some(alias) = found.await? else {
        return Ok(None);
    };
    let passing = effect::let_in(settings, company, kind, &alias).await?;
    // A new brand or language is active, and takes what any other does.
    let is_manual = kind == LabelKind::Channel && !integrated;
    Ok(Some(Overshadowed {
        alias,
        is_refused: is_manual && passing.contains(&Environment::Production),
    }))
}

/// What a new label does: those who name none may be refused, those who name it pass.
async fn tell_new(
    settings: &Settings,
    shell: &Shell,
    kind: LabelKind,
    label: &str,
    integrated: bool,
) -> Result<Told, PageError> {
    let company = shell.company.id;
    let label = label.to_owned();
    let folded = label::fold(&label).into_owned();
    let known = effect::of_labels(settings, company, |rules| match kind {
        LabelKind::Channel => rules.channels.push(Channel::new(&label, true, integrated)),
        LabelKind::Brand => rules.brands.push(Brand::new(&label, true)),
        LabelKind::Language => rules.languages.push(Language::new(&label, true)),
    })
    .await?;
    let unknown = effect::of_findings(settings, company, unknown(kind), |cause| {
        let sent = cause.value.as_deref().map(label::fold);
        let is_taken = kind != LabelKind::Channel
            || integrated
            || cause.environment == Environment::Test.number();
        is_taken && sent.as_deref() == Some(&folded)
    })
    .await?;
    Ok(known.and(unknown))
}
