//! A channel, brand or language is switched on or off, a channel to integrated or manual mode.

use actix_session::Session;
use actix_web::{HttpResponse, web};

use super::super::effect;
use super::super::{CameFrom, Sent, Settings, done};
use super::{find, list, on_words, thing};
use crate::domain::settings::CompanySettings;
use crate::error::PageError;
use crate::store::change::Outcome;
use crate::store::labels::{self, LabelKind, LabelRow};
use crate::web::confirm::{ConfirmPage, Notice};
use crate::web::shell::{Admin, Shell};

/// What may be done to one, and what it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Switch {
    On,
    Off,
    Integrated,
    Manual,
}

/// `GET …/{verb}` of one: what it would do.
pub async fn ask(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    path: web::Path<(String, String, String)>,
    from: web::Query<CameFrom>,
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
        sentence: switch.sentence(kind, row.active),
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

    fn sentence(self, kind: LabelKind, is_on: bool) -> String {
        let noun = kind.noun();
        match self {
            Self::Integrated | Self::Manual if !is_on => {
                "All requests that name this channel are refused until it is enabled under Company Info."
                    .to_owned()
            }
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
