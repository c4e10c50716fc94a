//! A person who is signed in and looks at pages, one at a time over one connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

/// The connection and the session.
pub struct Visitor {
    stream: BufReader<TcpStream>,
    cookie: String,
}

/// A page as it came.
pub struct Shown {
    pub status: u16,
    pub body: String,
    /// From the first byte sent to the last received.
    pub time: Duration,
}

impl Visitor {
    /// Signs in.
    pub fn sign_in(address: SocketAddr, email: &str, password: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut visitor = Self {
            stream: BufReader::new(stream),
            cookie: String::new(),
        };
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("email", email)
            .append_pair("password", password)
            .finish();
        let head = "POST /sign-in HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded";
        let (head, _) = visitor.ask(head, &form)?;
        let cookie = header(&head, "set-cookie").and_then(|value| value.split(';').next());
        visitor.cookie = cookie
            .with_context(|| format!("nobody is signed in: {head}"))?
            .to_owned();
        Ok(visitor)
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

    fn ask(&mut self, head: &str, body: &str) -> anyhow::Result<(String, Vec<u8>)> {
        let (cookie, length) = (&self.cookie, body.len());
        let ask = format!(
            "{head}\r\nhost: localhost\r\nsec-fetch-site: same-origin\r\ncookie: {cookie}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        self.stream.get_mut().write_all(ask.as_bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            ensure!(self.stream.read_line(&mut head)? > 0, "the server hung up");
        }
        let length = header(&head, "content-length").unwrap_or("0").parse()?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((head, body))
    }
}

fn header<'h>(head: &'h str, wanted: &str) -> Option<&'h str> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(wanted).then(|| value.trim())
    })
}
