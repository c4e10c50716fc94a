//! What every request has before anyone reads its body: an id that carries its time, the kind of
//! call, and the environment that its key decides.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use uuid::{Timestamp, Uuid};

/// A text of a request that is searched, listed or answered is kept up to here, in characters; the
/// body has all of it.
pub const KEPT_CHARS: usize = 255;

/// The id of a request, a UUID v7. It is also the `x-request-id` of the answer and the id of the
/// stored row, and the time of receipt is read from it, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(Uuid);

impl RequestId {
    /// Comes after every other id: where a list begins that has no beginning.
    pub const LAST: Self = Self(Uuid::from_u128(
        ((YEAR_3000 as u128 - 1) << 80) | 0x7fff_bfff_ffff_ffff_ffff,
    ));

    /// A fresh id for a request received at `at`. Within one millisecond the order of ids is random.
    pub fn new(at: DateTime<Utc>) -> Self {
        let seconds = u64::try_from(at.timestamp()).unwrap_or(0);
        Self(Uuid::new_v7(Timestamp::from_unix_time(
            seconds,
            at.timestamp_subsec_nanos(),
            0,
            0,
        )))
    }

    /// Takes a stored or sent UUID; `None` unless it is a version 7 with a time that exists.
    pub fn from_uuid(uuid: Uuid) -> Option<Self> {
        (uuid.get_version_num() == 7 && time_of(uuid).is_some()).then_some(Self(uuid))
    }

    /// The time that is read from an id, also from one that only begins as ours do.
    pub fn time_of(uuid: Uuid) -> Option<DateTime<Utc>> {
        time_of(uuid)
    }

    /// When the request was received, read from the id.
    pub fn received_at(self) -> DateTime<Utc> {
        time_of(self.0).unwrap_or_default()
    }

    /// The UUID itself.
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

/// Milliseconds from 1970 to the year 3000.
const YEAR_3000: i64 = 32_503_680_000_000;

/// The time in the first 48 bits of a UUID v7, milliseconds since 1970. The highest values lie
/// thousands of years ahead, outside what Postgres and a calendar can hold.
fn time_of(uuid: Uuid) -> Option<DateTime<Utc>> {
    let millis = (uuid.as_u128() >> 80) as i64;
    (millis < YEAR_3000).then(|| DateTime::from_timestamp_millis(millis))?
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for RequestId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Uuid::from_str(text)
            .ok()
            .and_then(Self::from_uuid)
            .ok_or(())
    }
}

/// Which of a company's two environments a key belongs to. The key alone decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Environment {
    /// A developer tries out; channels in manual mode are accepted.
    Test,
    /// Real traffic.
    Production,
}

impl Environment {
    /// Both, in the order in which they are listed.
    pub const ALL: [Self; 2] = [Self::Test, Self::Production];

    /// The word in addresses and keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Production => "production",
        }
    }

    /// The word on the page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Test => "Test",
            Self::Production => "Production",
        }
    }

    /// The number in the store.
    pub fn number(self) -> i16 {
        match self {
            Self::Test => 1,
            Self::Production => 2,
        }
    }

    /// Reads the number in the store back.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|e| e.number() == number)
    }
}

impl FromStr for Environment {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|e| e.as_str() == text).ok_or(())
    }
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `POST /v1/requests` and `/v1/auth`: ask a customer for feedback.
    Feedback,
    /// `POST /v1/recoveries`: a service recovery; only the employee is checked.
    Recovery,
}

impl Kind {
    /// Both, in the order in which they are listed.
    pub const ALL: [Self; 2] = [Self::Feedback, Self::Recovery];

    /// The word in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Feedback => "feedback",
            Self::Recovery => "recovery",
        }
    }

    /// The word on the page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Feedback => "Feedback request",
            Self::Recovery => "Recovery",
        }
    }

    /// The number in the store.
    pub fn number(self) -> i16 {
        match self {
            Self::Feedback => 1,
            Self::Recovery => 2,
        }
    }

    /// Reads the number in the store back.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.number() == number)
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|k| k.as_str() == text).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_in_the_id() {
        let at = DateTime::from_timestamp_millis(1_795_000_123_456).unwrap();
        let id = RequestId::new(at);
        assert_eq!(id.received_at(), at);
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn other_uuids_are_no_request_ids() {
        assert_eq!("not-a-uuid".parse::<RequestId>(), Err(()));
        assert_eq!(RequestId::from_uuid(Uuid::new_v4()), None);
        let far_ahead: Uuid = "ffffffff-ffff-7fff-bfff-ffffffffffff".parse().unwrap();
        assert_eq!(RequestId::from_uuid(far_ahead), None);
    }
}
