//! The error dictionary, public: every link in an answer leads here. Who is signed in is told as
//! well how often the company had each error.

pub mod json;
mod seen;

use actix_web::web;
use askama::Template;
use askama_web::WebTemplate;

use super::Status;
use super::fix::Linked;
use super::legend::icon_of;
use super::row::{icon, tone};
use crate::domain::dictionary::{EndedBy, Entry, ErrorCode, GOOD_BODY, Reason};
use crate::error::PageError;
use crate::web::shell::Shell;
use seen::{Counts, Seen};

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
    lines: Vec<Line>,
}

/// An error in the index.
struct Line {
    code: ErrorCode,
    icon: &'static str,
    /// How often the company had it, for those who signed in.
    count: Option<String>,
}

/// One error.
#[derive(Template, WebTemplate)]
#[template(path = "status/error.html")]
pub struct ErrorPage {
    shell: Option<Shell>,
    code: ErrorCode,
    entry: &'static Entry,
    seen: Option<Seen>,
    variants: Vec<Variant>,
}

/// A way in which an error comes about, with a body that raises it and one that passes.
struct Variant {
    reason: Reason,
    tone: &'static str,
    bad: Vec<BodyLine>,
    good: Vec<BodyLine>,
}

/// A line of a body, as far as it is not in the other body as well.
struct BodyLine {
    space: &'static str,
    text: String,
    differs: bool,
}

/// `GET /errors`
pub async fn index(shell: Option<Shell>, status: web::Data<Status>) -> ErrorsPage {
    let counts = match &shell {
        Some(shell) => Counts::of(&status, &shell.company).await,
        None => None,
    };
    let line = |code| Line {
        code,
        icon: icon(code),
        count: counts.as_ref().map(|counts| counts.in_words(code)),
    };
    let group = |ended_by| Group {
        ended_by,
        tone: tone(ended_by),
        icon: icon_of(ended_by),
        lines: ErrorCode::ALL
            .into_iter()
            .filter(|code| code.ended_by() == ended_by)
            .map(line)
            .collect(),
    };
    let groups = EndedBy::ALL.map(group).into();
    ErrorsPage { shell, groups }
}

/// `GET /errors/{code}`
pub async fn show(
    shell: Option<Shell>,
    status: web::Data<Status>,
    code: web::Path<String>,
) -> Result<ErrorPage, PageError> {
    let code: ErrorCode = code.parse().map_err(|()| PageError::NotFound)?;
    let seen = match &shell {
        Some(shell) => Seen::of(&status, &shell.company, code).await,
        None => None,
    };
    Ok(ErrorPage {
        shell,
        code,
        entry: code.entry(),
        seen,
        variants: code.reasons().map(Variant::new).collect(),
    })
}

impl Variant {
    fn new(reason: Reason) -> Self {
        let (bad, good) = (pretty(reason.bad_body()), pretty(GOOD_BODY));
        Self {
            reason,
            tone: tone(reason.ended_by()),
            bad: compared(&bad, &good),
            good: compared(&good, &bad),
        }
    }
}

/// The lines of `body`, each with whether `other` lacks it. A comma at the end is no difference.
fn compared(body: &str, other: &str) -> Vec<BodyLine> {
    const SPACES: [&str; 4] = ["", "  ", "    ", "      "];
    let bare = |line: &str| line.trim().trim_end_matches(',').to_owned();
    let others: Vec<String> = other.lines().map(bare).collect();
    let line = |line: &str| BodyLine {
        space: SPACES[(line.len() - line.trim_start().len()) / 2],
        text: line.trim_start().to_owned(),
        differs: !others.contains(&bare(line)),
    };
    body.lines().map(line).collect()
}

/// The body as people write it; as it stands where it is no JSON.
fn pretty(body: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(body).ok();
    value
        .and_then(|value| serde_json::to_string_pretty(&value).ok())
        .unwrap_or_else(|| body.to_owned())
}
