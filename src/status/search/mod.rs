//! The search box: ids, tickets, e-mails, labels, keys, a pasted log line or command. It ignores tab,
//! filters and window and looks through everything that is kept. What is found alone is opened.

mod keys;

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use self::keys::KeysFound;
use super::filters::{Address, View, what};
use super::row::{About, Customer, Named, Row, key_names};
use super::{ROOT, Status};
use crate::domain::api_key;
use crate::domain::dictionary::EndedBy;
use crate::domain::email;
use crate::domain::filter::{Filter, Label, Subject, Term};
use crate::domain::paging::Cursor;
use crate::domain::recheck::Now;
use crate::domain::request::{Environment, RequestId};
use crate::domain::search::Search;
use crate::domain::settings::CompanySettings;
use crate::domain::window::{Preset, Range};
use crate::error::PageError;
use crate::store::Seen;
use crate::store::api_keys::{self, KeyRow};
use crate::store::lookups::{self, Wanted};
use crate::store::requests::{Page, Tab};
use crate::web::format::{Moment, counted};
use crate::web::page;
use crate::web::redirect::see_other;
use crate::web::shell::Shell;

/// What was searched and found.
#[derive(Template)]
#[template(path = "status/search.html")]
pub struct SearchPage {
    shell: Shell,
    /// What was typed, without the secret of a key.
    query: String,
    heading: String,
    keys: Option<KeysFound>,
    /// Whether what was found only begins as the query does.
    begins_so: bool,
    /// Whether the query is too short to be the beginning of something.
    is_short: bool,
    shortcuts: Vec<Shortcut>,
    read_as: Option<String>,
    retention_days: u32,
    caption: String,
    rows: Vec<Row>,
    older: Option<String>,
}

/// A list that the query names: the requests of a label or of a key.
struct Shortcut {
    words: String,
    url: String,
}

/// What the store tells.
struct Found {
    page: Page,
    begins_so: bool,
    keys: Vec<KeyRow>,
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
) -> Result<HttpResponse, PageError> {
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
    let seen = read(&status, &shell, wanted, &search, cursor).await?;
    let found = &seen.found;
    let shortcuts = shortcuts(&query, &search, &snapshot.rules, &found.keys);
    if let ([only], true, Cursor::Newest) = (&found.page.rows[..], shortcuts.is_empty(), cursor)
        && !found.begins_so
    {
        return Ok(see_other(&format!("{ROOT}/requests/{}", only.id)));
    }
    page::show(&SearchPage::new(
        shell, &status, query, &search, &seen, shortcuts,
    ))
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

async fn read(
    status: &Status,
    shell: &Shell,
    wanted: Wanted,
    search: &Search,
    cursor: Cursor,
) -> Result<Seen<Found>, PageError> {
    let company = shell.company.id;
    let now = status.clock.now();
    let oldest = status.oldest(now);
    let wanted = Arc::new(wanted);
    let prefix = search.prefix().filter(|_| cursor == Cursor::Newest);
    let label = search.words.first().cloned();
    let search = move |connection: &mut _| {
        let mut page = lookups::search(connection, company, &wanted, oldest, now, cursor)?;
        if let (Some(label), true) = (&label, page.rows.is_empty()) {
            page = lookups::of_unknown_label(connection, company, label, oldest, now, cursor)?;
        }
        let mut begins_so = false;
        if let (Some(prefix), true) = (&prefix, page.rows.is_empty()) {
            page = lookups::beginning_with(connection, company, prefix, oldest, now)?;
            begins_so = !page.rows.is_empty();
        }
        Ok(Found {
            page,
            begins_so,
            keys: api_keys::of_company(connection, company)?,
        })
    };
    let is_found = |found: &Found| !found.page.rows.is_empty() && !found.begins_so;
    Ok(status.store.look_for(company, search, is_found).await?)
}

/// The address of a list, as far back as a person looks.
fn list((tab, subject): (Tab, Subject)) -> String {
    let filter = Filter::default()
        .with_range(Range::Last(Preset::Month))
        .with(Term::wanted(subject));
    Address::new(tab, filter, View::Requests).url()
}

/// The lists that a query names: of a channel, brand or language that is all of it, and of keys.
fn shortcuts(
    query: &str,
    search: &Search,
    settings: &CompanySettings,
    keys: &[KeyRow],
) -> Vec<Shortcut> {
    let named = |label: &str| Label::Named(label.to_owned());
    let labels = [
        settings
            .channel(query)
            .map(|c| Subject::Channel(named(&c.label))),
        settings
            .brand(query)
            .map(|b| Subject::Brand(named(&b.label))),
        settings
            .language(query)
            .map(|l| Subject::Language(named(&l.label))),
    ];
    let labels = labels.into_iter().flatten().map(|subject| {
        let what = what(subject.parameter()).to_lowercase();
        let words = format!("Failures that name the {what} {}", subject.value());
        let url = list((Tab::Invalid, subject));
        Shortcut { words, url }
    });
    let keys = keys::named(query, search, keys).into_iter();
    let keys = keys.map(|key| Shortcut {
        words: format!("Requests with the key {}", key.title()),
        url: list(keys::list(key)),
    });
    labels.chain(keys).collect()
}

impl SearchPage {
    fn new(
        shell: Shell,
        status: &Status,
        query: String,
        search: &Search,
        seen: &Seen<Found>,
        shortcuts: Vec<Shortcut>,
    ) -> Self {
        let Found {
            page,
            begins_so,
            keys,
        } = &seen.found;
        let (now, zone) = (status.clock.now(), shell.company.zone);
        let names = key_names(keys);
        let keys = KeysFound::new(search, keys, list, zone, now);
        // Whoever looks over a shoulder has no use for a beginning.
        let query = api_key::hidden(&query);
        let said = format!("“{}”", shortened(&query));
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
            heading: match (query.is_empty(), rows.is_empty(), &keys) {
                (true, _, _) => "Find a request".to_owned(),
                (false, true, Some(keys)) => keys.heading.clone(),
                (false, true, None) if shortcuts.is_empty() => format!("Nothing found for {said}"),
                (false, true, None) => format!("What {said} names"),
                (false, false, _) if *begins_so => format!("{found} beginning with {said}"),
                (false, false, _) => format!("{found} for {said}"),
            },
            keys,
            begins_so: *begins_so,
            is_short: search.is_short(),
            shortcuts,
            read_as: read_as(search),
            retention_days: status.retention_days,
            caption: format!(
                "{found}, newest first · times in {}",
                Moment::new(now, zone).zone()
            ),
            older: last.filter(|_| page.has_older && !begins_so).map(|id| {
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
    if !search.keys.is_empty() {
        kinds.push("a key");
    }
    (!kinds.is_empty()).then(|| kinds.join(" and "))
}
