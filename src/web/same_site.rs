//! Forms are taken from this installation's own pages only. The browser says where a form comes
//! from; what does not say it is refused. The Requests API is not for browsers and not behind this.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap};
use actix_web::middleware::Next;
use actix_web::{ResponseError, web};
use url::Url;

use crate::config::PublicUrl;
use crate::error::PageError;

/// Whose forms are taken.
#[derive(Debug, Clone)]
pub enum OwnOrigin {
    /// The configured address of this installation.
    Public(PublicUrl),
    /// No address is configured: the one that the browser asked for.
    AsAsked,
}

/// Middleware: refuses what another site makes a visitor's browser send.
pub async fn refuse_other_sites<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let own = request.app_data::<web::Data<OwnOrigin>>();
    let is_taken =
        is_safe(request.method()) || own.is_some_and(|own| is_own(own, request.headers()));
    if is_taken {
        return next
            .call(request)
            .await
            .map(ServiceResponse::map_into_left_body);
    }
    let refusal = PageError::BadRequest(
        "It was sent from another site, or by a browser that does not say where it comes from. \
         Open the page here and send the form again.",
    );
    Ok(request
        .into_response(refusal.error_response())
        .map_into_right_body())
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Fetch metadata where the browser sends it (it cannot be forged by a page), else the origin.
fn is_own(own: &OwnOrigin, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        // `none`: the visitor did it, for instance by reloading a form.
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN.as_str()).and_then(|o| Url::parse(o).ok()) else {
        return false;
    };
    let asked = match own {
        OwnOrigin::Public(address) => address.to_string(),
        OwnOrigin::AsAsked => match text(header::HOST.as_str()) {
            Some(host) => format!("http://{host}"),
            None => return false,
        },
    };
    Url::parse(&asked).is_ok_and(|asked| asked.origin() == origin.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_taken(own: &OwnOrigin, lines: &[(&'static str, &'static str)]) -> bool {
        let pairs = lines.iter().map(|(name, value)| {
            let value = header::HeaderValue::from_static(value);
            (header::HeaderName::from_static(name), value)
        });
        is_own(own, &pairs.collect())
    }

    #[test]
    fn fetch_metadata_decides_where_it_is_sent() {
        let own = OwnOrigin::AsAsked;
        assert!(is_taken(&own, &[("sec-fetch-site", "same-origin")]));
        assert!(is_taken(&own, &[("sec-fetch-site", "none")]));
        assert!(!is_taken(&own, &[("sec-fetch-site", "cross-site")]));
        let sibling = [
            ("sec-fetch-site", "same-site"),
            ("origin", "http://status.example"),
            ("host", "status.example"),
        ];
        assert!(!is_taken(&own, &sibling));
    }

    #[test]
    fn without_fetch_metadata_the_origin_must_be_the_configured_one() {
        let own = OwnOrigin::Public("https://status.example".parse().unwrap());
        assert!(is_taken(&own, &[("origin", "https://status.example")]));
        assert!(is_taken(&own, &[("origin", "https://status.example:443")]));
        assert!(!is_taken(&own, &[("origin", "http://status.example")]));
        assert!(!is_taken(
            &own,
            &[("origin", "https://status.example.evil.example")]
        ));
        assert!(!is_taken(&own, &[("origin", "null")]));
        let believed = [("origin", "https://evil.example"), ("host", "evil.example")];
        assert!(!is_taken(&own, &believed));
    }

    #[test]
    fn without_a_configured_address_the_origin_must_be_the_host_asked() {
        let own = OwnOrigin::AsAsked;
        let local = [
            ("origin", "http://127.0.0.1:8080"),
            ("host", "127.0.0.1:8080"),
        ];
        assert!(is_taken(&own, &local));
        let other = [
            ("origin", "http://evil.example"),
            ("host", "127.0.0.1:8080"),
        ];
        assert!(!is_taken(&own, &other));
    }

    #[test]
    fn what_says_nothing_is_refused() {
        assert!(!is_taken(
            &OwnOrigin::AsAsked,
            &[("host", "127.0.0.1:8080")]
        ));
    }
}
