//! A mail server: real SMTP over TCP, in plain, with STARTTLS or with TLS, and a mailbox that tests
//! look into.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use mail_parser::{MessageParser, MimeHeaders};
use mailin::response::{AUTH_OK, INTERNAL_ERROR, INVALID_CREDENTIALS, NO_MAILBOX, OK};
use mailin::{Action, AuthMechanism, Handler, Response, Session, SessionBuilder};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::NamedTempFile;

use super::{eventually, within};

/// How a mail server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// In plain text.
    Plain,
    /// In plain text, then TLS.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

/// What a mail server does with mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It takes it.
    Takes,
    /// It takes no connection.
    Gone,
    /// It fails at the end of each mail.
    Fails,
    /// It takes a mail and hangs up before it says so.
    HangsUp,
    /// It takes a mail and says so only after so long.
    Slow(Duration),
}

/// A running mail server.
pub struct MailServer {
    /// Where it listens.
    pub address: SocketAddr,
    protection: Protection,
    shared: Arc<Shared>,
}

struct Shared {
    user: Option<(&'static str, &'static str)>,
    mood: Mutex<Mood>,
    /// Nobody has this address.
    unknown: Mutex<Vec<String>>,
    mailbox: Mutex<Vec<Mail>>,
}

/// A mail as it arrived.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Whom the envelope names.
    pub to: String,
    /// All of it, as it was sent.
    pub raw: String,
}

impl MailServer {
    /// One that takes mail from everybody.
    pub fn start(protection: Protection) -> Self {
        Self::asking_for(protection, None)
    }

    /// One that asks for a user and a password.
    pub fn asking_for(protection: Protection, user: Option<(&'static str, &'static str)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            user,
            mood: Mutex::new(Mood::Takes),
            unknown: Mutex::default(),
            mailbox: Mutex::default(),
        });
        std::thread::spawn({
            let shared = shared.clone();
            move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    let shared = shared.clone();
                    std::thread::spawn(move || serve(stream, protection, &shared));
                }
            }
        });
        Self {
            address,
            protection,
            shared,
        }
    }

    /// What `SMTP_URL` is for it.
    pub fn url(&self) -> String {
        let ca = certificate().file.path().display();
        let user = match self.shared.user {
            Some((user, password)) => format!("{user}:{password}@"),
            None => String::new(),
        };
        let address = self.address;
        match self.protection {
            Protection::Plain => format!("smtp://{user}{address}?tls=none"),
            Protection::StartTls => format!("smtp://{user}{address}?ca={ca}"),
            Protection::Tls => format!("smtps://{user}{address}?ca={ca}"),
        }
    }

    /// Takes mail in another way from now on.
    pub fn turn(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// Refuses mail for this address from now on.
    pub fn refuse(&self, address: &str) {
        let mut unknown = self.shared.unknown.lock().unwrap();
        unknown.push(address.to_owned());
    }

    /// All mail so far.
    pub fn mailbox(&self) -> Vec<Mail> {
        self.shared.mailbox.lock().unwrap().clone()
    }

    /// The mail so far for an address.
    pub fn to(&self, address: &str) -> Vec<Mail> {
        let mailbox = self.mailbox().into_iter();
        mailbox.filter(|mail| mail.to == address).collect()
    }

    /// Waits until there are so many mails, and for a moment more, in which no other may come.
    #[track_caller]
    pub fn expect(&self, count: usize) -> Vec<Mail> {
        within(Duration::from_secs(30), "the mail arrives", || {
            (self.mailbox().len() >= count).then_some(())
        });
        std::thread::sleep(Duration::from_millis(300));
        let mailbox = self.mailbox();
        assert_eq!(mailbox.len(), count, "{mailbox:#?}");
        mailbox
    }

    /// Waits for the only mail to an address.
    #[track_caller]
    pub fn letter_to(&self, address: &str) -> Mail {
        let letters = eventually("a letter arrives", || {
            Some(self.to(address)).filter(|letters| !letters.is_empty())
        });
        assert_eq!(letters.len(), 1, "{letters:#?}");
        letters[0].clone()
    }
}

impl Mail {
    /// The subject as a mail program shows it.
    pub fn subject(&self) -> String {
        self.parsed(|mail| mail.subject().unwrap_or_default().to_owned())
    }

    /// The text as a mail program shows it.
    pub fn text(&self) -> String {
        self.parsed(|mail| {
            let kind = mail.content_type().unwrap();
            assert_eq!(kind.ctype(), "text");
            assert_eq!(
                kind.attribute("charset").map(str::to_lowercase).as_deref(),
                Some("utf-8")
            );
            mail.body_text(0).unwrap().replace("\r\n", "\n")
        })
    }

