//! Which error type to use where:
//!
//! - A sender's or a person's mistake has a type of its own near the code that finds it: findings
//!   for requests, field errors for forms. It is an answer, not an error.
//! - [`PageError`] is what a page returns when there is no page to show. It becomes an HTML page.
//! - [`Problem`] is the same for machines: `application/problem+json` (RFC 9457).
//! - Everything that is ours to mend is an `anyhow::Error` with context inside
//!   [`PageError::Internal`]: logged once, here, and opaque outside.

use std::borrow::Cow;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;
use serde::Serialize;

use crate::context;
use crate::domain::request::RequestId;
use crate::store::StoreError;

/// A problem document.
#[derive(Debug, Serialize)]
pub struct Problem<'a, E> {
    /// What kind of problem it is: an address that explains it, else `about:blank`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time, and what to do.
    pub detail: &'a str,
    /// Where this one can be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The id of the call.
    pub request_id: String,
    /// What else there is to say.
    #[serde(flatten)]
    pub extension: E,
}

/// No extension.
#[derive(Debug, Serialize)]
pub struct Nothing {}

impl<'a> Problem<'a, Nothing> {
    /// A problem that its status says all about.
    pub fn plain(status: StatusCode, detail: &'a str, id: RequestId) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail,
            instance: None,
            request_id: id.to_string(),
            extension: Nothing {},
        }
    }
}

impl<E: Serialize> Problem<'_, E> {
    /// The HTTP response.
    pub fn into_response(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&self).expect("a problem always becomes JSON");
        HttpResponse::build(status)
            .content_type("application/problem+json")
            .body(body)
    }
}

/// Why there is no page to show.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Not there, or not this company's: the same answer.
    #[error("not found")]
    NotFound,
    /// There, but not for this role.
    #[error("not allowed")]
    Forbidden,
    /// A form that came from another site, or cannot be read.
    #[error("bad request")]
    BadRequest(&'static str),
    /// The page is there, but takes no such request.
    #[error("wrong method")]
    WrongMethod,
    /// A one-time link that was used, has expired, or never was.
    #[error("the link does not work")]
    LinkGone,
    /// Too many attempts; try again after so many seconds.
    #[error("too many attempts")]
    TooManyAttempts(u64),
    /// As many exports run as are let run at once.
    #[error("too many exports")]
    TooManyExports,
    /// The store is away for the moment.
    #[error("the store is away")]
    Unavailable(#[source] anyhow::Error),
    /// Our mistake.
    #[error("internal error")]
    Internal(#[source] anyhow::Error),
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable(error.into()),
            StoreError::Refused(_) => Self::Internal(error.into()),
        }
    }
}

impl From<diesel::result::Error> for PageError {
    fn from(error: diesel::result::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<anyhow::Error> for PageError {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

/// What is said of an error, and where to go from there.
struct Words {
    status: StatusCode,
    title: &'static str,
    message: Cow<'static, str>,
    ways_on: &'static [(&'static str, &'static str)],
}

const TO_THE_PAGES: &[(&str, &str)] = &[
    ("API Status Page", "/settings/integrations/api-status"),
    ("Settings", "/settings"),
];
const TO_SIGN_IN: &[(&str, &str)] = &[("Back to sign in", "/sign-in")];
/// The empty address is this page's own.
const AGAIN: &[(&str, &str)] = &[("Reload", "")];

impl PageError {
    /// The one table.
    fn words(&self) -> Words {
        let (status, title, message, ways_on): (_, _, Cow<'static, str>, _) = match self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "There is no such page",
                "The address has a slip in it, or what it led to has expired. Calls answered 403 \
                 or 503 are not stored, so their ids lead nowhere."
                    .into(),
                TO_THE_PAGES,
            ),
            Self::Forbidden => (
                StatusCode::FORBIDDEN,
                "This is for admins",
                "Your role sees this company's requests but not this. Ask an admin.".into(),
                TO_THE_PAGES,
            ),
            Self::BadRequest(message) => (
                StatusCode::BAD_REQUEST,
                "This cannot be taken",
                (*message).into(),
                TO_THE_PAGES,
            ),
            Self::WrongMethod => (
                StatusCode::METHOD_NOT_ALLOWED,
                "This page takes no such request",
                "It is there to be looked at, or a form is to be sent to it, and this was the \
                 other."
                    .into(),
                TO_THE_PAGES,
            ),
            Self::LinkGone => (
                StatusCode::NOT_FOUND,
                "This link does not work",
                "It was used already, it has expired, or a piece of it is missing. An admin of \
                 your company can give you a new one."
                    .into(),
                TO_SIGN_IN,
            ),
            Self::TooManyAttempts(seconds) => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too many attempts",
                format!(
                    "After that many attempts an account waits. Try again in {}.",
                    minutes(*seconds)
                )
                .into(),
                TO_SIGN_IN,
            ),
            Self::TooManyExports => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Other exports are running",
                "A company can run two exports at a time. Wait for one of them to end, then try \
                 again."
                    .into(),
                AGAIN,
            ),
            Self::Unavailable(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "The page cannot be shown just now",
                "The store does not answer. Requests that are sent meanwhile are answered 503, \
                 and their senders try again. Reload in a few seconds."
                    .into(),
                AGAIN,
            ),
            Self::Internal(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong here",
                "The mistake is ours and was logged. Try again; if it stays, tell who runs this \
                 installation."
                    .into(),
                AGAIN,
            ),
        };
        Words {
            status,
            title,
            message,
            ways_on,
        }
    }
}

