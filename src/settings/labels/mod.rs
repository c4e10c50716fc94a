//! Channels, brands and languages: one is added, named, switched on or off. A label never changes:
//! senders name it. Before anything is saved the page says what it does to the traffic.

pub mod add;
pub mod name;
pub mod switch;

use askama::Template;

use super::Settings;
use crate::domain::dictionary::Reason;
use crate::error::PageError;
use crate::store::change::Thing;
use crate::store::labels::{self, LabelKind, LabelRow};
use crate::web::confirm::Notice;
use crate::web::form::{Control, Field};
use crate::web::redirect::segment;
use crate::web::shell::Shell;

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

/// Why a label that nobody knows is refused.
pub(super) fn unknown(kind: LabelKind) -> Reason {
    match kind {
        LabelKind::Channel => Reason::ChannelUnknown,
        LabelKind::Brand => Reason::BrandUnknown,
        LabelKind::Language => Reason::LanguageUnknown,
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
