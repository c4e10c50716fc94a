//! What every call gets at the door, before anyone looks at it: an id, which is also the
//! `x-request-id` of its answer, and the address of whoever sent it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError, web};
use chrono::{DateTime, Utc};
use ipnet::IpNet;

use crate::clock::Clock;
use crate::domain::request::RequestId;

/// The header that carries the id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The networks whose forwarded addresses are believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(pub Vec<IpNet>);

#[derive(Debug, Clone, Copy)]
struct ClientAddress(IpAddr);

/// Middleware: gives a call its id and address, and its answer the id.
pub async fn at_the_door(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let now = request
        .app_data::<web::Data<Clock>>()
        .map_or_else(|| Clock::system().now(), |clock| clock.now());
    let at_first = RequestId::new(now);
    request.extensions_mut().insert(at_first);
    if let Some(peer) = request.peer_addr() {
        let trusted = request.app_data::<web::Data<TrustedProxies>>();
        let networks = trusted.map_or(&[][..], |proxies| &proxies.0);
        let address = client_address_of(peer.ip(), request.headers(), networks);
        request.extensions_mut().insert(ClientAddress(address));
    }
    let outcome = next.call(request).await;
    // The way in may have given the call another id, when its body was complete.
    let given = outcome.as_ref().ok().and_then(|response| {
        let extensions = response.request().extensions();
        extensions.get::<RequestId>().copied()
    });
    let value = HeaderValue::from_str(&given.unwrap_or(at_first).to_string())
        .map_err(actix_web::error::ErrorInternalServerError)?;
    with_headers(outcome, |headers| {
        headers.insert(REQUEST_ID, value);
    })
}

/// What a middleware hands on when it adds headers to every answer, also to one that is still an
/// error: that becomes an answer only after all middlewares.
pub fn with_headers<B>(
    outcome: Result<ServiceResponse<B>, actix_web::Error>,
    add: impl FnOnce(&mut HeaderMap),
) -> Result<ServiceResponse<B>, actix_web::Error> {
    match outcome {
        Ok(mut response) => {
            add(response.headers_mut());
            Ok(response)
        }
        Err(cause) => {
            let mut headers = HeaderMap::new();
            add(&mut headers);
            Err(Failure { cause, headers }.into())
        }
    }
}

/// A failure of a middleware, and what its answer will have beside its own headers.
#[derive(Debug)]
struct Failure {
    cause: actix_web::Error,
    headers: HeaderMap,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        self.cause.as_response_error().status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.cause.as_response_error().error_response();
        for (name, value) in &self.headers {
            response.headers_mut().insert(name.clone(), value.clone());
        }
        response
    }
}

/// The id of this call.
pub fn request_id(request: &HttpRequest) -> RequestId {
    let id = request.extensions().get::<RequestId>().copied();
    id.unwrap_or_else(|| RequestId::new(Clock::system().now()))
}

/// The id of this call now that it has arrived whole: as if it had come at `now`. Its answer has that
/// one too.
pub fn id_on_arrival(request: &HttpRequest, now: DateTime<Utc>) -> RequestId {
    let id = RequestId::new(now);
    request.extensions_mut().insert(id);
    id
}

/// Where this call came from, as far as it can be believed; `None` in a test without a socket.
pub fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    request.extensions().get::<ClientAddress>().map(|a| a.0)
}

/// Walks the forwarded addresses from the nearest outwards and stops at the first that is not one
/// of our proxies: whatever stands before it was written by a stranger.
fn client_address_of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut nearest = peer.to_canonical();
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for address in forwarded.iter().rev() {
        if !is_trusted(&nearest) {
            break;
        }
        match parse_address(address.trim()) {
            Some(address) => nearest = address,
            None => break,
        }
    }
    nearest
}

/// An address as proxies write it, with a port or without, IPv6 in brackets or bare. One of IPv4
/// that came over a socket for both is the IPv4 address, by which networks are compared.
fn parse_address(text: &str) -> Option<IpAddr> {
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let address = text.parse().ok().or_else(bare).or_else(with_port)?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(peer: &str, forwarded: &str) -> String {
        let mut headers = HeaderMap::new();
        let name = HeaderName::from_static("x-forwarded-for");
        headers.insert(name, HeaderValue::from_str(forwarded).unwrap());
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        client_address_of(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn forwarded_addresses_are_believed_from_trusted_proxies_only() {
        assert_eq!(address("203.0.113.9", "198.51.100.1"), "203.0.113.9");
        assert_eq!(address("10.0.0.2", "198.51.100.1"), "198.51.100.1");
        let spoofed = "1.2.3.4, 198.51.100.1, 10.0.0.9";
        assert_eq!(address("10.0.0.2", spoofed), "198.51.100.1");
        assert_eq!(address("10.0.0.2", "garbage"), "10.0.0.2");
    }
    #[test]
    fn addresses_are_read_in_every_form_that_proxies_write() {
        assert_eq!(address("10.0.0.2", "198.51.100.1:4711"), "198.51.100.1");
        assert_eq!(address("10.0.0.2", "[2001:db8::1]:443"), "2001:db8::1");
        assert_eq!(address("10.0.0.2", "[2001:db8::1]"), "2001:db8::1");
        assert_eq!(address("10.0.0.2", "2001:db8::1"), "2001:db8::1");
        assert_eq!(address("::ffff:10.0.0.2", "198.51.100.1"), "198.51.100.1");
        assert_eq!(address("::ffff:203.0.113.9", ""), "203.0.113.9");
        let through_two = "198.51.100.1, ::ffff:10.0.0.9";
        assert_eq!(address("10.0.0.2", through_two), "198.51.100.1");
    }
}
