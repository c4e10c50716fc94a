//! Mail: plain text to one address at a time, over SMTP. Without `SMTP_URL` there is no way out, and
//! the pages say so.

mod smtp_url;

use std::fmt;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use chrono::{DateTime, Utc};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{self, AsyncSmtpTransport};
use lettre::{Address, AsyncTransport, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};

use self::smtp_url::{Security, SmtpUrl};
use crate::config::PublicUrl;

/// An address of a mail server that accepts no TCP connection by then is passed over for its next one.
const CONNECT: Duration = Duration::from_secs(10);

/// So long a page waits for a mail server: somebody sits before it.
pub const FOR_A_PAGE: Duration = Duration::from_secs(10);

/// So long a mail server is waited for where nobody waits for the answer. Some look into a letter
/// before they say yes; one that is not waited for delivers it all the same, and a job sends it again.
pub const IN_THE_BACKGROUND: Duration = Duration::from_secs(60);

/// The longest words of a mail server that are handed on, in characters.
const MAX_WORDS: usize = 200;

/// The way out for mail, if there is one. Cheap to clone.
#[derive(Clone)]
pub struct Mailer(Option<Arc<Way>>);

struct Way {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    sender: Mailbox,
}

/// A mail to one address.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// The subject: one line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// What stands before the `@` of its id. The same letter sent twice has one id, by which mail
    /// programs know it again.
    pub id: String,
    /// When it is written.
    pub at: DateTime<Utc>,
}

/// Why a mail did not leave, in words for an admin.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// Nobody set a mail server up.
    #[error("this installation sends no mail")]
    NotSetUp,
    /// The mail server answered no, with this code and these words.
    #[error("the mail server refused it: {0} {1}")]
    Refused(String, String),
    /// It cannot be spoken to.
    #[error("the mail server could not be reached: {0}")]
    Unreachable(String),
    /// There was none in time: it may have taken the mail or not.
    #[error("no answer within {} seconds, but it may arrive all the same", .0.as_secs())]
    NoAnswer(Duration),
    /// There can be no such mail.
    #[error("it cannot be written: {0}")]
    Unwritable(String),
    /// It is of no use any more.
    #[error("it could not be sent for a day")]
    TooLate,
}

impl NotSent {
    /// The reason without the mail server's own words: they may hold an address, and logs must not.
    pub fn in_short(&self) -> String {
        match self {
            Self::Refused(code, _) => format!("the mail server refused it with {code}"),
            other => other.to_string(),
        }
    }
}

impl Mailer {
    /// The way that the settings name; fails with what to do about them.
    pub fn new(
        smtp_url: Option<&SecretString>,
        mail_from: Option<&str>,
        public_url: &PublicUrl,
    ) -> anyhow::Result<Self> {
        let sender = sender(mail_from, public_url)?;
        let Some(url) = smtp_url else {
            return Ok(Self(None));
        };
        let url: SmtpUrl = url
            .expose_secret()
            .parse()
            .map_err(|fault: String| anyhow!(fault))?;
        let transport = transport(url)?;
        Ok(Self(Some(Arc::new(Way { transport, sender }))))
    }

    /// Whether mail is sent at all.
    pub fn is_set_up(&self) -> bool {
        self.0.is_some()
    }

    /// Sends a letter; returns when the mail server has taken it, and after `patience` at the latest.
    pub async fn send(&self, letter: Letter, patience: Duration) -> Result<(), NotSent> {
        let way = self.0.as_deref().ok_or(NotSent::NotSetUp)?;
        let message = way.message(letter)?;
        match tokio::time::timeout(patience, way.transport.send(message)).await {
            Ok(sent) => sent.map(|_| ()).map_err(NotSent::from),
            Err(_) => Err(NotSent::NoAnswer(patience)),
        }
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailer")
    }
}

impl Way {
    fn message(&self, letter: Letter) -> Result<Message, NotSent> {
        let unwritable = |error: &dyn fmt::Display| NotSent::Unwritable(error.to_string());
        let to: Address = letter.to.parse().map_err(|error| unwritable(&error))?;
        let id = format!("<{}@{}>", letter.id, self.sender.email.domain());
        Message::builder()
            .from(self.sender.clone())
            .to(to.into())
            .subject(one_line(&letter.subject))
            .date(letter.at.into())
            .message_id(Some(id))
            // Nobody's holiday notice is to answer it (RFC 3834).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text)
            .map_err(|error| unwritable(&error))
    }
}

impl From<smtp::Error> for NotSent {
    fn from(error: smtp::Error) -> Self {
        let source = std::error::Error::source(&error);
        let words = source.map_or_else(|| error.to_string(), |source| source.to_string());
        let words: String = one_line(&words).chars().take(MAX_WORDS).collect();
        match error.status() {
            Some(code) => Self::Refused(code.to_string(), words),
            None => Self::Unreachable(words),
        }
    }
}

/// A text as one line, which a header must be: what could end it becomes a space.
pub fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

fn sender(mail_from: Option<&str>, public_url: &PublicUrl) -> anyhow::Result<Mailbox> {
    let host = public_url.host_name();
    let default = || {
        format!(
            "API Status Page <api-status-page@{}>",
            host.as_deref().unwrap_or("localhost")
        )
    };
    let text = mail_from.map_or_else(default, str::to_owned);
    text.parse().map_err(|error| {
        anyhow!(
            "MAIL_FROM cannot be used ({error}). It is an e-mail address that the mail server lets \
             us send from, such as status@acme.example or API Status <status@acme.example>"
        )
    })
}

fn transport(url: SmtpUrl) -> anyhow::Result<AsyncSmtpTransport<Tokio1Executor>> {
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&url.host)
        .port(url.port)
        .timeout(Some(CONNECT));
    builder = match url.security {
        Security::None => builder.tls(Tls::None),
        Security::StartTls => builder.tls(Tls::Required(trusted(&url)?)),
        Security::Tls => builder.tls(Tls::Wrapper(trusted(&url)?)),
    };
    if let Some((user, password)) = url.credentials {
        let password = password.expose_secret().to_owned();
        builder = builder.credentials(Credentials::new(user, password));
    }
    Ok(builder.build())
}

/// Whom to trust: what the system trusts, and the file that the URL names.
fn trusted(url: &SmtpUrl) -> anyhow::Result<TlsParameters> {
    let mut parameters = TlsParameters::builder(url.host.clone());
    if let Some(file) = &url.ca {
        let named = || format!("SMTP_URL names certificates in {}", file.display());
        let pem = fs::read(file).with_context(|| format!("{}, which cannot be read", named()))?;
        let certificate = Certificate::from_pem(&pem)
            .with_context(|| format!("{}, which is not PEM", named()))?;
        parameters = parameters.add_root_certificate(certificate);
    }
    parameters
        .build()
        .context("TLS for SMTP_URL cannot be set up")
}
