//! Channels, brands and languages: one is added, named, switched on or off. A label never changes:
//! senders name it. Before anything is saved the page says what it does to the traffic.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::effect::{self, Told};
use super::{From, Sent, Settings, done};
use crate::domain::dictionary::Reason;
use crate::domain::label::{self, NewLabel};
use crate::domain::language;
use crate::domain::request::Environment;
use crate::domain::settings::{Brand, Channel, CompanySettings, Language};
use crate::error::PageError;
use crate::store::aliases::{self, AliasRow};
use crate::store::change::{Outcome, Thing};
use crate::store::labels::{self, LabelKind, LabelProblem, LabelRow, NewRow};
use crate::web::confirm::{ConfirmPage, Notice};
use crate::web::form::{self, Control, Field, Problems};
use crate::web::page;
use crate::web::redirect::segment;
use crate::web::shell::{Admin, Shell};

/// The form to add one, to give one another name, or to read another word as it.
#[derive(Template)]
#[template(path = "settings/label.html")]
pub(super) struct LabelPage {
    pub(super) shell: Shell,
    pub(super) heading: String,
    pub(super) sentence: String,
    pub(super) list: String,
    pub(super) notices: Vec<Notice>,
    pub(super) alert: Option<String>,
    pub(super) fields: Vec<Field>,
    pub(super) hidden: Vec<(&'static str, String)>,
    pub(super) leave: String,
    pub(super) button: String,
}

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
    #[serde(flatten)]
    sent: Sent,
}

/// What may be done to one, and what it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Switch {
    On,
    Off,
    Integrated,
    Manual,
}

/// Where the list of a kind is.
pub fn list(kind: LabelKind) -> String {
    format!("/settings/company-info#{}", kind.plural())
}

/// The address of something about one.
fn address(kind: LabelKind, label: &str, verb: &str) -> String {
    let label = segment(label);
    format!("/settings/company-info/{}/{label}/{verb}", kind.plural())
}

/// Addresses of what may be done to one.
pub(super) fn switch_address(kind: LabelKind, row: &LabelRow) -> String {
    let verb = if row.active {
        "deactivation"
    } else {
        "activation"
    };
    address(kind, &row.label, verb)
}

pub(super) fn name_address(kind: LabelKind, row: &LabelRow) -> String {
    address(kind, &row.label, "name")
}

pub(super) fn integration_address(row: &LabelRow) -> String {
    let verb = if row.integrated {
        "manual-mode"
    } else {
        "integration"
    };
    let label = segment(&row.label);
    format!("/settings/integrations/channels/{label}/{verb}")
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
        sent: Sent::default(),
    };
    let version = version(&settings, &shell).await?;
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
        let notices = match typed.label.trim() {
            // Any other brand or language may make it necessary to name one.
            "" => tell_new(settings, &shell, kind, "~new", integrated).await?,
            label => tell_new(settings, &shell, kind, label, integrated).await?,
        };
        let mut notices = notices.notices();
        if let Some(alias) = alias_of(settings, &shell, kind, &typed.label).await? {
            notices.push(Notice::info(&format!(
                "{} is an alias of {} now. The new {noun} counts before it: requests that name it are its own, and the alias rests.",
                alias.label, alias.target
            )));
        }
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
            hidden: sent.hidden(),
            leave: sent.back().unwrap_or_else(|| list(kind)),
            button: format!("Add the {noun}"),
            shell,
        })
    }
}

