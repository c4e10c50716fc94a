//! The answer: the echo of an accepted request, or a problem document (RFC 9457) with every
//! problem found. It is made before the request is recorded, because it is recorded with it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Arrival, Received};
use crate::config::PublicUrl;
use crate::domain::body::Body;
use crate::domain::dictionary::{ErrorCode, Reason};
use crate::domain::request::{Kind, RequestId};
use crate::domain::validate::{Finding, Verdict};
use crate::domain::warning::{MOST_KEPT, Warning};
use crate::domain::words::Variant;
use crate::error::Problem;

/// An answer ready to be sent, once the request is stored.
#[derive(Debug)]
pub struct Answer {
    /// 200, 400, 413 or 415.
    pub status: StatusCode,
    /// The warnings kept: of reading the body, then of judging it.
    pub warnings: Vec<Warning>,
    body: String,
}

/// One thing that is wrong with a request.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorItem<'a> {
    /// The stable name of the error.
    #[schema(value_type = ErrorCode)]
    pub code: &'static str,
    /// What exactly happened; `null` where an error has only one variant.
    #[schema(required, value_type = Option<Variant>)]
    pub variant: Option<&'static str>,
    /// The error in words.
    #[schema(example = "Invalid/inactive brand signifier")]
    pub title: &'static str,
    /// What is wrong and what to do about it.
    pub detail: String,
    /// JSON pointer to the field in the body; empty for the whole body.
    #[schema(format = "json-pointer", example = "/brand")]
    pub pointer: &'a str,
    /// The value sent, or its beginning; `null` where none was.
    #[schema(required, example = "larkspur-shoes")]
    pub value: Option<&'a str>,
    /// What was probably meant; absent where nothing is close. Employees are never suggested.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "larkspur")]
    pub suggestion: Option<&'a str>,
    /// The page of the error in the dictionary.
    #[schema(
        format = "uri",
        example = "https://status.example/errors/invalid_brand"
    )]
    pub documentation_url: String,
}

#[derive(Serialize)]
struct Findings<'a> {
    errors: Vec<ErrorItem<'a>>,
    warnings: &'a [Warning],
}

impl Answer {
    /// The answer to a judged request.
    pub fn new(
        arrival: &Arrival,
        body: &Body<'_>,
        verdict: &Verdict<'_>,
        public_url: &PublicUrl,
    ) -> Self {
        let (id, received) = (arrival.id, &arrival.received);
        let warnings = warnings(received, body, verdict);
        match verdict.findings.first() {
            None => Self {
                status: StatusCode::OK,
                body: match arrival.kind {
                    Kind::Feedback => to_json(body),
                    Kind::Recovery => format!(r#"{{"request_id":"{id}"}}"#),
                },
                warnings,
            },
            Some(first) => {
                let status = status_of(first, received, body);
                Self {
                    status,
                    body: problem(id, status, &verdict.findings, &warnings, public_url),
                    warnings,
                }
            }
        }
    }

    /// Its body.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The type of its body.
    pub fn content_type(&self) -> &'static str {
        match self.status {
            StatusCode::OK => "application/json",
            _ => "application/problem+json",
        }
    }

    /// What is stored of it: nothing of an echo, which can be made again from the body.
    pub fn stored_body(&self) -> Option<String> {
        (self.status != StatusCode::OK).then(|| self.body.clone())
    }

    /// The HTTP response.
    pub fn into_response(self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.content_type(self.content_type());
        if self.status == StatusCode::OK && !self.warnings.is_empty() {
            response.insert_header(("x-request-warnings", self.warnings.len()));
        }
        response.body(self.body)
    }
}

/// 413 for too large; 415 where the content encoding is unknown, or the content type is wrong and
/// the body, which arrived whole, no JSON; else 400.
fn status_of(first: &Finding, received: &Received, body: &Body<'_>) -> StatusCode {
    let is_declared_otherwise = received.content_type.is_some() && !received.is_declared_json;
    let is_something_else = received.problem.is_none() && !body.is_json;
    match first.reason {
        Reason::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Reason::NotJson
            if received.unknown_encoding || is_declared_otherwise && is_something_else =>
        {
            StatusCode::UNSUPPORTED_MEDIA_TYPE
        }
        _ => StatusCode::BAD_REQUEST,
    }
}

fn warnings(received: &Received, body: &Body<'_>, verdict: &Verdict<'_>) -> Vec<Warning> {
    let content_type = (!received.is_declared_json && !body.is_unreadable()).then(|| Warning {
        code: "content_type".to_owned(),
        pointer: String::new(),
        detail:
            "the content type should be application/json; the body was read as JSON all the same"
                .to_owned(),
    });
    content_type
        .into_iter()
        .chain(body.warnings.as_slice().iter().cloned())
        .chain(verdict.warnings.iter().cloned())
        .take(MOST_KEPT)
        .collect()
}

fn problem(
    id: RequestId,
    status: StatusCode,
    findings: &[Finding],
    warnings: &[Warning],
    public_url: &PublicUrl,
) -> String {
    let first = &findings[0];
    let detail = match findings {
        [only] => only.detail(),
        several => format!(
            "{} errors: {}.",
            several.len(),
            several
                .iter()
                .map(|f| f.code().title())
                .collect::<Vec<_>>()
                .join(", ")
        ),
    };
    let errors = findings.iter().map(|finding| ErrorItem {
        code: finding.code().as_str(),
        variant: finding.reason.variant(),
        title: finding.code().title(),
        detail: finding.detail(),
        pointer: &finding.pointer,
        value: finding.value.as_deref(),
        suggestion: finding.suggestion.as_deref(),
        documentation_url: public_url.join(&format!("/errors/{}", finding.code().as_str())),
    });
    let problem = Problem {
        kind: public_url.join(&format!("/errors/{}", first.code().as_str())),
        title: first.code().title(),
        status: status.as_u16(),
        detail: &detail,
        instance: Some(format!("/r/{id}")),
        request_id: id.to_string(),
        extension: Findings {
            errors: errors.collect(),
            warnings,
        },
    };
    to_json(&problem)
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts, numbers and lists always become JSON")
}
