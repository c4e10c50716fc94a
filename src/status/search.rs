//! The search box: ids, tickets, e-mails, a pasted log line. It ignores tab, filters and window and
//! looks through everything that is kept.

use std::sync::Arc;

use actix_web::web;
use askama::Template;
use askama_web::WebTemplate;
use serde::Deserialize;

use super::row::{About, Customer, Named, Row, key_names};
use super::{ROOT, Status};
use crate::domain::dictionary::EndedBy;
use crate::domain::email;
use crate::domain::paging::Cursor;
use crate::domain::request::{Environment, RequestId};
use crate::domain::search::Search;
use crate::error::PageError;
use crate::store::requests::{self, Wanted};
use crate::store::{Seen, api_keys, requests::Page};
use crate::web::format::{Moment, counted};
use crate::web::shell::Shell;

/// What was searched and found.
#[derive(Template, WebTemplate)]
#[template(path = "status/search.html")]
pub struct SearchPage {
    shell: Shell,
    query: String,
    heading: String,
    read_as: Option<String>,
    retention_days: u32,
    caption: String,
    rows: Vec<Row>,
    older: Option<String>,
}

/// The query parameters.
#[derive(Deserialize)]
pub struct Parameters {
    #[serde(default)]
    q: String,
    older: Option<String>,
}

/// `GET …/api-status/search?q=…`
pub async fn show(
    shell: Shell,
    status: web::Data<Status>,
    parameters: web::Query<Parameters>,
) -> Result<SearchPage, PageError> {
    let Parameters { q, older } = parameters.into_inner();
    let query = q.trim().to_owned();
    let search = Search::recognise(&query);
    let cursor = older
        .and_then(|id| Cursor::from_parameter("older", &id))
        .unwrap_or_default();
    let snapshot = status
        .settings
        .snapshot(&status.store, shell.company.id)
        .await?;
    let wanted = wanted(&search, &snapshot.lookup_key);
    let found = read(&status, &shell, wanted, cursor).await?;
    Ok(SearchPage::new(shell, &status, query, &search, &found))
}

/// What each piece may be: an e-mail a customer's or an employee's, a word a ticket or an employee's
/// custom id.
fn wanted(search: &Search, lookup_key: &[u8]) -> Wanted {
    let hash = |email: &String| email::lookup_hash(lookup_key, email);
    Wanted {
        ids: search.ids.clone(),
        tickets: search.words.iter().chain(&search.emails).cloned().collect(),
        employees: search.words.iter().chain(&search.emails).cloned().collect(),
        customers: search.emails.iter().map(hash).collect(),
    }
}

/// A page of what was found, and the company's keys.
type Found = (Page, Vec<api_keys::KeyRow>);

async fn read(
    status: &Status,
    shell: &Shell,
    wanted: Wanted,
    cursor: Cursor,
) -> Result<Seen<Found>, PageError> {
    let company = shell.company.id;
    let oldest = status.oldest(status.clock.now());
    let wanted = Arc::new(wanted);
    let search = move |connection: &mut _| {
        let page = requests::search(connection, company, &wanted, oldest, cursor)?;
        Ok((page, api_keys::of_company(connection, company)?))
    };
    let is_found = |(page, _): &Found| !page.rows.is_empty();
    Ok(status.store.look_for(company, search, is_found).await?)
}

impl SearchPage {
    fn new(
        shell: Shell,
        status: &Status,
        query: String,
        search: &Search,
        seen: &Seen<Found>,
    ) -> Self {
        let (page, keys) = &seen.found;
        let (now, zone) = (status.clock.now(), shell.company.zone);
        let names = key_names(keys);
        let rows: Vec<Row> = page
            .rows
            .iter()
            .map(|r| Row::new(r, &names, now, zone))
            .collect();
        let more = if page.has_older { "+" } else { "" };
        let found = format!("{}{more}", counted(rows.len() as i64, "request"));
        let last = page
            .rows
            .last()
            .and_then(|row| RequestId::from_uuid(row.id));
        Self {
            heading: match (query.is_empty(), rows.is_empty()) {
                (true, _) => "Find a request".to_owned(),
                (false, true) => format!("Nothing found for “{}”", shortened(&query)),
                (false, false) => format!("{found} for “{}”", shortened(&query)),
            },
            read_as: read_as(search),
            retention_days: status.retention_days,
            caption: format!(
                "{found}, newest first · times in {}",
                Moment::new(now, zone).zone()
            ),
            older: last.filter(|_| page.has_older).map(|id| {
                let mut address = form_urlencoded::Serializer::new(format!("{ROOT}/search?"));
                address
                    .append_pair("q", &query)
                    .append_pair("older", &id.to_string());
                address.finish()
            }),
            rows,
            query,
            shell: shell.as_of(seen.behind),
        }
    }

    fn search_path(&self) -> String {
        format!("{ROOT}/search")
    }
}

fn shortened(query: &str) -> String {
    const CHARS: usize = 60;
    match query.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", &query[..end]),
        None => query.to_owned(),
    }
}

/// What the query was taken for.
fn read_as(search: &Search) -> Option<String> {
    let mut kinds = Vec::new();
    if !search.ids.is_empty() {
        kinds.push("a request id");
    }
    if !search.emails.is_empty() {
        kinds.push("an e-mail");
    }
    if search.words.len() > search.ids.len() {
        kinds.push("a ticket id or an employee's custom id");
    }
    (!kinds.is_empty()).then(|| kinds.join(" and "))
}