/// The alias whose place a new label would take.
async fn alias_of(
    settings: &Settings,
    shell: &Shell,
    kind: LabelKind,
    label: &str,
) -> Result<Option<AliasRow>, PageError> {
    let (company, label) = (shell.company.id, label.to_owned());
    let found = settings.store.read(company, move |connection| {
        aliases::find(connection, company, kind, &label)
    });
    Ok(found.await?)
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

/// Why a label that nobody knows is refused.
pub(super) fn unknown(kind: LabelKind) -> Reason {
    match kind {
        LabelKind::Channel => Reason::ChannelUnknown,
        LabelKind::Brand => Reason::BrandUnknown,
        LabelKind::Language => Reason::LanguageUnknown,
    }
}

/// `GET /settings/company-info/{kind}/{label}/name`.
pub async fn name(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    path: web::Path<(String, String)>,
    from: web::Query<From>,
) -> Result<HttpResponse, PageError> {
    let (kind, row, version) = find(&settings, &shell, &path).await?;
    let sent = Sent::new(version, from.return_to.as_deref());
    page::show(&LabelPage::to_name(shell, kind, &row, &row.name, &sent))
}

/// `POST /settings/company-info/{kind}/{label}/name`.
pub async fn rename(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    session: Session,
    path: web::Path<(String, String)>,
    typed: web::Form<Typed>,
) -> Result<HttpResponse, PageError> {
    let (kind, row, version) = find(&settings, &shell, &path).await?;
    let sent = typed.sent.clone();
    let name = match form::name(&typed.name) {
        Ok(name) => name,
        Err(words) => {
            let mut page = LabelPage::to_name(shell, kind, &row, &typed.name, &sent);
            page.fields[0].problem = Some(words.to_owned());
            return page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let (company, id) = (shell.company.id, row.id);
    let new = name.clone();
    let outcome = settings
        .change(&shell, &sent, thing(kind, id), move |connection| {
            labels::rename(connection, company, kind, id, &new)
        })
        .await?;
    match outcome {
        Outcome::Saved(_) | Outcome::AsItWas => {
            let words = format!("The {} {} is called {name}.", kind.noun(), row.label);
            done(&session, &sent, &list(kind), &words)
        }
        Outcome::Overtaken(other) => {
            let words = settings.overtaken(&shell, &other);
            let sent = Sent { version, ..sent };
            let mut page = LabelPage::to_name(shell, kind, &row, &name, &sent);
            page.alert = Some(format!("{words} It is called {} now.", row.name));
            page::show_with(StatusCode::CONFLICT, &page)
        }
        Outcome::Refused(_) => Err(PageError::NotFound),
    }
}

impl LabelPage {
    fn to_name(shell: Shell, kind: LabelKind, row: &LabelRow, name: &str, sent: &Sent) -> Self {
        Self {
            shell,
            heading: format!("Name of {}", row.label),
            sentence: "As people see it. Requests name the label, which stays.".to_owned(),
            list: list(kind),
            notices: Vec::new(),
            alert: None,
            fields: vec![Field::text("name", "Name", name)],
            hidden: sent.hidden(),
            leave: sent.back().unwrap_or_else(|| list(kind)),
            button: "Save".to_owned(),
        }
    }
}

/// `GET …/{verb}` of one: what it would do.
pub async fn ask(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    path: web::Path<(String, String, String)>,
    from: web::Query<From>,
) -> Result<HttpResponse, PageError> {
    let (kind, label, switch) = read_path(&path)?;
    let (kind, row, version) = find(&settings, &shell, &(kind, label)).await?;
    let sent = Sent::new(version, from.return_to.as_deref());
    let page = confirm(&settings, shell, kind, &row, switch, &sent).await?;
    page.answer(false)
}

/// `POST …/{verb}` of one.
pub async fn act(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    session: Session,
    path: web::Path<(String, String, String)>,
    sent: web::Form<Sent>,
) -> Result<HttpResponse, PageError> {
    let (kind, label, switch) = read_path(&path)?;
    let (kind, row, version) = find(&settings, &shell, &(kind, label)).await?;
    let (company, id) = (shell.company.id, row.id);
    let outcome = settings
        .change(
            &shell,
            &sent,
            thing(kind, id),
            move |connection| match switch {
                Switch::On => labels::switch(connection, company, kind, id, true),
                Switch::Off => labels::switch(connection, company, kind, id, false),
                Switch::Integrated => labels::integrate(connection, company, id, true),
                Switch::Manual => labels::integrate(connection, company, id, false),
            },
        )
        .await?;
    match outcome {
        Outcome::Saved(_) | Outcome::AsItWas => {
            let words = format!(
                "The {} {} is {}.",
                kind.noun(),
                row.label,
                switch.state(kind)
            );
            done(&session, &sent, &switch.list(kind), &words)
        }
        Outcome::Overtaken(other) => {
            let words = settings.overtaken(&shell, &other);
            let sent = Sent {
                version,
                ..sent.into_inner()
            };
            let mut page = confirm(&settings, shell, kind, &row, switch, &sent).await?;
            page.notices.insert(0, Notice::problem(words));
            page.answer(true)
        }
        Outcome::Refused(_) => Err(PageError::NotFound),
    }
}

async fn confirm(
    settings: &Settings,
    shell: Shell,
    kind: LabelKind,
    row: &LabelRow,
    switch: Switch,
    sent: &Sent,
) -> Result<ConfirmPage, PageError> {
    let told = effect::of_labels(settings, shell.company.id, |rules| {
        set(rules, kind, row, switch);
    })
    .await?;
    let verb = switch.verb(kind);
    let mut notices = told.notices();
    if (kind, switch) == (LabelKind::Channel, Switch::On) {
        notices.push(Notice::info(
            "Afterwards confirm that the consumer experience of this channel has the copy you want.",
        ));
        if !row.integrated {
            notices.push(Notice::info(
                "The channel is in manual mode: production requests are refused until it is switched to integrated, under Integrations.",
            ));
        }
    }
    let list = switch.list(kind);
    let (above, above_address) = switch.above();
    Ok(ConfirmPage {
        shell,
        above: vec![
            ("Settings", "/settings".to_owned()),
            (above, above_address.to_owned()),
        ],
        heading: match switch {
            Switch::Integrated => format!("Switch {} to integrated?", row.label),
            Switch::Manual => format!("Switch {} to manual mode?", row.label),
            Switch::On | Switch::Off => format!("{verb} {}?", row.label),
        },
        sentence: switch.sentence(kind),
        notices,
        button: match switch {
            Switch::Integrated => format!("Switch {} to integrated", row.label),
            Switch::Manual => format!("Switch {} to manual mode", row.label),
            Switch::On | Switch::Off => format!("{verb} {}", row.label),
        },
        is_danger: matches!(switch, Switch::Off | Switch::Manual),
        leave: ("Leave it as it is".to_owned(), sent.back().unwrap_or(list)),
        hidden: sent.hidden(),
    })
}

fn set(rules: &mut CompanySettings, kind: LabelKind, row: &LabelRow, switch: Switch) {
    match kind {
        LabelKind::Channel => {
            let mut channels = rules.channels.iter_mut();
            if let Some(channel) = channels.find(|c| c.folded == row.folded) {
                match switch {
                    Switch::On => channel.enabled = true,
                    Switch::Off => channel.enabled = false,
                    Switch::Integrated => channel.integrated = true,
                    Switch::Manual => channel.integrated = false,
                }
            }
        }
        LabelKind::Brand => {
            let mut brands = rules.brands.iter_mut();
            if let Some(brand) = brands.find(|b| b.folded == row.folded) {
                brand.active = switch == Switch::On;
            }
        }
        LabelKind::Language => {
            let mut languages = rules.languages.iter_mut();
            if let Some(language) = languages.find(|l| l.folded == row.folded) {
                language.active = switch == Switch::On;
            }
        }
    }
}

impl Switch {
    fn parse(verb: &str) -> Option<Self> {
        match verb {
            "activation" => Some(Self::On),
            "deactivation" => Some(Self::Off),
            "integration" => Some(Self::Integrated),
            "manual-mode" => Some(Self::Manual),
            _ => None,
        }
    }

    fn is_about_integration(self) -> bool {
        matches!(self, Self::Integrated | Self::Manual)
    }

    fn verb(self, kind: LabelKind) -> &'static str {
        match (self, kind) {
            (Self::On, LabelKind::Channel) => "Enable",
            (Self::Off, LabelKind::Channel) => "Disable",
            (Self::On, _) => "Activate",
            (Self::Off, _) => "Deactivate",
            (Self::Integrated | Self::Manual, _) => "Switch",
        }
    }

    fn state(self, kind: LabelKind) -> &'static str {
        match (self, kind) {
            (Self::On, kind) => on_words(kind),
            (Self::Off, LabelKind::Channel) => "not enabled any more",
            (Self::Off, _) => "not active any more",
            (Self::Integrated, _) => "integrated",
            (Self::Manual, _) => "in manual mode",
        }
    }

    fn sentence(self, kind: LabelKind) -> String {
        let noun = kind.noun();
        match self {
            Self::On => {
                format!("Requests that name this {noun} are accepted from the next one on.")
            }
            Self::Off => {
                format!("Requests that name this {noun} are refused until it is switched on again.")
            }
            Self::Integrated => {
                "Production requests that name this channel are accepted from the next one on."
                    .to_owned()
            }
            Self::Manual => {
                "Production requests that name this channel are refused; test requests still pass."
                    .to_owned()
            }
        }
    }

    fn list(self, kind: LabelKind) -> String {
        match self.is_about_integration() {
            true => "/settings/integrations#channels".to_owned(),
            false => list(kind),
        }
    }

    fn above(self) -> (&'static str, &'static str) {
        match self.is_about_integration() {
            true => ("Integrations", "/settings/integrations"),
            false => ("Company Info", "/settings/company-info"),
        }
    }
}

fn on_words(kind: LabelKind) -> &'static str {
    match kind {
        LabelKind::Channel => "enabled",
        LabelKind::Brand | LabelKind::Language => "active",
    }
}

