//! What browsers are told about every answer: take nothing from elsewhere, show it nowhere else,
//! keep pages of signed-in people nowhere.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web;

use crate::config::PublicUrl;
use crate::context::with_headers;

static SECURITY: [(HeaderName, HeaderValue); 9] = [
    header(
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
         font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
    ),
    header("x-content-type-options", "nosniff"),
    header("x-frame-options", "DENY"),
    // Not `no-referrer`: browsers would then send forms with the origin `null`.
    header("referrer-policy", "same-origin"),
    header("cross-origin-opener-policy", "same-origin"),
    header("cross-origin-resource-policy", "same-origin"),
    header("cross-origin-embedder-policy", "require-corp"),
    header("origin-agent-cluster", "?1"),
    header(
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Two years, and only where browsers come over TLS.
static HTTPS_ONLY: (HeaderName, HeaderValue) = header(
    "strict-transport-security",
    "max-age=63072000; includeSubDomains",
);

const fn header(name: &'static str, value: &'static str) -> (HeaderName, HeaderValue) {
    (
        HeaderName::from_static(name),
        HeaderValue::from_static(value),
    )
}

/// Middleware around everything: adds the security headers, also to what failed on the way.
pub async fn secure<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let url = request.app_data::<web::Data<PublicUrl>>();
    let is_https = url.is_some_and(|url| url.is_https());
    let outcome = next.call(request).await;
    with_headers(outcome, |headers| add(headers, is_https))
}

/// Middleware around pages: no cache keeps them.
pub async fn never_stored<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let outcome = next.call(request).await;
    with_headers(outcome, |headers| {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    })
}

fn add(headers: &mut HeaderMap, is_https: bool) {
    let https_only = is_https.then_some(&HTTPS_ONLY);
    for (name, value) in SECURITY.iter().chain(https_only) {
        headers.insert(name.clone(), value.clone());
    }
}
