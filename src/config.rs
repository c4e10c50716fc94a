//! Every setting of the program, with its default: an environment variable, and a flag of `serve`.
//! An empty variable is none.
//!
//! | variable | default |
//! |---|---|
//! | `BIND_ADDRESS` | `127.0.0.1:8080` |
//! | `DATABASE_URL` | none: a private PostgreSQL is started |
//! | `READ_DATABASE_URL` | none: pages are read where everything is |
//! | `DATA_DIR` | `/var/lib/api-status-page` for root, else the XDG data folder |
//! | `POSTGRES_BIN` | looked for where systems put it |
//! | `PUBLIC_URL` | `http://` and the bind address |
//! | `TRUSTED_PROXIES` | none |
//! | `SECRET_KEY` | made once and kept in the store |
//! | `SMTP_URL` | none: no mail is sent |
//! | `MAIL_FROM` | `api-status-page@` and the host of `PUBLIC_URL` |
//! | `RETENTION_DAYS` | 90 |
//! | `LOG_FORMAT` | `pretty` on a terminal, else `json` |
//! | `NO_DEMO` | the demo companies are made |

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use secrecy::SecretString;

/// Where the data is: needed by every command.
#[derive(Debug, Clone, Default, Args)]
pub struct StoreConfig {
    /// The PostgreSQL to use, as a URL or as key=value pairs. Without one, a private PostgreSQL is
    /// started from this machine's server programs
    #[arg(long, env, hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,

    /// The folder of the private PostgreSQL and of demo.json [default: /var/lib/api-status-page for
    /// root, else the XDG data folder]
    #[arg(long, env, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,

    /// The folder with PostgreSQL's server programs [default: looked for]
    #[arg(long, env, value_name = "FOLDER")]
    pub postgres_bin: Option<PathBuf>,
}

impl StoreConfig {
    /// The database to use, if one is named; an empty name is none.
    pub fn configured_database(&self) -> Option<&str> {
        self.database_url.as_deref().filter(|url| !url.is_empty())
    }
}

/// The settings of `serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeConfig {
    /// Where the data is.
    #[command(flatten)]
    pub store: StoreConfig,

    /// A standby of the PostgreSQL of DATABASE_URL, to read pages on
    #[arg(long, env, hide_env_values = true, value_name = "URL")]
    pub read_database_url: Option<String>,

    /// The address and port to listen on
    #[arg(long, env, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub bind_address: SocketAddr,

    /// What links begin with, in mails too [default: http:// and the bind address]
    #[arg(long, env, value_name = "URL")]
    pub public_url: Option<PublicUrl>,

    /// Networks whose X-Forwarded-For is believed, separated by commas
    #[arg(long, env, value_name = "NETWORKS", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpNet>,

    /// Signs session cookies; at least 32 characters, the same on every node [default: made once
    /// and kept in the store]
    #[arg(long, env, hide_env_values = true, value_name = "TEXT")]
    pub secret_key: Option<SecretString>,

    /// The mail server: smtp://USER:PASSWORD@HOST (STARTTLS), smtps://… (TLS), or
    /// smtp://HOST?tls=none. Without one no mail is sent
    #[arg(long, env, hide_env_values = true, value_name = "URL")]
    pub smtp_url: Option<SecretString>,

    /// Who mails are from [default: api-status-page@ and the host of PUBLIC_URL]
    #[arg(long, env, value_name = "E-MAIL")]
    pub mail_from: Option<String>,

    /// How many days a request is kept
    #[arg(long, env, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub retention_days: u32,

    /// How logs are written [default: pretty on a terminal, else json]
    #[arg(long, env, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,

    /// Do not make the demo companies
    #[arg(long, env, value_parser = FalseyValueParser::new())]
    pub no_demo: bool,
}

impl ServeConfig {
    /// The standby to read pages on, if one is named; an empty name is none.
    pub fn standby(&self) -> Option<&str> {
        self.read_database_url
            .as_deref()
            .filter(|url| !url.is_empty())
    }

