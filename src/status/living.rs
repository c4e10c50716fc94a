//! What came to a list since it was opened. A script asks for it; the list itself stays as it is until
//! its reader wants to see more.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::Status;
use super::filters::View;
use super::look::{Look, SETTLED};
use crate::domain::paging::Cursor;
use crate::domain::window::Window;
use crate::error::PageError;
use crate::store::requests::{self, Selection, Tab};
use crate::web::format::number;
use crate::web::shell::Shell;

/// What came since.
#[derive(Debug, Serialize)]
struct Newer {
    count: i64,
    /// Such as `14 newer requests`; empty where there are none.
    words: String,
}

/// `GET …/invalid-requests/newer?newer={id}&…`
pub async fn invalid(
    shell: Shell,
    status: web::Data<Status>,
    http: HttpRequest,
) -> Result<HttpResponse, PageError> {
    show(Tab::Invalid, shell, &status, &http).await
}

/// `GET …/test-requests/newer?newer={id}&…`
pub async fn test(
    shell: Shell,
    status: web::Data<Status>,
    http: HttpRequest,
) -> Result<HttpResponse, PageError> {
    show(Tab::Test, shell, &status, &http).await
}

async fn show(
    tab: Tab,
    shell: Shell,
    status: &Status,
    http: &HttpRequest,
) -> Result<HttpResponse, PageError> {
    let company = shell.company.id;
    let snapshot = status.settings.snapshot(&status.store, company).await?;
    let query = http.query_string();
    let look = Look::read(tab, View::Requests, query, shell, status, snapshot);
    let Cursor::NewerThan(id) = look.cursor else {
        return Err(PageError::NotFound);
    };
    let seen = status.store.look(company, move |connection| {
        let settled = look.now - SETTLED;
        let list = Selection {
            tab,
            window: Window {
                from: look.window.from,
                to: Some(look.window.to.map_or(settled, |to| to.min(settled))),
            },
            now: look.now,
            filter: &look.address.filter,
            settings: &look.snapshot.rules,
        };
        requests::count_newer(connection, company, &list, id)
    });
    let count = seen.await?.found;
    let more = if count.or_more { "+" } else { "" };
    let words = match count.count {
        0 => String::new(),
        1 => "1 newer request".to_owned(),
        count => format!("{}{more} newer requests", number(count)),
    };
    Ok(HttpResponse::Ok().json(Newer {
        count: count.count,
        words,
    }))
}
