//! The legend: what the errors mean, who ends them, and how many there are. Each line is the filter
//! for its error.

use super::filters::Address;
use super::row::{icon, tone};
use crate::domain::dictionary::{EndedBy, ErrorCode};
use crate::domain::filter::{Filter, Subject, Term};
use crate::web::format::number;

/// A group of the legend: errors that the same person ends.
pub struct Group {
    /// Its heading.
    pub heading: &'static str,
    /// Its icon in the sprite.
    pub icon: &'static str,
    /// Its colour.
    pub tone: &'static str,
    /// Its errors, in rule order.
    pub lines: Vec<Line>,
}

/// An error in the legend.
pub struct Line {
    /// The list with only this error; without it where it is chosen already.
    pub url: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
    /// Its title.
    pub title: &'static str,
    /// Its icon in the sprite.
    pub icon: &'static str,
    /// What happened, in a line.
    pub summary: &'static str,
    /// What happened, in full.
    pub explanation: &'static str,
    /// Who ends it.
    pub ended_by: &'static str,
    /// Its page in the dictionary.
    pub dictionary: String,
    /// How many requests have it.
    pub count: String,
    /// Whether nobody has it.
    pub is_zero: bool,
}

/// How many requests of a tab have which errors, whatever error the filter asks for.
pub struct ErrorCounts {
    /// Error masks, and how many requests have each.
    pub masks: Vec<(i16, i64)>,
    /// What to write after each number.
    pub more: &'static str,
}

impl ErrorCounts {
    fn of(&self, code: ErrorCode) -> i64 {
        let with_it = self.masks.iter().filter(|(mask, _)| mask & code.bit() != 0);
        with_it.map(|(_, count)| count).sum()
    }
}

/// The icon of a group in the sprite.
pub fn icon_of(ended_by: EndedBy) -> &'static str {
    match ended_by {
        EndedBy::Admin => "gear",
        EndedBy::Sender => "sender",
        EndedBy::Either => "people",
    }
}

/// The legend of a tab.
pub fn groups(address: &Address, counts: &ErrorCounts) -> Vec<Group> {
    let line = |code| line(address, counts, code);
    let of = |ended_by| {
        ErrorCode::ALL
            .into_iter()
            .filter(move |c| c.ended_by() == ended_by)
    };
    EndedBy::ALL
        .into_iter()
        .map(|ended_by| Group {
            heading: ended_by.heading(),
            icon: icon_of(ended_by),
            tone: tone(ended_by),
            lines: of(ended_by).map(line).collect(),
        })
        .collect()
}

fn line(address: &Address, counts: &ErrorCounts, code: ErrorCode) -> Line {
    let term = Term::wanted(Subject::Error(code));
    let filter: &Filter = &address.filter;
    let is_chosen = filter.has(&term);
    let count = counts.of(code);
    Line {
        url: match is_chosen {
            true => address.with_filter(filter.without(&term)),
            false => address.with_filter(filter.without_any("error").with(term)),
        },
        is_chosen,
        title: code.title(),
        icon: icon(code),
        summary: code.summary(),
        explanation: code.entry().explanation,
        ended_by: code.ended_by().who(),
        dictionary: format!("/errors/{}", code.as_str()),
        count: number(count) + counts.more,
        is_zero: count == 0,
    }
}
