//! The way to the neighbouring pages of a list.

use super::look::Look;
use crate::domain::paging::Cursor;
use crate::domain::request::RequestId;
use crate::store::requests::{self, ListRow};
use crate::web::format::Moment;

/// The way to the neighbouring pages.
pub struct Pager {
    /// The page before this one.
    pub newer: Option<String>,
    /// The page after it.
    pub older: Option<String>,
    /// From when to when this page goes.
    pub span: String,
    /// Where a rare filter stopped looking, in words.
    pub searched_to: Option<String>,
    /// Whether it looked towards the newest.
    searches_forward: bool,
}

impl Pager {
    /// The pages before and after one.
    pub fn new(look: &Look, page: &requests::Page) -> Self {
        let id = |row: &ListRow| RequestId::from_uuid(row.id);
        let (first, last) = (
            page.rows.first().and_then(id),
            page.rows.last().and_then(id),
        );
        // Where a rare filter stopped, the way goes on from there and not from the last row shown.
        let (older, newer) = match look.cursor {
            Cursor::NewerThan(from) => (last.or(Some(from)), page.searched_to.or(first)),
            Cursor::Newest => (page.searched_to.or(last), first),
            Cursor::OlderThan(from) => (page.searched_to.or(last), first.or(Some(from))),
        };
        let short = |id: RequestId| Moment::new(id.received_at(), look.zone()).short(look.now);
        // A rolling window moves on; the pages of the list that was opened stay where they are.
        let list = look.address.frozen(look.window, look.now);
        let link = |cursor| list.at(cursor);
        Self {
            newer: newer
                .filter(|_| page.has_newer)
                .map(|id| link(Cursor::NewerThan(id))),
            older: older
                .filter(|_| page.has_older)
                .map(|id| link(Cursor::OlderThan(id))),
            span: match (last, first) {
                (Some(last), Some(first)) if last != first => {
                    format!("{} – {}", short(last), short(first))
                }
                (Some(only), _) => short(only),
                _ => String::new(),
            },
            searches_forward: matches!(look.cursor, Cursor::NewerThan(_)),
            searched_to: page.searched_to.map(|id| match look.cursor {
                Cursor::NewerThan(_) => format!("Searched forward to {}", short(id)),
                _ => format!("Searched back to {}", short(id)),
            }),
        }
    }

    /// Where a search that stopped goes on.
    pub fn onwards(&self) -> Option<&String> {
        match self.searches_forward {
            true => self.newer.as_ref(),
            false => self.older.as_ref(),
        }
    }
}
