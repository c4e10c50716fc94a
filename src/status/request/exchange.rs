//! What went over the wire: the body as it was sent, the answer that was given, and the request as a
//! command to send it again.

use super::super::Status;
use super::super::code::Code;
use crate::domain::body::Body;
use crate::domain::request::Kind;
use crate::store::requests::{Document, ListRow};
use crate::web::format::counted;

/// What was sent, while it is kept.
pub(super) struct Sent {
    pub(super) head: String,
    pub(super) body: Code,
}

/// What was answered.
pub(super) struct Answered {
    pub(super) head: String,
    pub(super) body: Option<Code>,
}

fn path(kind: Kind) -> &'static str {
    match kind {
        Kind::Feedback => "/v1/requests",
        Kind::Recovery => "/v1/recoveries",
    }
}

pub(super) fn sent(kind: Kind, document: &Document) -> Sent {
    let content_type = document
        .content_type
        .as_deref()
        .unwrap_or("no content type");
    let cut = if document.body_cut {
        ", the rest was not kept"
    } else {
        ""
    };
    let bytes = counted(document.body.len() as i64, "byte");
    Sent {
        head: format!("POST {} · {content_type} · {bytes}{cut}", path(kind)),
        body: Code::new(&String::from_utf8_lossy(&document.body)),
    }
}

pub(super) fn answered(kind: Kind, row: &ListRow, document: Option<&Document>) -> Answered {
    let content_type = match row.http_status {
        200 => "application/json",
        _ => "application/problem+json",
    };
    let body = document.and_then(|document| match (&document.answer, kind) {
        (Some(answer), _) => Some(answer.clone()),
        (None, Kind::Feedback) => serde_json::to_string(&Body::parse(kind, &document.body)).ok(),
        (None, Kind::Recovery) => Some(format!(r#"{{"request_id":"{}"}}"#, row.id)),
    });
    Answered {
        head: format!("{} · {content_type}", row.http_status),
        body: body.map(|body| Code::new(&pretty(&body))),
    }
}

/// JSON with its lines and spaces; what is none as it is.
pub(in crate::status) fn pretty(body: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(body).ok();
    value
        .and_then(|v| serde_json::to_string_pretty(&v).ok())
        .unwrap_or_else(|| body.to_owned())
}

/// The link back to the ticket, when it is one that a browser may follow. It may come without a
/// scheme.
pub(super) fn ticket_url(kind: Kind, document: &Document) -> Option<String> {
    let body = Body::parse(kind, &document.body);
    let sent = body.external_url.as_str()?;
    let with_scheme = match sent.contains("://") {
        true => sent.to_owned(),
        false => format!("https://{sent}"),
    };
    let url = url::Url::parse(&with_scheme).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.to_string())
}

/// The request as a command to paste, without its key. `None` for a body that no terminal should
/// be given.
pub(super) fn curl(status: &Status, kind: Kind, document: &Document) -> Option<String> {
    let body = std::str::from_utf8(&document.body).ok()?;
    // A control character could act on the terminal that the line is pasted into.
    let is_harmless = |c: char| !c.is_control() || c == '\n' || c == '\t';
    let is_whole = !document.body_cut && body.chars().all(is_harmless);
    is_whole.then(|| {
        format!(
            "curl -i {} \\\n  -H 'x-api-key: YOUR KEY' \\\n  -H 'content-type: application/json' \\\n  --data-raw '{}'",
            status.public_url.join(path(kind)),
            body.replace('\'', r"'\''")
        )
    })
}