    /// The names and values of the headers, unfolded.
    pub fn headers(&self) -> Vec<(String, String)> {
        let (head, _) = self.raw.split_once("\r\n\r\n").unwrap();
        let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let header = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_lowercase(), value.trim().to_owned())
        };
        head.split("\r\n").map(header).collect()
    }

    /// The value of the only header of a name.
    #[track_caller]
    pub fn header(&self, name: &str) -> String {
        let headers = self.headers();
        let mut found = headers.into_iter().filter(|(n, _)| n == name);
        let (_, value) = found.next().unwrap_or_else(|| panic!("no {name}"));
        assert!(found.next().is_none(), "{name} twice");
        value
    }

    /// The first address of this installation in the text that goes on with `path`, without the host.
    #[track_caller]
    pub fn link(&self, path: &str) -> String {
        let text = self.text();
        let mut words = text.split_whitespace();
        let link = words.find_map(|word| {
            let local = word.strip_prefix("https://status.example")?;
            local.starts_with(path).then(|| local.to_owned())
        });
        link.unwrap_or_else(|| panic!("no link to {path}: {text}"))
    }

    fn parsed<T>(&self, look: impl FnOnce(&mail_parser::Message<'_>) -> T) -> T {
        look(&MessageParser::default().parse(self.raw.as_bytes()).unwrap())
    }
}

struct Certificate {
    config: Arc<ServerConfig>,
    file: NamedTempFile,
}

/// One for all: it is for 127.0.0.1.
fn certificate() -> &'static Certificate {
    static MADE: OnceLock<Certificate> = OnceLock::new();
    MADE.get_or_init(|| {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(made.cert.pem().as_bytes()).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        Certificate {
            config: Arc::new(config),
            file,
        }
    })
}

/// Takes what a session hears, and puts whole mails into the mailbox.
struct Ears<'s> {
    shared: &'s Shared,
    to: Vec<String>,
    raw: Vec<u8>,
}

impl Handler for Ears<'_> {
    fn auth_plain(&mut self, _: &str, user: &str, password: &str) -> Response {
        match self.shared.user == Some((user, password)) {
            true => AUTH_OK,
            false => INVALID_CREDENTIALS,
        }
    }

    fn rcpt(&mut self, to: &str) -> Response {
        let is_known = !self.shared.unknown.lock().unwrap().iter().any(|a| a == to);
        match is_known {
            true => OK,
            false => NO_MAILBOX,
        }
    }

    fn data_start(&mut self, _: &str, _: &str, _: bool, to: &[String]) -> Response {
        self.to = to.to_vec();
        self.raw.clear();
        OK
    }

    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        self.raw.extend_from_slice(line);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        if *self.shared.mood.lock().unwrap() == Mood::Fails {
            return INTERNAL_ERROR;
        }
        let raw = String::from_utf8(self.raw.clone()).unwrap();
        let mails = self.to.drain(..).map(|to| Mail {
            to,
            raw: raw.clone(),
        });
        self.shared.mailbox.lock().unwrap().extend(mails);
        let mood = *self.shared.mood.lock().unwrap();
        if let Mood::Slow(time) = mood {
            std::thread::sleep(time);
        }
        OK
    }
}

fn serve(stream: TcpStream, protection: Protection, shared: &Shared) {
    if *shared.mood.lock().unwrap() == Mood::Gone {
        return;
    }
    let mut builder = SessionBuilder::new("mail.test");
    if protection == Protection::StartTls {
        builder.enable_start_tls();
    } else {
        builder.insecure_enable_plaintext_auth();
    }
    if shared.user.is_some() {
        builder.enable_auth(AuthMechanism::Plain);
    }
    let ears = Ears {
        shared,
        to: Vec::new(),
        raw: Vec::new(),
    };
    let peer: IpAddr = stream.peer_addr().unwrap().ip();
    let mut session = builder.build(peer, ears);
    let over_tls = |stream| {
        let config = certificate().config.clone();
        StreamOwned::new(ServerConnection::new(config).unwrap(), stream)
    };
    // A client may hang up at any time.
    let _ = match protection {
        Protection::Tls => {
            let mut stream = over_tls(stream);
            say(&mut stream, &session.greeting())
                .and_then(|()| listen(stream, &mut session, shared))
        }
        Protection::Plain | Protection::StartTls => {
            let plain = stream.try_clone().unwrap();
            let mut greeted = plain.try_clone().unwrap();
            let greeting = session.greeting();
            say(&mut greeted, &greeting)
                .and_then(|()| listen(plain, &mut session, shared))
                .and_then(|wants_tls| match wants_tls {
                    true => {
                        session.tls_active();
                        listen(over_tls(stream), &mut session, shared)
                    }
                    false => Ok(false),
                })
        }
    };
}

/// Answers line by line; returns whether the client wants TLS now.
fn listen(
    stream: impl Read + Write,
    session: &mut Session<Ears<'_>>,
    shared: &Shared,
) -> io::Result<bool> {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line)? == 0 {
            return Ok(false);
        }
        let response = session.process(&line);
        let at_the_end = (line == b".\r\n").then(|| *shared.mood.lock().unwrap());
        if at_the_end == Some(Mood::HangsUp) {
            return Ok(false);
        }
        if response.action == Action::NoReply {
            continue;
        }
        say(stream.get_mut(), &response)?;
        match response.action {
            // The session would take what comes now for more of the mail.
            _ if at_the_end == Some(Mood::Fails) => return Ok(false),
            Action::Close => return Ok(false),
            Action::UpgradeTls => return Ok(true),
            _ => {}
        }
    }
}

fn say(stream: &mut impl Write, response: &Response) -> io::Result<()> {
    response.write_to(stream)?;
    stream.flush()
}
