//! The error dictionary, public: every link in an answer leads here.

use actix_web::{HttpResponse, web};
use askama::Template;
use askama_web::WebTemplate;
use serde::Serialize;

use super::Status;
use super::fix::Linked;
use super::legend::icon_of;
use super::row::{icon, tone};
use crate::config::PublicUrl;
use crate::domain::dictionary::{EndedBy, Entry, ErrorCode, Reason};
use crate::error::PageError;
use crate::web::shell::Shell;

/// All errors.
#[derive(Template, WebTemplate)]
#[template(path = "status/errors.html")]
pub struct ErrorsPage {
    shell: Option<Shell>,
    groups: Vec<Group>,
}

struct Group {
    ended_by: EndedBy,
    tone: &'static str,
    icon: &'static str,
    codes: Vec<ErrorCode>,
}

impl ErrorsPage {
    fn icon(&self, code: &ErrorCode) -> &'static str {
        icon(*code)
    }
}

/// One error.
#[derive(Template, WebTemplate)]
#[template(path = "status/error.html")]
pub struct ErrorPage {
    shell: Option<Shell>,
    code: ErrorCode,
    entry: &'static Entry,
    reasons: Vec<(Reason, &'static str)>,
    bad_body: String,
    good_body: String,
}

/// `GET /errors`
pub async fn index(shell: Option<Shell>) -> ErrorsPage {
    let group = |ended_by| Group {
        ended_by,
        tone: tone(ended_by),
        icon: icon_of(ended_by),
        codes: ErrorCode::ALL
            .into_iter()
            .filter(|c| c.ended_by() == ended_by)
            .collect(),
    };
    let groups = EndedBy::ALL.map(group).into();
    ErrorsPage { shell, groups }
}

/// `GET /errors/{code}`
pub async fn show(shell: Option<Shell>, code: web::Path<String>) -> Result<ErrorPage, PageError> {
    let code: ErrorCode = code.parse().map_err(|()| PageError::NotFound)?;
    let entry = code.entry();
    Ok(ErrorPage {
        shell,
        code,
        entry,
        reasons: code.reasons().map(|r| (r, tone(r.ended_by()))).collect(),
        bad_body: pretty(entry.bad_body),
        good_body: pretty(entry.good_body),
    })
}

fn pretty(body: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(body).ok();
    value
        .and_then(|value| serde_json::to_string_pretty(&value).ok())
        .unwrap_or_else(|| body.to_owned())
}

/// An error as `GET /v1/errors` tells it.
#[derive(Serialize)]
struct EntryJson {
    code: &'static str,
    title: &'static str,
    explanation: &'static str,
    ended_by: &'static str,
    variants: Vec<VariantJson>,
    admin_steps: &'static [&'static str],
    sender_steps: &'static [&'static str],
    retry: &'static str,
    documentation_url: String,
}

#[derive(Serialize)]
struct VariantJson {
    variant: Option<&'static str>,
    sentence: &'static str,
    next_step: &'static str,
    ended_by: &'static str,
}

/// `GET /v1/errors`: the dictionary as JSON.
pub async fn json(status: web::Data<Status>) -> HttpResponse {
    let entry = |code| entry_json(code, &status.public_url);
    let entries: Vec<EntryJson> = ErrorCode::ALL.into_iter().map(entry).collect();
    HttpResponse::Ok().json(entries)
}

fn entry_json(code: ErrorCode, public_url: &PublicUrl) -> EntryJson {
    let entry = code.entry();
    let variant = |reason: Reason| VariantJson {
        variant: reason.variant(),
        sentence: reason.sentence(),
        next_step: reason.next_step(),
        ended_by: tone(reason.ended_by()),
    };
    EntryJson {
        code: code.as_str(),
        title: code.title(),
        explanation: entry.explanation,
        ended_by: tone(code.ended_by()),
        variants: code.reasons().map(variant).collect(),
        admin_steps: entry.admin_steps,
        sender_steps: entry.sender_steps,
        retry: entry.retry,
        documentation_url: public_url.join(&format!("/errors/{}", code.as_str())),
    }
}
