//! The audit log: who changed what, when, from what to what.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::Value;

use super::Settings;
use crate::domain::change::Place;
use crate::error::PageError;
use crate::store::audit::{self, EntryRow, Wanted};
use crate::store::users;
use crate::web::format::{Moment, number};
use crate::web::page;
use crate::web::shell::Shell;

const HERE: &str = "/settings/audit-log";

/// Entries on a page.
const PAGE_ROWS: usize = 50;

/// What entries may be about, as the first word of their action and in words.
const NOUNS: [(&str, &str); 13] = [
    ("company", "Company"),
    ("channel", "Channels"),
    ("brand", "Brands"),
    ("language", "Languages"),
    ("alias", "Aliases"),
    ("employee", "Employees"),
    ("mail", "E-mails"),
    ("api_key", "Keys"),
    ("cause", "Causes"),
    ("request", "Requests sent again"),
    ("list", "Exports"),
    ("view", "Saved views"),
    ("user", "Users and signing in"),
];

/// What only admins see.
const FOR_ADMINS: [&str; 2] = ["api_key", "user"];

/// The page.
#[derive(Template)]
#[template(path = "settings/audit_log.html")]
struct AuditLogPage {
    shell: Shell,
    nouns: Vec<(&'static str, &'static str)>,
    about: String,
    people: Vec<(i64, String)>,
    by: Option<i64>,
    lines: Vec<Line>,
    zone: String,
    first: Option<String>,
    older: Option<String>,
}

/// An entry.
struct Line {
    at: Moment,
    when: String,
    actor: String,
    action: String,
    subject: String,
    /// What, before, after.
    changes: Vec<(String, Option<String>, Option<String>)>,
    version: Option<String>,
}

/// What the address says.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    about: String,
    #[serde(default)]
    by: String,
    #[serde(default)]
    before: String,
}

/// `GET /settings/audit-log`.
pub async fn show(
    shell: Shell,
    settings: web::Data<Settings>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, PageError> {
    let company = shell.company.id;
    let sees_all = shell.operator.is_admin();
    let nouns = NOUNS.into_iter();
    let nouns: Vec<_> = nouns
        .filter(|(noun, _)| sees_all || !FOR_ADMINS.contains(noun))
        .collect();
    let about = nouns.iter().find(|(noun, _)| *noun == asked.about);
    let wanted = Wanted {
        nouns: about.iter().map(|(noun, _)| (*noun).to_owned()).collect(),
        without: match sees_all {
            true => Vec::new(),
            false => FOR_ADMINS.to_vec(),
        },
        user_id: asked.by.parse().ok(),
        before: asked.before.parse().ok(),
    };
    let (by, is_first) = (wanted.user_id, wanted.before.is_none());
    let (mut entries, people) = settings
        .store
        .read(company, move |connection| {
            let limit = PAGE_ROWS as i64 + 1;
            let entries = audit::page(connection, company, &wanted, limit)?;
            Ok((entries, users::of_company(connection, company)?))
        })
        .await?;
    let goes_on = entries.len() > PAGE_ROWS;
    entries.truncate(PAGE_ROWS);
    let about = about.map_or("", |(noun, _)| noun).to_owned();
    let at = |before: &str| {
        let mut address = form_urlencoded::Serializer::new(String::new());
        let by = by.map(|id| id.to_string()).unwrap_or_default();
        for (name, value) in [("about", about.as_str()), ("by", &by), ("before", before)] {
            if !value.is_empty() {
                address.append_pair(name, value);
            }
        }
        format!("{HERE}?{}", address.finish())
    };
    let last = entries.last().filter(|_| goes_on);
    let last = last.map(|&EntryRow { at, id, .. }| Place { at, id });
    let older = last.map(|place| at(&place.to_string()));
    let first = (!is_first).then(|| at(""));
    let (zone, now) = (shell.company.zone, settings.clock.now());
    let lines = entries.into_iter().map(|e| Line::new(e, zone, now));
    page::show(&AuditLogPage {
        lines: lines.collect(),
        zone: Moment::new(now, zone).zone(),
        shell,
        nouns,
        about,
        people: people
            .into_iter()
            .map(|user| (user.id, user.name))
            .collect(),
        by,
        first,
        older,
    })
}

impl AuditLogPage {
    fn is_about(&self, noun: &str) -> bool {
        self.about == noun
    }

    fn is_by(&self, id: &i64) -> bool {
        self.by == Some(*id)
    }
}

impl Line {
    fn new(entry: EntryRow, zone: Tz, now: DateTime<Utc>) -> Self {
        let at = Moment::new(entry.at, zone);
        Self {
            at,
            when: at.short(now),
            actor: entry.actor,
            action: in_words(&entry.action),
            subject: entry.subject,
            changes: changes(entry.before.as_ref(), entry.after.as_ref()),
            version: entry.settings_version.map(number),
        }
    }
}

/// `brand.deactivated` as `Brand deactivated`.
fn in_words(action: &str) -> String {
    let words = action.replace(['.', '_'], " ").replace("api key", "key");
    let mut letters = words.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// Of a list of values so many are told.
const MOST_TOLD: usize = 20;

/// What is not the same before and after.
fn changes(
    before: Option<&Value>,
    after: Option<&Value>,
) -> Vec<(String, Option<String>, Option<String>)> {
    let get = |values: Option<&Value>, name: &str| values.and_then(|v| v.get(name)).map(text);
    let mut names: Vec<&String> = Vec::new();
    for values in [before, after].into_iter().flatten() {
        for name in values.as_object().into_iter().flat_map(|o| o.keys()) {
            if name != "id" && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
        .into_iter()
        .map(|name| {
            let title = name.replace('_', " ");
            (title, get(before, name), get(after, name))
        })
        .filter(|(_, before, after)| before != after)
        .collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) if text.is_empty() => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "none".to_owned(),
        Value::Array(values) => {
            let mut told: Vec<String> = values.iter().take(MOST_TOLD).map(text).collect();
            if let Some(more) = values.len().checked_sub(MOST_TOLD).filter(|more| *more > 0) {
                told.push(format!("{} more", number(more as i64)));
            }
            told.join(", ")
        }
        value => value.to_string(),
    }
}
