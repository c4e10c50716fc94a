//! The dictionary for programs.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::Status;
use crate::config::PublicUrl;
use crate::domain::dictionary::{EndedBy, ErrorCode, GOOD_BODY, Reason};
use crate::domain::words::Variant;

/// An error that a request can have.
#[derive(Serialize, ToSchema)]
pub struct DictionaryEntry {
    /// The stable name, as in `errors[].code`.
    #[schema(value_type = ErrorCode)]
    code: &'static str,
    /// The title on the page and in answers.
    #[schema(example = "Invalid/inactive brand signifier")]
    title: &'static str,
    /// What happened, for anyone.
    explanation: &'static str,
    /// Who can end it.
    #[schema(value_type = EndedBy)]
    ended_by: &'static str,
    /// The ways in which it comes about.
    variants: Vec<DictionaryVariant>,
    /// What an admin does, step by step; empty where the request has to change.
    admin_steps: Vec<&'static str>,
    /// What the sender does, step by step.
    sender_steps: Vec<&'static str>,
    /// Whether sending the same request again can help. It is always safe: a refused request has had
    /// no effect.
    retry: &'static str,
    /// The page of this error.
    #[schema(format = "uri")]
    documentation_url: String,
}

/// A way in which an error comes about.
#[derive(Serialize, ToSchema)]
pub struct DictionaryVariant {
    /// The stable name, as in `errors[].variant`; `null` where an error has only one.
    #[schema(required, value_type = Option<Variant>)]
    variant: Option<&'static str>,
    /// What happened.
    sentence: &'static str,
    /// What ends it.
    next_step: &'static str,
    /// Who ends exactly this.
    #[schema(value_type = EndedBy)]
    ended_by: &'static str,
    /// A body that raises it. Not always JSON; `…` in one that is too large stands for the rest.
    bad_body: &'static str,
    /// The body put right.
    good_body: &'static str,
}

/// `GET /v1/errors`: the dictionary as JSON.
#[utoipa::path(
    get,
    path = "/v1/errors",
    tag = "Errors",
    operation_id = "list_errors",
    summary = "All errors that a request can have",
    description = "The dictionary of errors, as on the pages under `/errors`. It needs no key.",
    responses((
        status = 200,
        description = "All errors, in rule order.",
        body = [DictionaryEntry],
        headers(("x-request-id" = String, description = "The id of the call, a UUID v7.")),
    )),
)]
pub async fn show(status: web::Data<Status>) -> HttpResponse {
    let entry = |code| DictionaryEntry::new(code, &status.public_url);
    let entries: Vec<DictionaryEntry> = ErrorCode::ALL.into_iter().map(entry).collect();
    HttpResponse::Ok().json(entries)
}

/// An entry as the documentation shows it: an error with variants that different people end.
pub fn example(public_url: &PublicUrl) -> DictionaryEntry {
    DictionaryEntry::new(ErrorCode::InvalidBrand, public_url)
}

impl DictionaryEntry {
    fn new(code: ErrorCode, public_url: &PublicUrl) -> Self {
        let entry = code.entry();
        Self {
            code: code.as_str(),
            title: code.title(),
            explanation: entry.explanation,
            ended_by: code.ended_by().as_str(),
            variants: code.reasons().map(DictionaryVariant::new).collect(),
            admin_steps: entry.admin_steps.to_vec(),
            sender_steps: entry.sender_steps.to_vec(),
            retry: entry.retry,
            documentation_url: public_url.join(&format!("/errors/{}", code.as_str())),
        }
    }
}

impl DictionaryVariant {
    fn new(reason: Reason) -> Self {
        Self {
            variant: reason.variant(),
            sentence: reason.sentence(),
            next_step: reason.next_step(),
            ended_by: reason.ended_by().as_str(),
            bad_body: reason.bad_body(),
            good_body: GOOD_BODY,
        }
    }
}
