//! Work over many requests: what is done, how far it is, and what was found so far.

use std::ops::{Add, AddAssign};

use super::recheck::Now;
use super::resubmission::Standing;

/// What is done with each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// It is judged once more.
    Recheck,
    /// It is sent again, where it would pass now.
    Resubmission,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Under way.
    Running,
    /// All is done.
    Done,
    /// Someone stopped it.
    Cancelled,
    /// The settings changed, and what was agreed to was by the old ones.
    Overtaken,
}

/// What was found among many requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// So many would pass.
    pub passing: i64,
    /// So many fail for the same reason.
    pub same: i64,
    /// So many fail for another reason.
    pub different: i64,
    /// So many could be sent again.
    pub sendable: i64,
    /// So many of those are older than a week.
    pub sendable_old: i64,
    /// So many were sent again.
    pub sent: i64,
}

impl RunKind {
    const ALL: [Self; 2] = [Self::Recheck, Self::Resubmission];

    /// The number in the store.
    pub fn number(self) -> i16 {
        match self {
            Self::Recheck => 1,
            Self::Resubmission => 2,
        }
    }

    /// Reads the number in the store back.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

impl RunState {
    const ALL: [Self; 4] = [Self::Running, Self::Done, Self::Cancelled, Self::Overtaken];

    /// The number in the store.
    pub fn number(self) -> i16 {
        match self {
            Self::Running => 1,
            Self::Done => 2,
            Self::Cancelled => 3,
            Self::Overtaken => 4,
        }
    }

    /// Reads the number in the store back.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }
}

impl Sum {
    /// Adds one request.
    pub fn count(&mut self, now: Now, standing: Standing, is_old: bool) {
        match now {
            Now::Passes => self.passing += 1,
            Now::Same => self.same += 1,
            Now::Different => self.different += 1,
        }
        let is_sendable = standing == Standing::Sendable;
        self.sendable += i64::from(is_sendable);
        self.sendable_old += i64::from(is_sendable && is_old);
    }

    /// How many were looked at.
    pub fn checked(self) -> i64 {
        self.passing + self.same + self.different
    }

    /// How many fail.
    pub fn failing(self) -> i64 {
        self.same + self.different
    }
}

impl Add for Sum {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        self.passing += other.passing;
        self.same += other.same;
        self.different += other.different;
        self.sendable += other.sendable;
        self.sendable_old += other.sendable_old;
        self.sent += other.sent;
    }
}
