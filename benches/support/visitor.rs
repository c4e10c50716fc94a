//! A person who is signed in and looks at pages, one at a time over one connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use api_status_page::access::passwords;
use api_status_page::clock::Clock;
use api_status_page::domain::company::CompanyId;
use api_status_page::domain::user::Role;
use api_status_page::store::users::{self, NewUser};
use diesel::PgConnection;

/// The kind of a form's body.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// The server hangs up when nothing was asked for somewhat longer.
const KEPT_ALIVE: Duration = Duration::from_secs(2);

const EMAIL: &str = "reader@bench.example";
const PASSWORD: &str = "a password of the benchmark";

/// The connection and the session.
pub struct Visitor {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
    /// When it was asked for something last.
    asked: Instant,
    cookie: String,
}

/// A page as it came.
pub struct Shown {
    pub status: u16,
    pub body: String,
    /// From the first byte sent to the last received.
    pub time: Duration,
}

/// A file of which nothing was kept.
#[derive(Default)]
pub struct Taken {
    pub bytes: u64,
    pub lines: u64,
}

impl Taken {
    /// Reads to the end.
    pub fn all(mut source: impl Read) -> io::Result<Self> {
        let mut taken = Self::default();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match source.read(&mut buffer)? {
                0 => return Ok(taken),
                size => taken.add(&buffer[..size]),
            }
        }
    }

    fn add(&mut self, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        self.lines += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
    }
}

/// Somebody of a company who can sign in.
pub fn make_reader(connection: &mut PgConnection, company: CompanyId) -> anyhow::Result<()> {
    let id = match users::find_by_email(connection, EMAIL)? {
        Some(user) => user.id,
        None => {
            let user = NewUser {
                email: EMAIL,
                name: "Reader",
                role: Role::Admin,
            };
            users::create(connection, company, user, Clock::system().now())?
        }
    };
    let hash = passwords::hash(PASSWORD)?;
    Ok(users::set_password(connection, id, &hash)?)
}

impl Visitor {
    /// Signs in as the one made by [`make_reader`].
    pub fn sign_in(address: SocketAddr) -> anyhow::Result<Self> {
        let mut visitor = Self {
            address,
            stream: connect(address)?,
            asked: Instant::now(),
            cookie: String::new(),
        };
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("email", EMAIL)
            .append_pair("password", PASSWORD)
            .finish();
        let head = visitor.post("/sign-in", FORM, &form)?;
        let cookie = header(&head, "set-cookie").and_then(|value| value.split(';').next());
        visitor.cookie = cookie
            .with_context(|| format!("nobody is signed in: {head}"))?
            .to_owned();
        Ok(visitor)
    }

    /// Sends a form; returns the head of the answer.
    pub fn post(&mut self, path: &str, kind: &str, body: &str) -> anyhow::Result<String> {
        let head = format!("POST {path} HTTP/1.1\r\ncontent-type: {kind}");
        Ok(self.ask(&head, body)?.0)
    }

    /// Looks at a page.
    pub fn look(&mut self, path: &str) -> anyhow::Result<Shown> {
        let since = Instant::now();
        let (head, body) = self.ask(&format!("GET {path} HTTP/1.1"), "")?;
        let time = since.elapsed();
        Ok(Shown {
            status: head.get(9..12).unwrap_or_default().parse()?,
            body: String::from_utf8(body)?,
            time,
        })
    }

    /// Takes a file that is sent in pieces.
    pub fn download(&mut self, path: &str) -> anyhow::Result<Taken> {
        let head = self.send(&format!("GET {path} HTTP/1.1"), "")?;
        let is_in_pieces = header(&head, "transfer-encoding") == Some("chunked");
        ensure!(is_in_pieces, "{path} is not sent in pieces: {head}");
        let mut taken = Taken::default();
        let mut piece = Vec::new();
        loop {
            let mut size = String::new();
            ensure!(self.stream.read_line(&mut size)? > 0, "the server hung up");
            let size = usize::from_str_radix(size.trim_end(), 16)?;
            // Each piece ends in a line break of its own.
            piece.resize(size + 2, 0);
            self.stream.read_exact(&mut piece)?;
            if size == 0 {
                return Ok(taken);
            }
            taken.add(&piece[..size]);
        }
    }

    fn ask(&mut self, head: &str, body: &str) -> anyhow::Result<(String, Vec<u8>)> {
        let head = self.send(head, body)?;
        let length = header(&head, "content-length").unwrap_or("0").parse()?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((head, body))
    }

    /// Asks, and returns the head of the answer.
    fn send(&mut self, head: &str, body: &str) -> anyhow::Result<String> {
        let (cookie, length) = (&self.cookie, body.len());
        let ask = format!(
            "{head}\r\nhost: localhost\r\nsec-fetch-site: same-origin\r\ncookie: {cookie}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        if self.asked.elapsed() > KEPT_ALIVE {
            self.stream = connect(self.address)?;
        }
        self.asked = Instant::now();
        self.stream.get_mut().write_all(ask.as_bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            ensure!(self.stream.read_line(&mut head)? > 0, "the server hung up");
        }
        Ok(head)
    }
}

fn connect(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

/// A field of a head.
pub fn header<'h>(head: &'h str, wanted: &str) -> Option<&'h str> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(wanted).then(|| value.trim())
    })
}
