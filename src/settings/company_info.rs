//! Company Info: name, zone and expunge threshold, and the channels, brands and languages that
//! requests are checked against.

use std::collections::BTreeMap;

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use serde::Deserialize;

use super::aliases::{add_address, removal_address};
use super::labels::{name_address, switch_address};
use super::{Sent, Settings, done, effect};
use crate::domain::cube::Cube;
use crate::domain::filter::Label;
use crate::domain::window::{Preset, Range};
use crate::error::PageError;
use crate::store::aliases::{self, AliasRow};
use crate::store::change::{Outcome, Thing};
use crate::store::companies::{self, CompanyRow, Facts};
use crate::store::counts;
use crate::store::labels::{self, LabelKind, LabelRow};
use crate::web::form::{self, Control, Field, Problems};
use crate::web::format::Moment;
use crate::web::page;
use crate::web::shell::{Admin, Shell};

const HERE: &str = "/settings/company-info";

/// The page.
#[derive(Template)]
#[template(path = "settings/company_info.html")]
struct CompanyInfoPage {
    shell: Shell,
    alert: Option<String>,
    fields: Vec<Field>,
    hidden: Vec<(&'static str, String)>,
    sections: Vec<Section>,
}

/// The channels, the brands or the languages.
struct Section {
    kind: LabelKind,
    title: &'static str,
    sentence: &'static str,
    lines: Vec<Line>,
    add: String,
    aliases: Vec<Alias>,
    add_alias: String,
}

/// Another word that is read as one of them.
struct Alias {
    label: String,
    target: String,
    /// Whether there is one of this label now, which counts before it.
    rests: bool,
    remove: String,
}

/// One of them.
struct Line {
    name: String,
    label: Option<String>,
    is_on: bool,
    is_manual: bool,
    rate: String,
    switch: String,
    rename: String,
}

/// What is typed.
#[derive(Debug, Deserialize)]
pub struct Typed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    zone: String,
    #[serde(default)]
    expunge: String,
    #[serde(flatten)]
    sent: Sent,
}

/// What the store tells.
struct Stored {
    row: CompanyRow,
    labels: Vec<(LabelKind, Vec<LabelRow>)>,
    aliases: Vec<AliasRow>,
    cube: Cube,
}

/// `GET /settings/company-info`.
pub async fn show(shell: Shell, settings: web::Data<Settings>) -> Result<HttpResponse, PageError> {
    let stored = read(&settings, &shell).await?;
    page::show(&CompanyInfoPage::new(&settings, shell, &stored, None))
}

/// `POST /settings/company-info`.
pub async fn save(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    session: Session,
    typed: web::Form<Typed>,
) -> Result<HttpResponse, PageError> {
    let facts = match typed.judge(settings.retention_days) {
        Ok(facts) => facts,
        Err(problems) => return again(&settings, shell, &typed, problems).await,
    };
    let company = shell.company.id;
    let thing = Thing {
        noun: "company",
        id: Some(company.0),
    };
    let outcome = settings
        .change(&shell, &typed.sent, Some(thing), move |connection| {
            companies::set_facts(connection, company, &facts)
        })
        .await?;
    match outcome {
        Outcome::Saved(_) => done(
            &session,
            &typed.sent,
            HERE,
            "The company’s facts are saved.",
        ),
        Outcome::AsItWas => done(&session, &typed.sent, HERE, "Nothing was different."),
        Outcome::Refused(_) => {
            let words = "Another company of this installation has this name.";
            again(&settings, shell, &typed, Problems::one("name", words)).await
        }
        Outcome::Overtaken(other) => {
            let words = settings.overtaken(&shell, &other);
            let stored = read(&settings, &shell).await?;
            let row = &stored.row;
            let now = format!(
                "{words} Now it is: {}, {}, {} days. Below is what you typed.",
                row.name, row.time_zone, row.expunge_after_days
            );
            let again = Some((&*typed, Problems::default()));
            let mut page = CompanyInfoPage::new(&settings, shell, &stored, again);
            page.alert = Some(now);
            page::show_with(StatusCode::CONFLICT, &page)
        }
    }
}

