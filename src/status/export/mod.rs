//! Everything that a list holds, as a file: read in chunks, written in chunks, sent as it comes, so
//! that a million rows take no more memory than ten thousand. When something breaks on the way, or
//! nobody reads any more, the connection breaks too: a reader sees a download that failed and not a
//! short file that looks whole. What leaves the house this way is written in the audit log.

mod csv;
mod json_lines;
mod places;
mod sending;

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use serde_json::json;
use uuid::Uuid;

use super::Status;
use super::filters::{self, Chip, View};
use super::look::{Look, SETTLED};
use super::row::{KeyNames, key_names};
use crate::domain::paging::Cursor;
use crate::domain::window::Window;
use crate::error::PageError;
use crate::store::audit::{self, Entry};
use crate::store::requests::{ListRow, Selection, Tab};
use crate::store::{StoreError, api_keys, exports};
use crate::web::format::Moment;
use crate::web::shell::{Company, Shell};

pub use places::Exports;

/// What a file is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    JsonLines,
}

/// `GET …/invalid-requests/export.csv`
pub async fn invalid_csv(
    shell: Shell,
    status: web::Data<Status>,
    http: HttpRequest,
) -> Result<HttpResponse, PageError> {
    export(Tab::Invalid, Format::Csv, shell, status, &http).await
}

/// `GET …/invalid-requests/export.jsonl`
pub async fn invalid_json_lines(
    shell: Shell,
    status: web::Data<Status>,
    http: HttpRequest,
) -> Result<HttpResponse, PageError> {
    export(Tab::Invalid, Format::JsonLines, shell, status, &http).await
}

/// `GET …/test-requests/export.csv`
pub async fn test_csv(
    shell: Shell,
    status: web::Data<Status>,
    http: HttpRequest,
) -> Result<HttpResponse, PageError> {
    export(Tab::Test, Format::Csv, shell, status, &http).await
}

/// `GET …/test-requests/export.jsonl`
pub async fn test_json_lines(
    shell: Shell,
    status: web::Data<Status>,
    http: HttpRequest,
) -> Result<HttpResponse, PageError> {
    export(Tab::Test, Format::JsonLines, shell, status, &http).await
}

async fn export(
    tab: Tab,
    format: Format,
    shell: Shell,
    status: web::Data<Status>,
    http: &HttpRequest,
) -> Result<HttpResponse, PageError> {
    let company = shell.company.id;
    let place = status.exports.take(company);
    let place = place.ok_or(PageError::TooManyExports)?;
    let snapshot = status.settings.snapshot(&status.store, company).await?;
    let query = http.query_string();
    let look = Look::read(tab, View::Requests, query, shell, &status, snapshot);
    if !look.notices.is_empty() {
        return Err(NOT_UNDERSTOOD);
    }
    let keys = status.store.read(company, move |connection| {
        api_keys::of_company(connection, company)
    });
    let keys = key_names(&keys.await?);
    note(&status, &look, format, &keys).await?;
    let pen = Pen {
        format,
        company: look.shell.company.clone(),
        keys,
    };
    let name = pen.file_name(tab, look.now);
    let pieces = pieces(status, look, Arc::new(pen));
    Ok(HttpResponse::Ok()
        .content_type(format.content_type())
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        // Packing would hold back what is ready, and take the processor that writes the rows.
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .streaming(sending::send(pieces, place, sending::PATIENCE)))
}

/// Half a filter would be another file than the one asked for.
const NOT_UNDERSTOOD: PageError = PageError::BadRequest(
    "A part of the filter in the address is not understood, so it cannot be known what to export. \
     Set the filter on the page and export from there.",
);

/// Writes down who takes what. Without that nothing is handed out.
async fn note(
    status: &Status,
    look: &Look,
    format: Format,
    keys: &KeyNames,
) -> Result<(), PageError> {
    let company = look.shell.company.id;
    let operator = look.shell.operator.clone();
    let (at, tab) = (look.now, look.address.tab);
    let chips = filters::chips(&look.address, keys);
    let words: Vec<String> = chips.iter().map(Chip::in_words).collect();
    let after = json!({
        "format": format.title(),
        "received": look.range_in_words(),
        "filter": words,
    });
    let written = status.store.write(company, move |connection| {
        let entry = Entry {
            at,
            user_id: Some(operator.user_id),
            actor: &operator.name,
            action: "list.exported",
            subject: tab.title(),
            before: None,
            after: Some(after),
            settings_version: None,
        };
        Ok::<_, StoreError>(audit::add(connection, company, &entry)?)
    });
    Ok(written.await?)
}

