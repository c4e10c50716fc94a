//! The answers that no verdict is needed for: a call without a valid key, and one that could not be
//! recorded.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};

use super::authenticate::Refusal;
use crate::domain::request::RequestId;
use crate::error::Problem;
use crate::store::recorder::NotRecorded;

/// After so many seconds a request that could not be confirmed is to be sent again.
pub const RETRY_AFTER: u32 = 5;

/// What is said where a request could not be recorded.
pub const NOT_STORED: &str =
    "The request could not be stored. The mistake is ours; it was logged under this request_id.";

/// What is said when the store is full or away.
pub const NOT_CONFIRMED: &str = "The request could not be confirmed just now; it may nevertheless have been stored. Send it \
     again after the time in Retry-After.";

/// The refusal of a call without a valid key: not recorded.
pub fn refuse(refusal: Refusal, id: RequestId) -> HttpResponse {
    let mut response = Problem::plain(refusal.status(), refusal.detail(), id).into_response();
    if refusal == Refusal::AskForPassword {
        let challenge = header::HeaderValue::from_static(r#"Basic realm="Requests API""#);
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// The answer when the request could not be recorded.
pub fn not_recorded(error: &NotRecorded, id: RequestId) -> HttpResponse {
    match error {
        NotRecorded::Unavailable => unavailable(id),
        // Nothing that a sender sends is sent again by an admin.
        NotRecorded::SentBefore | NotRecorded::Refused(_) => {
            Problem::plain(StatusCode::INTERNAL_SERVER_ERROR, NOT_STORED, id).into_response()
        }
    }
}

/// The answer when the store is full or away.
pub fn unavailable(id: RequestId) -> HttpResponse {
    let problem = Problem::plain(StatusCode::SERVICE_UNAVAILABLE, NOT_CONFIRMED, id);
    let mut response = problem.into_response();
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, RETRY_AFTER.into());
    response
}
