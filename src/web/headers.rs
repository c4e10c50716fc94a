//! What browsers are told about every answer: take nothing from elsewhere, show it nowhere else,
//! keep pages of signed-in people nowhere.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web;

use crate::config::PublicUrl;
use crate::context::with_headers;

const SECURITY: [(&str, &str); 9] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
         font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    // Not `no-referrer`: browsers would then send forms with the origin `null`.
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("origin-agent-cluster", "?1"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Two years, and only where browsers come over TLS.
const HTTPS_ONLY: (&str, &str) = (
    "strict-transport-security",
    "max-age=63072000; includeSubDomains",
);

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
    for (name, value) in SECURITY {
        let value = HeaderValue::from_static(value);
        headers.insert(HeaderName::from_static(name), value);
    }
    if is_https {
        let (name, value) = HTTPS_ONLY;
        let value = HeaderValue::from_static(value);
        headers.insert(HeaderName::from_static(name), value);
    }
}
