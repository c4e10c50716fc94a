//! From a call as it arrived to its answer and the rows that are stored, without side effects: the
//! way in, a request that is sent again, the simulator and the demo's history all go through
//! [`judge`]. The rules are the domain's. What is in [`again`] judges stored requests once more, and
//! does write.

pub mod again;
mod answer;
mod record;

use std::net::IpAddr;
use std::time::Instant;

use crate::config::PublicUrl;
use crate::domain::body::Body;
use crate::domain::request::{Environment, Kind, RequestId};
use crate::domain::validate::{Finding, validate};
use crate::store::recorder::Record;
use crate::store::settings::Snapshot;

pub use answer::{Answer, ErrorItem};

/// A call whose key is valid, as it arrived.
pub struct Arrival {
    /// Its id, which carries the time.
    pub id: RequestId,
    /// What it asks for.
    pub kind: Kind,
    /// The id of the key it came with.
    pub key_id: i64,
    /// The environment of that key.
    pub environment: Environment,
    /// Its body.
    pub received: Received,
    /// Who sent it.
    pub sender: Sender,
}

/// Who sent a call, as far as it tells.
#[derive(Debug)]
pub struct Sender {
    /// The address it came from.
    pub address: Option<IpAddr>,
    /// The program that sent it.
    pub user_agent: Option<String>,
    /// The sender's own `x-request-id`.
    pub correlation_id: Option<String>,
    /// When it was taken up, to measure how long the verdict took.
    pub since: Instant,
}

impl Sender {
    /// One that tells nothing of itself, taken up now.
    pub fn unknown() -> Self {
        Self {
            address: None,
            user_agent: None,
            correlation_id: None,
            since: Instant::now(),
        }
    }
}

/// A body as it arrived.
#[derive(Debug)]
pub struct Received {
    /// Its bytes, unpacked.
    pub bytes: Vec<u8>,
    /// Whether only its beginning was kept.
    pub cut: bool,
    /// Why it cannot be read at all.
    pub problem: Option<Finding>,
    /// The content type as sent.
    pub content_type: Option<String>,
    /// Whether the content type says JSON.
    pub is_declared_json: bool,
    /// Whether it was packed in a way that nobody here can unpack.
    pub unknown_encoding: bool,
}

impl Received {
    /// A body that arrived whole, as it is.
    pub fn whole(bytes: Vec<u8>, content_type: Option<String>) -> Self {
        Self {
            bytes,
            cut: false,
            problem: None,
            is_declared_json: content_type.as_deref().is_some_and(says_json),
            content_type,
            unknown_encoding: false,
        }
    }
}

/// Judges a call and makes both the answer and what is stored.
pub fn judge(
    mut arrival: Arrival,
    snapshot: &Snapshot,
    public_url: &PublicUrl,
) -> (Answer, Record) {
    let bytes = std::mem::take(&mut arrival.received.bytes);
    let body = match &arrival.received.problem {
        None => Body::parse(arrival.kind, &bytes),
        Some(finding) => Body::unreadable(finding.clone()),
    };
    let verdict = validate(arrival.kind, &body, &snapshot.rules, arrival.environment);
    let answer = Answer::new(&arrival, &body, &verdict, public_url);
    let mut record = record::record(&arrival, snapshot, &body, &verdict, &answer);
    drop(body);
    record.document.body = bytes;
    (answer, record)
}

fn says_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
        || essence.eq_ignore_ascii_case("text/json")
        || essence.to_ascii_lowercase().ends_with("+json")
}
