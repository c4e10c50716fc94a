//! A small HTTP client. It sends what it is told, also what no library would send, and never tries
//! anything a second time: a test must know what was sent and what was answered.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::contract;

/// Longer than any answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A call to be made.
#[derive(Debug, Clone)]
pub struct Call {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A connection that stays open from one call to the next.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Call {
    /// A call without headers or body.
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// With a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// With a JSON body, said to be one.
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    /// The body that it sends.
    pub fn sent(&self) -> &[u8] {
        &self.body
    }

    /// Makes the call on a connection of its own.
    #[track_caller]
    pub fn send_to(&self, address: SocketAddr) -> Answer {
        let closing = self.clone().header("connection", "close");
        Connection::open(address)
            .and_then(|mut connection| connection.send(&closing))
            .unwrap()
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            bytes += "host: test\r\n";
        }
        for (name, value) in &self.headers {
            bytes += &format!("{name}: {value}\r\n");
        }
        if !self.body.is_empty() || self.method == "POST" {
            bytes += &format!("content-length: {}\r\n", self.body.len());
        }
        let mut bytes = (bytes + "\r\n").into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

impl Connection {
    /// Connects.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let stream = BufReader::new(stream);
        Ok(Self { stream })
    }

    /// Makes a call and reads its answer. An error means that no whole answer came.
    pub fn send(&mut self, call: &Call) -> io::Result<Answer> {
        // The server may answer and close before it has read all; its answer counts.
        let written = self.stream.get_mut().write_all(&call.bytes());
        let answer = self.read_answer(&call.method).or_else(|error| {
            written?;
            Err(error)
        })?;
        contract::check(&call.method, &call.path, &answer);
        Ok(answer)
    }

    fn read_answer(&mut self, method: &str) -> io::Result<Answer> {
        let status_line = self.read_line()?;
        let status = status_line.split(' ').nth(1).and_then(|s| s.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(status_line.clone()))?;
        let mut headers = Vec::new();
        loop {
            let line = self.read_line()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        if method == "HEAD" {
            return Ok(answer);
        }
        if answer.header("transfer-encoding") == Some("chunked") {
            while let size @ 1.. = self.read_chunk_size()? {
                self.read_exactly(size, &mut answer.body)?;
                self.read_line()?;
            }
            self.read_line()?;
        } else if let Some(length) = answer.header("content-length") {
            let length = length.parse().map_err(io::Error::other)?;
            self.read_exactly(length, &mut answer.body)?;
        }
        Ok(answer)
    }

    fn read_line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }

    fn read_chunk_size(&mut self) -> io::Result<usize> {
        usize::from_str_radix(&self.read_line()?, 16).map_err(io::Error::other)
    }

    fn read_exactly(&mut self, length: usize, body: &mut Vec<u8>) -> io::Result<()> {
        let start = body.len();
        body.resize(start + length, 0);
        self.stream.read_exact(&mut body[start..])
    }
}

impl Answer {
    /// The first header of a name, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// All headers of a name, in lower case.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let headers = self.headers.iter();
        headers
            .filter(move |(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// The body as text.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        let parsed = serde_json::from_slice(&self.body);
        parsed.unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The value of a hidden field of a page.
    pub fn hidden(&self, name: &str) -> Option<String> {
        let (_, rest) = self
            .text()
            .split_once(&format!("type=\"hidden\" name=\"{name}\" value=\""))?;
        let (value, _) = rest.split_once('"')?;
        Some(value.replace("&#38;", "&"))
    }

    /// Where a redirect leads.
    #[track_caller]
    pub fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.text());
        self.header("location").expect("a redirect leads somewhere")
    }

    /// The id in the header `x-request-id`.
    #[track_caller]
    pub fn request_id(&self) -> Uuid {
        let id = self.header("x-request-id").expect("every answer has an id");
        id.parse().unwrap()
    }
}
