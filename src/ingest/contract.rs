//! What the endpoints say of themselves in the public documentation: fields, answers, headers. Every
//! answer in the tests is held against it.

use std::collections::BTreeMap;

use utoipa::{IntoResponses, ToSchema};

use crate::domain::warning::Warning;
use crate::judge::ErrorItem;

/// Asks a customer for feedback. Only `channel` is required by the schema; what else is needed
/// depends on the settings of the company.
#[derive(Debug, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackRequest {
    /// Who is asked.
    #[schema(nullable = false)]
    pub customer: Option<Customer>,
    /// Who is asked about.
    #[schema(nullable = false)]
    pub employee: Option<Employee>,
    /// How the customer was served: `phone`, `chat`, `email`, or a channel that the company added.
    /// Compared regardless of case and space, and `_` counts as `-`.
    #[schema(min_length = 1, example = "email")]
    pub channel: String,
    /// Your ticket number. It need not be unique.
    #[schema(nullable = false, example = "T-48211")]
    pub ext_interaction_id: Option<String>,
    /// The way back to your ticket; with or without a scheme.
    #[schema(nullable = false, example = "https://helpdesk.example/tickets/48211")]
    pub external_url: Option<String>,
    /// Words to find it by. Those over the limit are passed over; each is cut to its limit.
    #[schema(nullable = false, example = json!(["returns"]))]
    pub tags: Option<Vec<String>>,
    /// `true` counts the interaction and asks nobody; a customer is not needed then.
    #[schema(nullable = false, example = false)]
    pub do_not_send: Option<bool>,
    /// The label of a brand. Needed where the company has several active ones.
    #[schema(nullable = false, example = "larkspur")]
    pub brand: Option<String>,
    /// The tag of a language, ISO 639-1 with or without a region: `en`, `fr-CA`. Needed where the
    /// company has several active ones. `en-US` does not match `en`.
    #[schema(nullable = false, example = "en")]
    pub language: Option<String>,
    /// Where the customer is, ISO 3166-1 alpha-2, in any case. Another text is kept with a warning.
    #[schema(nullable = false, example = "CA")]
    pub country: Option<String>,
    /// Whatever else you want to keep with it: one level, texts only, each cut to its limit.
    #[schema(nullable = false, example = json!({"order": "9-1177"}))]
    pub custom_properties: Option<BTreeMap<String, String>>,
}

/// Who is asked.
#[derive(Debug, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// No control characters, no `<` or `>`, no `://`, and no `www.` at its beginning.
    #[schema(nullable = false, min_length = 1, example = "Jane Doe")]
    pub name: Option<String>,
    /// One mailbox: no display name, no quotes, a dot in the domain; an international one counts in
    /// bytes. Needed unless `do_not_send` is true.
    #[schema(
        nullable = false,
        format = "idn-email",
        example = "jane@customer.example"
    )]
    pub email: Option<String>,
    /// Your own id of the customer.
    #[schema(nullable = false, example = "C-2204")]
    pub custom_id: Option<String>,
}

/// Who is asked about. One of the two is needed; when both are sent the e-mail is tried first.
#[derive(Debug, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Employee {
    /// As the company has it, regardless of case.
    #[schema(nullable = false, example = "ada.osei@larkspur.example")]
    pub email: Option<String>,
    /// As the company has it, exactly.
    #[schema(nullable = false, example = "L-1001")]
    pub custom_id: Option<String>,
}

/// Tells of a service recovery: only the employee is checked.
#[derive(Debug, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoveryRequest {
    /// Who took care of it.
    #[schema(nullable = false)]
    pub employee: Option<Employee>,
    /// Words to find it by. Those over the limit are passed over; each is cut to its limit.
    #[schema(nullable = false, example = json!(["refund"]))]
    pub tags: Option<Vec<String>>,
    /// `true` counts the interaction and sends nothing.
    #[schema(nullable = false, example = false)]
    pub do_not_send: Option<bool>,
    /// Your ticket number. It need not be unique.
    #[schema(nullable = false, example = "T-48211")]
    pub ext_interaction_id: Option<String>,
    /// The way back to your ticket; with or without a scheme.
    #[schema(nullable = false, example = "https://helpdesk.example/tickets/48211")]
    pub external_url: Option<String>,
    /// The feedback request that led to it. It is kept as it is and never looked up.
    #[schema(nullable = false, example = "01a209e2-9161-7e9f-8748-07029ae46a46")]
    pub initial_feedback_request_id: Option<String>,
}

/// A recovery that was accepted.
#[derive(Debug, ToSchema)]
pub struct RecoveryAccepted {
    /// The id under which it is found, a UUID v7.
    #[schema(format = "uuid", example = "01a209e2-9161-7e9f-8748-07029ae46a46")]
    pub request_id: String,
}

