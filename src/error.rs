//! Which error type to use where:
//!
//! - A sender's or a person's mistake has a type of its own near the code that finds it: findings
//!   for requests, field errors for forms. It is an answer, not an error.
//! - [`PageError`] is what a page returns when there is no page to show. It becomes an HTML page.
//! - [`Problem`] is the same for machines: `application/problem+json` (RFC 9457).
//! - Everything that is ours to mend is an `anyhow::Error` with context inside
//!   [`PageError::Internal`]: logged once, here, and opaque outside.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use askama::Template;
use serde::Serialize;

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
    /// Too many attempts; try again after so many seconds.
    #[error("too many attempts")]
    TooManyAttempts(u64),
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

/// What is said of an error: the one table.
struct Words {
    status: StatusCode,
    title: &'static str,
    message: &'static str,
}

impl PageError {
    fn words(&self) -> Words {
        let (status, title, message): (_, _, &'static str) = match self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "There is no such page",
                "The address is wrong, or what it led to is gone. A request is kept for the \
                 retention of this installation; calls answered 403 or 503 are not stored at all.",
            ),
            Self::Forbidden => (
                StatusCode::FORBIDDEN,
                "This is for admins",
                "Your role can look at this company's requests but cannot change this. Ask an admin.",
            ),
            Self::BadRequest(message) => (
                StatusCode::BAD_REQUEST,
                "This form cannot be taken",
                message,
            ),
            Self::TooManyAttempts(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too many attempts",
                "Wait ten minutes, then try again. If you forgot your password, ask an admin for \
                 a one-time link.",
            ),
            Self::Unavailable(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "The store cannot be reached",
                "This page needs the store, which does not answer just now. Nothing is lost. \
                 Reload the page in a moment.",
            ),
            Self::Internal(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong here",
                "The mistake is ours and was logged. Try again; if it stays, tell who runs this \
                 installation the time it happened.",
            ),
        };
        Words {
            status,
            title,
            message,
        }
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        self.words().status
    }

    fn error_response(&self) -> HttpResponse {
        if let Self::Unavailable(source) | Self::Internal(source) = self {
            tracing::error!(error = format!("{source:#}"), "a page failed: {self}");
        }
        let Words {
            status,
            title,
            message,
        } = self.words();
        let page = ErrorPage {
            status: status.as_u16(),
            title,
            message,
        };
        let mut response = HttpResponse::build(status);
        response.content_type("text/html; charset=utf-8");
        match self {
            Self::TooManyAttempts(seconds) => {
                response.insert_header((header::RETRY_AFTER, *seconds));
            }
            Self::Unavailable(_) => {
                response.insert_header((header::RETRY_AFTER, "5"));
            }
            _ => {}
        }
        response.body(page.render().unwrap_or_else(|_| title.to_owned()))
    }
}

/// The page shown in place of one that cannot be.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    status: u16,
    title: &'a str,
    message: &'a str,
}
