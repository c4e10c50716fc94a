//! Load: keep-alive connections that each send the next prepared request as soon as the last is
//! answered. One thread, so that it takes as little as possible of the cores it shares.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many were answered with each status.
    pub statuses: BTreeMap<u16, usize>,
    /// How long the measurement took.
    pub time: Duration,
    /// Microseconds from the first byte sent to the last received, in order of size.
    micros: Vec<u32>,
}

impl Outcome {
    /// Answers in a second.
    pub fn rate(&self) -> f64 {
        self.micros.len() as f64 / self.time.as_secs_f64()
    }

    /// The latency that so many of 1,000 answers stayed within, in milliseconds.
    pub fn per_mille(&self, share: usize) -> f64 {
        let last = self.micros.len().saturating_sub(1);
        let place = (self.micros.len() * share / 1_000).min(last);
        self.micros
            .get(place)
            .map_or(f64::NAN, |micros| f64::from(*micros) / 1_000.0)
    }

    /// Answers that are neither of these.
    pub fn others(&self, expected: &[u16]) -> usize {
        let others = self.statuses.iter();
        others
            .filter(|(status, _)| !expected.contains(status))
            .map(|(_, count)| count)
            .sum()
    }
}

/// A request in the bytes that go over the wire.
pub fn post(path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    (text + "\r\n" + body).into_bytes()
}

/// Sends `requests` over so many connections, each from another place on and round and round, for
/// so long. Nothing of the warm-up is counted, but `begin` is called when it is over.
pub async fn run(
    address: SocketAddr,
    connections: usize,
    requests: &Arc<[Vec<u8>]>,
    warm_up: Duration,
    time: Duration,
    begin: impl FnOnce() -> io::Result<()>,
) -> io::Result<Outcome> {
    let from = Instant::now() + warm_up;
    let until = from + time;
    let tasks: Vec<_> = (0..connections)
        .map(|number| {
            let requests = requests.clone();
            let first = number * requests.len() / connections;
            tokio::spawn(async move { send(address, &requests, first, from, until).await })
        })
        .collect();
    tokio::time::sleep_until(from.into()).await;
    begin()?;
    let mut outcome = Outcome {
        time,
        ..Outcome::default()
    };
    for task in tasks {
        let (statuses, micros) = task.await.map_err(io::Error::other)??;
        for (status, count) in statuses {
            *outcome.statuses.entry(status).or_default() += count;
        }
        outcome.micros.extend(micros);
    }
    outcome.micros.sort_unstable();
    Ok(outcome)
}

type Answered = (BTreeMap<u16, usize>, Vec<u32>);

async fn send(
    address: SocketAddr,
    requests: &[Vec<u8>],
    first: usize,
    from: Instant,
    until: Instant,
) -> io::Result<Answered> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut statuses, mut micros) = Answered::default();
    let mut buffer = Vec::with_capacity(8 * 1024);
    for request in requests.iter().cycle().skip(first) {
        let sent = Instant::now();
        if sent >= until {
            break;
        }
        stream.write_all(request).await?;
        let status = read_answer(&mut stream, &mut buffer).await?;
        let answered = Instant::now();
        if sent >= from && answered <= until {
            *statuses.entry(status).or_default() += 1;
            micros.push((answered - sent).as_micros() as u32);
        }
    }
    Ok((statuses, micros))
}

/// Reads one answer with a content length to its end.
async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<u16> {
    buffer.clear();
    let mut whole = None;
    while whole.is_none_or(|(_, length)| buffer.len() < length) {
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if whole.is_none() {
            whole = head_of(buffer);
        }
    }
    Ok(whole.map_or(0, |(status, _)| status))
}

/// The status, and how long head and body are together; `None` while the head is not whole.
fn head_of(bytes: &[u8]) -> Option<(u16, usize)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let status = head.get(9..12)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    Some((status, end + length.unwrap_or(0)))
}
