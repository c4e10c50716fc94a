//! The mail server as `SMTP_URL` names it. What is wrong with it is said without repeating it: there
//! may be a password in it.

use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::Url;

/// A mail server and how it is spoken to.
#[derive(Debug)]
pub(super) struct SmtpUrl {
    /// Its name, or its address without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// The user and the password, where it asks for them.
    pub credentials: Option<(String, SecretString)>,
    /// A file with further certificates to trust, in PEM.
    pub ca: Option<PathBuf>,
}

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    /// In plain first, then TLS, or nothing is sent.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// Not at all; somebody said so.
    None,
}

impl Security {
    /// The port where nothing else is said.
    fn default_port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

/// What to do about a URL that cannot be used.
const FORMS: &str = "It is smtp://USER:PASSWORD@HOST:587 (STARTTLS), smtps://USER:PASSWORD@HOST:465 \
                     (TLS) or smtp://HOST:25?tls=none (in plain text). USER:PASSWORD@ and the port may be left out; \
                     in a password @ is written %40, : %3A, / %2F, # %23, ? %3F and % %25";

impl FromStr for SmtpUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        read(text.trim()).map_err(|fault| format!("SMTP_URL {fault}. {FORMS}"))
    }
}

fn read(text: &str) -> Result<SmtpUrl, String> {
    let url = Url::parse(text).map_err(|error| format!("is not a URL: {error}"))?;
    let mut security = match url.scheme() {
        "smtp" => Security::StartTls,
        "smtps" => Security::Tls,
        _ => return Err("must begin with smtp:// or smtps://".to_owned()),
    };
    let host = url.host_str().filter(|host| !host.is_empty());
    let host = host.ok_or("names no host")?;
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err("must end after the host or its port".to_owned());
    }
    let mut ca = None;
    for (name, value) in url.query_pairs() {
        match (&*name, &*value) {
            ("tls", "none") if security == Security::StartTls => security = Security::None,
            ("tls", "none") => return Err("says both smtps:// and tls=none".to_owned()),
            ("tls", _) => return Err("knows no other tls than tls=none".to_owned()),
            ("ca", file) => ca = Some(PathBuf::from(file)),
            _ => return Err("may be followed by ?tls=none and ?ca=FILE, nothing else".to_owned()),
        }
    }
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8();
        text.map(|text| text.into_owned())
            .map_err(|_| "has a user or a password that is not UTF-8".to_owned())
    };
    let credentials = match (url.username(), url.password()) {
        ("", None) => None,
        ("", _) => return Err("has a password and no user".to_owned()),
        (_, None) => return Err("has a user and no password".to_owned()),
        (user, Some(password)) => Some((decoded(user)?, SecretString::from(decoded(password)?))),
    };
    Ok(SmtpUrl {
        host: decoded(host.trim_matches(['[', ']']))?,
        port: url.port().unwrap_or(security.default_port()),
        security,
        credentials,
        ca,
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn each_way_to_speak_to_a_mail_server_has_its_form_and_its_port() {
        for (text, host, port, security) in [
            (
                "smtp://mail.example",
                "mail.example",
                587,
                Security::StartTls,
            ),
            ("smtps://mail.example/", "mail.example", 465, Security::Tls),
            (
                "smtp://mail.example?tls=none",
                "mail.example",
                25,
                Security::None,
            ),
            (
                " smtp://10.0.0.2:2525 ",
                "10.0.0.2",
                2525,
                Security::StartTls,
            ),
            ("SMTPS://[::1]:4650", "::1", 4650, Security::Tls),
        ] {
            let url: SmtpUrl = text.parse().unwrap();
            assert_eq!((&*url.host, url.port, url.security), (host, port, security));
            assert!(url.credentials.is_none() && url.ca.is_none());
        }
        let url: SmtpUrl = "smtps://ada%40acme:p%40ss%2F%23@mail.example?ca=/etc/ca.pem"
            .parse()
            .unwrap();
        let (user, password) = url.credentials.unwrap();
        assert_eq!((&*user, password.expose_secret()), ("ada@acme", "p@ss/#"));
        assert_eq!(url.ca.unwrap().to_str(), Some("/etc/ca.pem"));
    }

    #[test]
    fn what_cannot_be_used_is_said_with_the_right_form_and_without_the_password() {
        for (text, words) in [
            ("mail.example:587", "must begin with smtp://"),
            ("mail.example", "is not a URL"),
            ("https://ada:secret@mail.example", "must begin with smtp://"),
            ("smtp://", "names no host"),
            (
                "smtp://ada:sec#ret@mail.example",
                "is not a URL: invalid port",
            ),
            (
                "smtp://ada:secret@mail.example/inbox",
                "must end after the host",
            ),
            ("smtp://ada@mail.example", "a user and no password"),
            ("smtp://:secret@mail.example", "a password and no user"),
            (
                "smtps://mail.example?tls=none",
                "both smtps:// and tls=none",
            ),
            (
                "smtp://mail.example?tls=maybe",
                "no other tls than tls=none",
            ),
            ("smtp://ada:secret@mail.example?starttls=1", "nothing else"),
        ] {
            let said = text.parse::<SmtpUrl>().unwrap_err();
            assert!(said.contains(words), "{text}: {said}");
            assert!(said.contains("smtps://USER:PASSWORD@HOST:465"), "{said}");
            assert!(!said.contains("sec"), "{said}");
        }
    }
}
