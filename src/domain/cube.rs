//! The counters of one window, as one small table in memory: tabs, legend, facets and the error
//! rate are sums over it, so they can never contradict each other.

use super::filter::{Filter, Label, Subject, Verdict};
use super::request::{Environment, Kind};

/// How many requests had exactly these properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The environment.
    pub environment: Environment,
    /// The kind of call.
    pub kind: Kind,
    /// The id of the key.
    pub key_id: i64,
    /// The channel as counted.
    pub channel: Label,
    /// The brand as counted.
    pub brand: Label,
    /// The language as counted.
    pub language: Label,
    /// The errors, see [`ErrorCode::bit`](super::dictionary::ErrorCode::bit).
    pub error_mask: i16,
    /// Whether an admin sent them again: no alert counts them.
    pub resubmitted: bool,
    /// How many requests.
    pub count: i64,
}

/// All cells of a window.
#[derive(Debug, Clone, Default)]
pub struct Cube(pub Vec<Cell>);

/// The cells of a window that a filter admits.
#[derive(Debug, Clone)]
pub struct Filtered<'a>(pub Vec<&'a Cell>);

impl Cell {
    /// Whether the requests counted here are what `subject` asks for. Employees and variants of
    /// errors are not counted apart, so a cell is never one's.
    pub fn is(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Error(code) => self.error_mask & code.bit() != 0,
            Subject::Environment(environment) => self.environment == *environment,
            Subject::Channel(label) => self.channel == *label,
            Subject::Brand(label) => self.brand == *label,
            Subject::Language(label) => self.language == *label,
            Subject::Employee(_) | Subject::Reason(..) => false,
            Subject::Key(id) => self.key_id == *id,
            Subject::Kind(kind) => self.kind == *kind,
            Subject::Result(Verdict::Valid) => self.error_mask == 0,
            Subject::Result(Verdict::Invalid) => self.error_mask != 0,
        }
    }

    /// Whether the requests counted here are on the tab *Invalid Requests*.
    pub fn is_invalid(&self) -> bool {
        self.error_mask != 0
    }

    /// Whether the requests counted here are on the tab *Test Requests*.
    pub fn is_test(&self) -> bool {
        self.environment == Environment::Test
    }
}

impl Cube {
    /// How many requests are in the cells for which `holds` says yes.
    pub fn count(&self, holds: impl Fn(&Cell) -> bool) -> i64 {
        count(self.0.iter(), holds)
    }

    /// Only what the filter admits.
    pub fn filtered(&self, filter: &Filter) -> Filtered<'_> {
        let admitted = |cell: &&Cell| filter.admits(|subject| cell.is(subject));
        Filtered(self.0.iter().filter(admitted).collect())
    }

    /// Production requests, and how many of them are invalid.
    pub fn production(&self) -> Rate {
        Rate {
            total: self.count(|c| !c.is_test()),
            failed: self.count(|c| !c.is_test() && c.is_invalid()),
        }
    }
}

impl Filtered<'_> {
    /// How many requests are in the cells for which `holds` says yes.
    pub fn count(&self, holds: impl Fn(&Cell) -> bool) -> i64 {
        count(self.0.iter().copied(), holds)
    }
}

fn count<'c>(cells: impl Iterator<Item = &'c Cell>, holds: impl Fn(&Cell) -> bool) -> i64 {
    cells.filter(|c| holds(c)).map(|c| c.count).sum()
}

/// So many of so many failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rate {
    /// Those that failed.
    pub failed: i64,
    /// All.
    pub total: i64,
}

impl Rate {
    /// The share that failed, in percent; `None` of nothing.
    pub fn percent(self) -> Option<f64> {
        (self.total > 0).then(|| self.failed as f64 * 100.0 / self.total as f64)
    }
}