fn thing(kind: LabelKind, id: i64) -> Option<Thing> {
    Some(Thing {
        noun: kind.noun(),
        id: Some(id),
    })
}

pub(super) fn kind_of(plural: &str) -> Result<LabelKind, PageError> {
    LabelKind::from_plural(plural).ok_or(PageError::NotFound)
}

/// Kind, label and verb of an address; only channels are integrated.
fn read_path(path: &(String, String, String)) -> Result<(String, String, Switch), PageError> {
    let (kind, label, verb) = path;
    let switch = Switch::parse(verb).ok_or(PageError::NotFound)?;
    let is_channel = kind == LabelKind::Channel.plural();
    if switch.is_about_integration() && !is_channel {
        return Err(PageError::NotFound);
    }
    Ok((kind.clone(), label.clone(), switch))
}

async fn find(
    settings: &Settings,
    shell: &Shell,
    (kind, label): &(String, String),
) -> Result<(LabelKind, LabelRow, i64), PageError> {
    let kind = kind_of(kind)?;
    let (company, label) = (shell.company.id, label.clone());
    // The version first: what is read after it is at least as new.
    let found = settings.store.read(company, move |connection| {
        let version = crate::store::companies::find(connection, company)?.settings_version;
        let row = labels::find(connection, company, kind, &label)?;
        Ok(row.map(|row| (row, version)))
    });
    let (row, version) = found.await?.ok_or(PageError::NotFound)?;
    Ok((kind, row, version))
}

pub(super) async fn version(settings: &Settings, shell: &Shell) -> Result<i64, PageError> {
    let company = shell.company.id;
    let read = settings.store.read(company, move |connection| {
        Ok(crate::store::companies::find(connection, company)?.settings_version)
    });
    Ok(read.await?)
}