/// The file, piece by piece: two stretches of it are made at once, so that Postgres reads while lines
/// are written.
fn pieces(
    status: web::Data<Status>,
    look: Look,
    pen: Arc<Pen>,
) -> impl Stream<Item = Result<Bytes, PageError>> {
    let begin = stream::iter([Ok(Bytes::from(pen.first_line()))]);
    let (company, tab) = (look.shell.company.id, look.address.tab);
    let stretches = stretches(status.clone(), look);
    let lines = stretches.map(move |ids| {
        let (status, pen) = (status.clone(), pen.clone());
        async move {
            let ids = ids?;
            let lines = status.store.read_for_export(company, move |connection| {
                let rows = exports::rows(connection, company, tab, &ids)?;
                // By the thread that read them: rows that go from one to another leave their memory
                // in both.
                Ok(pen.lines(&rows))
            });
            let pieces = lines.await?.into_iter().map(Ok);
            Ok::<_, PageError>(stream::iter(pieces))
        }
    });
    begin.chain(lines.buffered(2).try_flatten())
}

/// The ids of the requests in the file, newest first. It ends after the first failure.
fn stretches(
    status: web::Data<Status>,
    look: Look,
) -> impl Stream<Item = Result<Vec<Uuid>, PageError>> {
    // So that two exports that follow one another miss none and share none.
    let settled = look.now - SETTLED;
    let window = Window {
        from: look.window.from,
        to: Some(look.window.to.map_or(settled, |to| to.min(settled))),
    };
    let company = look.shell.company.id;
    let look = Arc::new(look);
    stream::unfold(Some(Cursor::Newest), move |cursor| {
        let (status, look) = (status.clone(), look.clone());
        async move {
            let cursor = cursor?;
            let read = status.store.read_for_export(company, move |connection| {
                let selection = Selection {
                    tab: look.address.tab,
                    window,
                    now: look.now,
                    filter: &look.address.filter,
                    settings: &look.snapshot.rules,
                };
                exports::stretch(connection, company, &selection, cursor)
            });
            Some(match read.await {
                Ok(stretch) => (Ok(stretch.ids), stretch.next),
                Err(error) => (Err(error.into()), None),
            })
        }
    })
}

/// So many lines are a piece.
const PIECE_ROWS: usize = 100;

/// What writes the lines.
struct Pen {
    format: Format,
    company: Company,
    keys: KeyNames,
}

impl Pen {
    fn first_line(&self) -> String {
        match self.format {
            Format::Csv => csv::first_line(),
            Format::JsonLines => String::new(),
        }
    }

    /// In pieces of about as much as a connection takes at once: large ones, of ever other sizes,
    /// leave holes in the memory.
    fn lines(&self, rows: &[ListRow]) -> Vec<Bytes> {
        let zone = self.company.zone;
        let lines = |rows: &[ListRow]| match self.format {
            Format::Csv => csv::lines(rows, &self.keys, zone),
            Format::JsonLines => json_lines::lines(rows, &self.keys, zone),
        };
        let pieces = rows.chunks(PIECE_ROWS).map(lines);
        pieces.map(Bytes::from).collect()
    }

    /// Such as `larkspur-outdoor-invalid-requests-2026-11-23-1402.csv`, the time in the company's
    /// zone.
    fn file_name(&self, tab: Tab, now: DateTime<Utc>) -> String {
        let company = self.company.name.to_lowercase();
        let words = company.split(|c: char| !c.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let tab = match tab {
            Tab::Invalid => "invalid-requests",
            Tab::Test => "test-requests",
        };
        let at = Moment::new(now, self.company.zone).in_a_file_name();
        let name = [&words.join("-"), tab, &at].map(str::to_owned);
        let name = name.iter().filter(|part| !part.is_empty());
        let name = name.cloned().collect::<Vec<_>>().join("-");
        format!("{name}.{}", self.format.ending())
    }
}

impl Format {
    fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::JsonLines => "application/jsonl; charset=utf-8",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::JsonLines => "JSON Lines",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }
}
