//! Employees: the list, one of them, and files of many.

pub mod files;
pub mod one;
pub mod status;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::Settings;
use crate::domain::employee_file::{Known, Profile};
use crate::domain::settings::ProfileStatus;
use crate::error::PageError;
use crate::store::employees::{self, Page, Place};
use crate::web::format::{Breakable, number};
use crate::web::page;
use crate::web::shell::Shell;

/// Where the list is.
pub(super) const HERE: &str = "/settings/employees";

/// The list.
#[derive(Template)]
#[template(path = "settings/employees.html")]
struct ListPage {
    shell: Shell,
    query: String,
    status: Option<ProfileStatus>,
    caption: String,
    is_empty: bool,
    lines: Vec<Line>,
    before: Option<String>,
    after: Option<String>,
    span: String,
}

/// An employee in the list.
struct Line {
    url: String,
    name: String,
    email: Option<Breakable>,
    custom_id: Option<String>,
    status: ProfileStatus,
}

/// What the address says.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    status: String,
    after: Option<i64>,
    before: Option<i64>,
}

/// `GET /settings/employees`.
pub async fn list(
    shell: Shell,
    settings: web::Data<Settings>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, PageError> {
    let company = shell.company.id;
    let asked = asked.into_inner();
    let status = read_status(&asked.status);
    let place = match (asked.after, asked.before) {
        (Some(id), _) => Place::After(id),
        (None, Some(id)) => Place::Before(id),
        (None, None) => Place::First,
    };
    let query = asked.q.trim().to_owned();
    let search = query.clone();
    let (page, total) = settings
        .store
        .read(company, move |connection| {
            let page = employees::page(connection, company, &search, status, place)?;
            let counts = employees::counts(connection, company)?;
            let total: i64 = match status {
                Some(status) => counts.get(&status).copied().unwrap_or(0),
                None => counts.values().sum(),
            };
            Ok((page, total))
        })
        .await?;
    page::show(&ListPage::new(shell, query, status, page, total))
}

/// A status as addresses and forms say it.
fn read_status(text: &str) -> Option<ProfileStatus> {
    ProfileStatus::ALL.into_iter().find(|s| s.as_str() == text)
}

/// The page of an employee.
fn address(id: i64) -> String {
    format!("{HERE}/{id}")
}

impl ListPage {
    fn new(
        shell: Shell,
        query: String,
        status: Option<ProfileStatus>,
        page: Page,
        total: i64,
    ) -> Self {
        let at = |name: &str, id: i64| {
            let mut address = form_urlencoded::Serializer::new(String::new());
            if !query.is_empty() {
                address.append_pair("q", &query);
            }
            if let Some(status) = status {
                address.append_pair("status", status.as_str());
            }
            address.append_pair(name, &id.to_string());
            format!("{HERE}?{}", address.finish())
        };
        let (first, last) = (page.rows.first(), page.rows.last());
        let before = first.filter(|_| page.has_before);
        let after = last.filter(|_| page.has_after);
        let state = status.map_or(String::new(), |s| format!(" {}", s.title().to_lowercase()));
        let people = if total == 1 { "employee" } else { "employees" };
        let total = number(total);
        Self {
            caption: match query.is_empty() {
                true => format!("{total}{state} {people}, by name"),
                false => format!("Found among {total}{state} {people}, by name"),
            },
            is_empty: query.is_empty() && status.is_none() && first.is_none(),
            before: before.map(|known| at("before", known.id)),
            after: after.map(|known| at("after", known.id)),
            span: match (first, last) {
                (Some(first), Some(last)) if first.id != last.id => {
                    format!("{} – {}", first.profile.name, last.profile.name)
                }
                (Some(only), _) => only.profile.name.clone(),
                (None, _) => "Nobody".to_owned(),
            },
            lines: page.rows.into_iter().map(Line::new).collect(),
            shell,
            query,
            status,
        }
    }
}

impl Line {
    fn new(known: Known) -> Self {
        let Profile {
            name,
            email,
            custom_id,
            status,
        } = known.profile;
        Self {
            url: address(known.id),
            name,
            email: email.as_deref().map(Breakable::new),
            custom_id,
            status,
        }
    }
}