/// A request that was refused, with every problem found (RFC 9457).
#[derive(Debug, ToSchema)]
pub struct RequestProblem {
    /// The page of the first error in the dictionary.
    #[schema(
        format = "uri",
        example = "https://status.example/errors/invalid_brand"
    )]
    pub r#type: String,
    /// The title of the first error.
    #[schema(example = "Invalid/inactive brand signifier")]
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 499, example = 400)]
    pub status: u16,
    /// What happened, and what to do about it.
    pub detail: String,
    /// Where people look at this request.
    #[schema(
        format = "uri-reference",
        example = "/r/01a209e2-9161-7e9f-8748-07029ae46a46"
    )]
    pub instance: String,
    /// The id under which it is found, a UUID v7; the same as in `x-request-id`.
    #[schema(format = "uuid", example = "01a209e2-9161-7e9f-8748-07029ae46a46")]
    pub request_id: String,
    /// Every error, in rule order.
    #[schema(min_items = 1)]
    pub errors: Vec<ErrorItem<'static>>,
    /// What was accepted although it was not as documented.
    pub warnings: Vec<Warning>,
}

/// A call that was refused or failed before it was judged (RFC 9457).
#[derive(Debug, ToSchema)]
pub struct PlainProblem {
    /// `about:blank`: the status says it all.
    #[schema(pattern = "^about:blank$", example = "about:blank")]
    pub r#type: String,
    /// The status in words.
    #[schema(example = "Forbidden")]
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 403)]
    pub status: u16,
    /// What happened, and what to do about it.
    pub detail: String,
    /// The id of the call; the same as in `x-request-id`.
    #[schema(format = "uuid", example = "01a209e2-9161-7e9f-8748-07029ae46a46")]
    pub request_id: String,
}

/// A feedback request that is in order.
#[derive(IntoResponses)]
pub enum FeedbackAccepted {
    /// Accepted and stored. The request is echoed as it was understood: its documented fields, those
    /// that were sent, trimmed and cut.
    #[response(
        status = 200,
        headers(
            ("x-request-id" = String, description = "The id under which the request is found, a UUID v7."),
            ("x-request-warnings" = u32, description = "How many warnings there are; absent where there are none. The request's page shows them.")
        ),
    )]
    Ok(FeedbackRequest),
}

/// A recovery that is in order.
#[derive(IntoResponses)]
pub enum RecoveryIsAccepted {
    /// Accepted and stored.
    #[response(
        status = 200,
        headers(
            ("x-request-id" = String, description = "The id under which the request is found, a UUID v7."),
            ("x-request-warnings" = u32, description = "How many warnings there are; absent where there are none. The request's page shows them.")
        ),
    )]
    Ok(RecoveryAccepted),
}

/// What every endpoint that takes requests may answer otherwise.
#[derive(IntoResponses)]
pub enum Refusals {
    /// Refused and stored: the request has errors, and all of them are named.
    #[response(
        status = 400,
        content_type = "application/problem+json",
        headers(("x-request-id" = String, description = "The id under which the request is found, a UUID v7."))
    )]
    Invalid(RequestProblem),
    /// Refused and not stored: there is no key, nobody has it, or it was revoked.
    #[response(
        status = 403,
        content_type = "application/problem+json",
        headers(("x-request-id" = String, description = "The id of the call, a UUID v7."))
    )]
    Forbidden(PlainProblem),
    /// Refused: the body is over the limit. Its beginning is stored.
    #[response(
        status = 413,
        content_type = "application/problem+json",
        headers(("x-request-id" = String, description = "The id under which the request is found, a UUID v7."))
    )]
    TooLarge(RequestProblem),
    /// Refused and stored: the content encoding is unknown, or neither the content type nor the body
    /// is JSON.
    #[response(
        status = 415,
        content_type = "application/problem+json",
        headers(("x-request-id" = String, description = "The id under which the request is found, a UUID v7."))
    )]
    Unsupported(RequestProblem),
    /// Not stored: the mistake is ours.
    #[response(
        status = 500,
        content_type = "application/problem+json",
        headers(("x-request-id" = String, description = "The id of the call, a UUID v7."))
    )]
    Failed(PlainProblem),
    /// Not confirmed: the store is full or away. The request may nevertheless have been stored.
    #[response(
        status = 503,
        content_type = "application/problem+json",
        headers(
            ("x-request-id" = String, description = "The id of the call, a UUID v7."),
            ("retry-after" = u32, description = "After so many seconds send it again.")
        )
    )]
    Unavailable(PlainProblem),
}

/// What only `/v1/auth` answers.
#[derive(IntoResponses)]
pub enum AskedForPassword {
    /// Refused and not stored: no credentials were sent at all.
    #[response(
        status = 401,
        content_type = "application/problem+json",
        headers(
            ("x-request-id" = String, description = "The id of the call, a UUID v7."),
            ("www-authenticate" = String, description = "Asks for HTTP Basic.")
        )
    )]
    Unauthorized(PlainProblem),
}