fn minutes(seconds: u64) -> String {
    match seconds.div_ceil(60) {
        0 | 1 => "a minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        self.words().status
    }

    fn error_response(&self) -> HttpResponse {
        self.answer(None)
    }
}

impl PageError {
    fn answer(&self, request_id: Option<RequestId>) -> HttpResponse {
        if let Self::Unavailable(source) | Self::Internal(source) = self {
            tracing::error!(error = format!("{source:#}"), "a page failed: {self}");
        }
        let page = ErrorPage {
            request_id,
            ..ErrorPage::new(self.words())
        };
        let mut response = HttpResponse::build(page.status);
        response.content_type("text/html; charset=utf-8");
        match self {
            Self::TooManyAttempts(seconds) => {
                response.insert_header((header::RETRY_AFTER, *seconds));
            }
            Self::TooManyExports => {
                response.insert_header((header::RETRY_AFTER, "30"));
            }
            Self::Unavailable(_) => {
                response.insert_header((header::RETRY_AFTER, "5"));
            }
            _ => {}
        }
        let mut response = response.body(page.html());
        response.extensions_mut().insert(page);
        response
    }
}

/// The page shown in place of one that cannot be.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    status: StatusCode,
    title: &'static str,
    message: Cow<'static, str>,
    ways_on: &'static [(&'static str, &'static str)],
    request_id: Option<RequestId>,
}

impl ErrorPage {
    fn new(words: Words) -> Self {
        Self {
            status: words.status,
            title: words.title,
            message: words.message,
            ways_on: words.ways_on,
            request_id: None,
        }
    }

    fn html(&self) -> String {
        self.render().unwrap_or_else(|_| self.title.to_owned())
    }
}

/// Middleware around the pages: an error page names the call, which it could not know when the error
/// was made, and what the framework refused by itself becomes a page too.
pub async fn name_the_call<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, actix_web::Error> {
    let mut response = next.call(request).await?;
    let page = response
        .response_mut()
        .extensions_mut()
        .remove::<ErrorPage>();
    let page = match page {
        Some(page) => page,
        None if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
            ErrorPage::new(PageError::WrongMethod.words())
        }
        None => return Ok(response.map_into_left_body()),
    };
    let page = ErrorPage {
        request_id: Some(context::request_id(response.request())),
        ..page
    };
    let html = header::HeaderValue::from_static("text/html; charset=utf-8");
    let mut response = response.map_body(|_, _| EitherBody::right(BoxBody::new(page.html())));
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    Ok(response)
}

/// Middleware around sessions: when one cannot be kept, the store is away.
pub async fn store_is_away<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let request_id = context::request_id(request.request());
    next.call(request).await.map_err(|error| {
        // Its own words say only that something failed; what did is behind them.
        let error = PageError::Unavailable(anyhow::anyhow!("the session was not kept: {error:?}"));
        NamedError { error, request_id }.into()
    })
}

/// An error that passes by [`name_the_call`] and knows the call already.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
struct NamedError {
    error: PageError,
    request_id: RequestId,
}

impl ResponseError for NamedError {
    fn status_code(&self) -> StatusCode {
        self.error.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        self.error.answer(Some(self.request_id))
    }
}
