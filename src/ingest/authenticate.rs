//! Whose request is it? The key alone decides, in either form: the header `x-api-key`, or the
//! password of HTTP Basic.

use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use metrics::counter;

use super::Ingest;
use crate::domain::api_key;
use crate::store::settings::KnownKey;

/// The key as presented.
#[derive(Debug, PartialEq, Eq)]
pub enum Credentials {
    /// A key, right or wrong.
    Key(String),
    /// None at all.
    Missing,
    /// Something that holds no key.
    Unreadable,
}

/// Why a call is refused before its body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// `/v1/auth` without credentials: the helpdesk waits to be asked for them.
    AskForPassword,
    /// No key was sent.
    Missing,
    /// What was sent is not where a key would be.
    Unreadable,
    /// What was sent cannot be a key.
    Mistyped,
    /// Nobody has this key.
    Unknown,
    /// The key was revoked.
    Revoked,
}

/// Finds the key, or says why the call is refused.
pub fn authenticate(ingest: &Ingest, http: &HttpRequest) -> Result<KnownKey, Refusal> {
    let refusal = match Credentials::of(http) {
        Credentials::Key(presented) => match ingest.settings.key(&api_key::hash(&presented)) {
            Some(key) if !key.revoked => return Ok(key),
            Some(key) => {
                ingest.revoked.count(key, ingest.clock.now());
                Refusal::Revoked
            }
            None if api_key::is_well_formed(&presented) => Refusal::Unknown,
            None => Refusal::Mistyped,
        },
        Credentials::Missing if http.path().trim_end_matches('/') == "/v1/auth" => {
            Refusal::AskForPassword
        }
        Credentials::Missing => Refusal::Missing,
        Credentials::Unreadable => Refusal::Unreadable,
    };
    counter!("requests_refused_total", "reason" => refusal.name()).increment(1);
    Err(refusal)
}

impl Credentials {
    /// Reads either form; the header wins, unless it is empty.
    pub fn of(http: &HttpRequest) -> Self {
        match http.headers().get("x-api-key").map(|key| key.to_str()) {
            Some(Err(_)) => return Self::Unreadable,
            Some(Ok(key)) if !key.trim().is_empty() => return Self::Key(key.trim().to_owned()),
            Some(Ok(_)) | None => {}
        }
        let Some(authorization) = http.headers().get(header::AUTHORIZATION) else {
            return Self::Missing;
        };
        let password = authorization
            .to_str()
            .ok()
            .and_then(|text| text.trim().split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
            .and_then(|(_, encoded)| BASE64_STANDARD.decode(encoded.trim()).ok())
            .and_then(|pair| password_of(&pair));
        match password {
            Some(password) if !password.is_empty() => Self::Key(password),
            _ => Self::Unreadable,
        }
    }
}

/// What follows the first colon. The user's name may be in any encoding: nobody looks at it.
fn password_of(pair: &[u8]) -> Option<String> {
    let colon = pair.iter().position(|byte| *byte == b':')?;
    let password = std::str::from_utf8(&pair[colon + 1..]).ok()?;
    Some(password.trim().to_owned())
}

impl Refusal {
    fn name(self) -> &'static str {
        match self {
            Self::AskForPassword | Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::Mistyped => "mistyped",
            Self::Unknown => "unknown",
            Self::Revoked => "revoked",
        }
    }

    /// The status of the answer: only who waits to be asked for a password is asked for one.
    pub fn status(self) -> StatusCode {
        match self {
            Self::AskForPassword => StatusCode::UNAUTHORIZED,
            Self::Missing | Self::Unreadable | Self::Mistyped | Self::Unknown | Self::Revoked => {
                StatusCode::FORBIDDEN
            }
        }
    }

    /// What the sender is told.
    pub fn detail(self) -> &'static str {
        match self {
            Self::AskForPassword | Self::Missing => {
                "No API key was sent. Send it in the header x-api-key, or as the password of HTTP Basic."
            }
            Self::Unreadable => {
                "No API key could be read from the header. Send it alone in x-api-key, or as the password of HTTP Basic: Authorization: Basic, and user:key in Base64."
            }
            Self::Mistyped => {
                "This is not an API key: its checksum is wrong. It was probably mistyped or cut when it was copied."
            }
            Self::Unknown => "Nobody has this API key. Check that it belongs to this installation.",
            Self::Revoked => "This API key was revoked. Ask an admin of the company for a new one.",
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn either_form_of_the_key_is_read() {
        let read = |name, value: &str| {
            let request = TestRequest::default().insert_header((name, value));
            Credentials::of(&request.to_http_request())
        };
        let key = |text: &str| Credentials::Key(text.to_owned());
        assert_eq!(read("x-api-key", " acs_test_1 "), key("acs_test_1"));
        let pair = BASE64_STANDARD.encode("anyone:acs_test_2");
        assert_eq!(
            read("authorization", &format!("Basic {pair}")),
            key("acs_test_2")
        );
        assert_eq!(
            read("authorization", &format!("basic {pair}")),
            key("acs_test_2")
        );
        assert_eq!(read("authorization", "Bearer x"), Credentials::Unreadable);
        assert_eq!(read("authorization", "Basic !!"), Credentials::Unreadable);
        assert_eq!(read("x-api-key", ""), Credentials::Missing);
        assert_eq!(read("accept", "*/*"), Credentials::Missing);
    }

    #[test]
    fn an_empty_header_leaves_the_word_to_basic() {
        let pair = BASE64_STANDARD.encode("anyone:acs_test_3");
        let request = TestRequest::default()
            .insert_header(("x-api-key", " "))
            .insert_header(("authorization", format!("Basic {pair}")));
        let read = Credentials::of(&request.to_http_request());
        assert_eq!(read, Credentials::Key("acs_test_3".to_owned()));
    }

    #[test]
    fn the_user_name_may_be_in_any_encoding_and_the_password_hold_a_colon() {
        let read = |pair: &[u8]| {
            let value = format!("Basic {}", BASE64_STANDARD.encode(pair));
            let request = TestRequest::default().insert_header(("authorization", value));
            Credentials::of(&request.to_http_request())
        };
        let latin = read(b"Andr\xe9:acs_test_4");
        assert_eq!(latin, Credentials::Key("acs_test_4".to_owned()));
        let colon = read(b"user:a:b");
        assert_eq!(colon, Credentials::Key("a:b".to_owned()));
        assert_eq!(read(b"user:\xe9"), Credentials::Unreadable);
        assert_eq!(read(b"no colon"), Credentials::Unreadable);
    }
}
