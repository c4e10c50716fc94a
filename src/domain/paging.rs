//! Where in a list a page begins. The id of a request holds its time, so one id is the whole
//! cursor, and a link to a page shows the same rows tomorrow.

use super::request::RequestId;

/// Rows on one page of the status page.
pub const PAGE_ROWS: usize = 50;

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
