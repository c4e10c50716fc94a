//! Where in a list a page begins. The id of a request holds its time, so one id is the whole
//! cursor, and a link to a page shows the same rows tomorrow. Causes are in the order of their counts
//! and have pages with numbers.

use super::cause::State;
use super::request::RequestId;

/// Rows on one page of the status page.
pub const PAGE_ROWS: usize = 50;

/// Causes on one page.
pub const PAGE_CAUSES: i64 = 25;

/// A place in a list sorted newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cursor {
    /// The newest rows.
    #[default]
    Newest,
    /// The rows that come after this one, going back in time.
    OlderThan(RequestId),
    /// The rows just before this one, going forward in time.
    NewerThan(RequestId),
}

impl Cursor {
    /// The name and value of the query parameter; `None` for the first page.
    pub fn to_parameter(self) -> Option<(&'static str, String)> {
        match self {
            Self::Newest => None,
            Self::OlderThan(id) => Some(("older", id.to_string())),
            Self::NewerThan(id) => Some(("newer", id.to_string())),
        }
    }

    /// Reads a query parameter; `None` when it is no cursor or no id.
    pub fn from_parameter(name: &str, value: &str) -> Option<Self> {
        match name {
            "older" => value.parse().ok().map(Self::OlderThan),
            "newer" => value.parse().ok().map(Self::NewerThan),
            _ => None,
        }
    }
}

/// Which of the causes of a list are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shown {
    /// Those that stand so; all where the address names none.
    pub state: Option<State>,
    /// Those of this page, from 0; one after the last is the last.
    pub page: u32,
}

impl Shown {
    /// Takes a parameter of the address, and says whether it is one of these.
    pub fn take(&mut self, name: &str, value: &str) -> bool {
        match name {
            "state" => match State::parse(value) {
                Some(state) => self.state = Some(state),
                None => return false,
            },
            "page" => match value.parse().ok().and_then(|page: u32| page.checked_sub(1)) {
                Some(page) => self.page = page,
                None => return false,
            },
            _ => return false,
        }
        true
    }

    /// The parameters of the address.
    pub fn to_parameters(self) -> impl Iterator<Item = (&'static str, String)> {
        let state = self.state.map(|state| ("state", state.as_str().to_owned()));
        let page = (self.page > 0).then(|| ("page", (self.page + 1).to_string()));
        state.into_iter().chain(page)
    }
}