    /// What links begin with when the server listens on `address`.
    pub fn public_url_at(&self, address: SocketAddr) -> PublicUrl {
        let local = || PublicUrl(format!("http://{address}"));
        self.public_url.clone().unwrap_or_else(local)
    }
}

/// What the links begin with that commands print.
#[derive(Debug, Clone, Args)]
pub struct LinkConfig {
    /// What links begin with [default: where the server runs, else http:// and BIND_ADDRESS]
    #[arg(long, env, value_name = "URL")]
    public_url: Option<PublicUrl>,

    /// The address that the server listens on
    #[arg(long, env, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    bind_address: SocketAddr,
}

impl LinkConfig {
    /// The address of a path of the installation, which a running server may have announced.
    pub fn join(&self, served_at: Option<&str>, path: &str) -> String {
        let local = || PublicUrl(format!("http://{}", self.bind_address));
        let served_at = || served_at.and_then(|url| url.parse().ok());
        let url = self.public_url.clone().or_else(served_at);
        url.unwrap_or_else(local).join(path)
    }
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// A JSON object per line.
    Json,
}

/// What links begin with, in mails too: scheme, host and port in their canonical form, without a
/// slash at the end. Never taken from the Host header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The address of a path of this installation.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The host, without the port; `None` where it is a bare address.
    pub fn host_name(&self) -> Option<String> {
        match url::Url::parse(&self.0).ok()?.host()? {
            url::Host::Domain(name) => Some(name.to_owned()),
            url::Host::Ipv4(_) | url::Host::Ipv6(_) => None,
        }
    }

    /// Whether browsers reach the installation over TLS.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = url::Url::parse(text).map_err(|error| {
            format!("{error}; it looks like https://status.example, maybe with a port")
        })?;
        let has_user = !url.username().is_empty() || url.password().is_some();
        let fault = if !matches!(url.scheme(), "http" | "https") {
            "it must begin with http:// or https://"
        } else if has_user {
            "it must not have a user or a password in it"
        } else if url.path() != "/" {
            "it must not have a path: the pages are at the root of their host"
        } else if url.query().is_some() || url.fragment().is_some() {
            "it must end after the host or its port, without ? or #"
        } else {
            return Ok(Self(url.origin().ascii_serialization()));
        };
        Err(fault.to_owned())
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_kept_in_its_canonical_form() {
        for (text, kept) in [
            ("https://status.example", "https://status.example"),
            ("https://status.example/", "https://status.example"),
            ("HTTPS://Status.Example:443/", "https://status.example"),
            ("https://status.example:8443", "https://status.example:8443"),
            (" http://[0:0::1]:8080", "http://[::1]:8080"),
            ("https://größe.example", "https://xn--gre-6ka8i.example"),
        ] {
            let url: PublicUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), kept, "{text}");
            assert_eq!(url.is_https(), kept.starts_with("https"), "{text}");
        }
        let url: PublicUrl = "HTTPS://STATUS.EXAMPLE".parse().unwrap();
        assert_eq!(url.join("/r/1"), "https://status.example/r/1");
        assert_eq!(url.host_name().as_deref(), Some("status.example"));
        let bare: PublicUrl = "http://127.0.0.1:8080".parse().unwrap();
        assert_eq!(bare.host_name(), None);
    }

    #[test]
    fn what_is_more_than_an_origin_is_refused_with_the_reason() {
        for (text, words) in [
            ("status.example", "it looks like https://"),
            ("ftp://status.example", "http:// or https://"),
            ("https://ada@status.example", "a user or a password"),
            ("https://:secret@status.example", "a user or a password"),
            ("https://status.example/status/", "a path"),
            ("https://status.example//", "a path"),
            ("https://status.example?", "without ? or #"),
            ("https://status.example/#top", "without ? or #"),
        ] {
            let said = text.parse::<PublicUrl>().unwrap_err();
            assert!(said.contains(words), "{text}: {said}");
            assert!(!said.contains("secret"), "{said}");
        }
    }
}