async fn again(
    settings: &Settings,
    shell: Shell,
    typed: &Typed,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let mut stored = read(settings, &shell).await?;
    // What was typed is about what was seen.
    stored.row.settings_version = typed.sent.version;
    let page = CompanyInfoPage::new(settings, shell, &stored, Some((typed, problems)));
    page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

async fn read(settings: &Settings, shell: &Shell) -> Result<Stored, PageError> {
    let company = shell.company.id;
    let window = Range::Last(Preset::Week).at(settings.clock.now());
    let retention = i32::try_from(settings.retention_days).unwrap_or(i32::MAX);
    let read = settings.store.read(company, move |connection| {
        let mut row = companies::find(connection, company)?;
        // Personal data goes with its request at the latest, and the form takes no longer threshold.
        row.expunge_after_days = row.expunge_after_days.min(retention);
        let labels = LabelKind::ALL
            .into_iter()
            .map(|kind| Ok((kind, labels::all(connection, company, kind)?)))
            .collect::<Result<_, diesel::result::Error>>()?;
        Ok(Stored {
            row,
            labels,
            aliases: aliases::all(connection, company)?,
            cube: counts::cube(connection, company, window)?,
        })
    });
    Ok(read.await?)
}

impl Typed {
    fn judge(&self, retention_days: u32) -> Result<Facts, Problems> {
        let mut problems = Problems::default();
        let name = form::name(&self.name).unwrap_or_else(|words| {
            problems.add("name", words);
            String::new()
        });
        let zone = self.zone.parse().unwrap_or_else(|_| {
            problems.add("zone", "Choose one of the zones.");
            Tz::UTC
        });
        let days = match self.expunge.trim().parse::<u32>() {
            Ok(days) if days > retention_days => {
                let words =
                    format!("At most {retention_days} days, the retention of this installation.");
                problems.add("expunge", words);
                1
            }
            Ok(days @ 1..) => i32::try_from(days).unwrap_or(i32::MAX),
            _ => {
                problems.add("expunge", "Type a number of days, at least 1.");
                1
            }
        };
        problems.or(Facts {
            name,
            zone,
            expunge_after_days: days,
        })
    }
}

impl CompanyInfoPage {
    fn new(
        settings: &Settings,
        shell: Shell,
        stored: &Stored,
        typed: Option<(&Typed, Problems)>,
    ) -> Self {
        let row = &stored.row;
        let (name, zone, expunge, problems) = match typed {
            Some((typed, problems)) => (
                typed.name.clone(),
                typed.zone.clone(),
                typed.expunge.clone(),
                problems,
            ),
            None => (
                row.name.clone(),
                row.time_zone.clone(),
                row.expunge_after_days.to_string(),
                Problems::default(),
            ),
        };
        let zones = zones(settings.clock.now(), &row.time_zone);
        let retention = settings.retention_days;
        let fields = vec![
            Field::text("name", "Company name", name),
            Field::text("zone", "Time zone", zone)
                .typed(Control::Select(zones))
                .hint("All times on these pages are shown in it."),
            Field::text("expunge", "Delete personal data after", expunge)
                .typed(Control::Number("days"))
                .hint(
                    "Name, e-mail, body, answer and address of customers. Facts and counts stay. A shorter time deletes within a minute what is older.",
                ),
            Field::text("retention", "Keep requests for", format!("{retention} days"))
                .typed(Control::Fixed)
                .hint("The retention is a setting of the installation."),
        ];
        let fields = fields.into_iter().map(|f| f.with(&problems)).collect();
        let sections = stored.labels.iter();
        Self {
            alert: None,
            fields,
            hidden: Sent::new(row.settings_version, None).hidden(),
            sections: sections
                .map(|(kind, rows)| Section::new(*kind, rows, stored))
                .collect(),
            shell,
        }
    }
}

impl Section {
    fn new(kind: LabelKind, rows: &[LabelRow], stored: &Stored) -> Self {
        let (title, sentence) = match kind {
            LabelKind::Channel => (
                "Channels",
                "Requests may name a channel when it is enabled. Whether it takes production requests is switched under Integrations.",
            ),
            LabelKind::Brand => (
                "Brands",
                "With several active brands a request must name one. A label never changes, a name can.",
            ),
            LabelKind::Language => (
                "Languages",
                "With several active languages a request must name one. en-US does not match en.",
            ),
        };
        let mut sent: BTreeMap<&str, i64> = BTreeMap::new();
        for cell in &stored.cube.0 {
            let label = match kind {
                LabelKind::Channel => &cell.channel,
                LabelKind::Brand => &cell.brand,
                LabelKind::Language => &cell.language,
            };
            if let Label::Named(label) = label {
                *sent.entry(label).or_default() += cell.count;
            }
        }
        let line = |row: &LabelRow| Line {
            name: row.name.clone(),
            label: (row.name != row.label).then(|| row.label.clone()),
            is_on: row.active,
            is_manual: kind == LabelKind::Channel && row.active && !row.integrated,
            rate: effect::rate(sent.get(row.label.as_str()).copied().unwrap_or(0)),
            switch: switch_address(kind, row),
            rename: name_address(kind, row),
        };
        let aliases = stored.aliases.iter();
        let aliases = aliases.filter(|alias| alias.kind == kind.number());
        let alias = |alias: &AliasRow| Alias {
            label: alias.label.clone(),
            target: alias.target.clone(),
            rests: rows.iter().any(|row| row.folded == alias.folded),
            remove: removal_address(kind, alias),
        };
        Self {
            kind,
            title,
            sentence,
            lines: rows.iter().map(line).collect(),
            add: format!("{HERE}/{}/new", kind.plural()),
            aliases: aliases.map(alias).collect(),
            add_alias: add_address(kind),
        }
    }

    fn switch_words(&self, line: &Line) -> &'static str {
        match (self.kind, line.is_on) {
            (LabelKind::Channel, true) => "Disable …",
            (LabelKind::Channel, false) => "Enable …",
            (_, true) => "Deactivate …",
            (_, false) => "Activate …",
        }
    }

    fn state(&self, line: &Line) -> &'static str {
        match (self.kind, line.is_on) {
            (LabelKind::Channel, true) => "enabled",
            (LabelKind::Channel, false) => "not enabled",
            (_, true) => "active",
            (_, false) => "inactive",
        }
    }

    fn is_named(&self) -> bool {
        self.kind != LabelKind::Language
    }
}

/// The zones to choose from: those with a place in their name, `UTC`, and the one chosen.
fn zones(now: DateTime<Utc>, chosen: &str) -> Vec<(String, String)> {
    let is_offered = |zone: &&Tz| {
        let name = zone.name();
        let area = name.split('/').next().unwrap_or(name);
        let is_place = name.contains('/') && !matches!(area, "Etc" | "SystemV" | "US");
        is_place || name == "UTC" || name == chosen
    };
    let words = |zone: &Tz| {
        let offset = Moment::new(now, *zone).offset();
        format!("{} ({offset})", zone.name().replace('_', " "))
    };
    TZ_VARIANTS
        .iter()
        .filter(is_offered)
        .map(|zone| (zone.name().to_owned(), words(zone)))
        .collect()
}
