//! An error of a request, with what ends it and how many others have the same cause.

use super::super::Status;
use super::super::causes;
use super::super::filters::{Address, View};
use super::super::fix::{Fix, Linked, Meant};
use super::super::row::{About, about, icon, tone};
use crate::domain::dictionary::{EndedBy, Reason};
use crate::domain::filter::Filter;
use crate::domain::window::{Preset, Range};
use crate::store::requests::{FindingRow, ListRow, Tab};
use crate::web::format::number;

/// *Same cause* looks back so far.
pub(super) const SAME_CAUSE: Range = Range::Last(Preset::Week);

/// An error with what ends it.
pub(super) struct FindingView {
    pub(super) title: &'static str,
    pub(super) icon: &'static str,
    pub(super) tone: &'static str,
    pub(super) ended_by: EndedBy,
    pub(super) sentence: &'static str,
    pub(super) pointer: String,
    pub(super) value: About,
    pub(super) next_step: &'static str,
    /// What ends it, the most likely first.
    pub(super) fixes: Vec<Fix>,
    /// Whom the sender may have meant.
    pub(super) meant: Vec<Meant>,
    /// What was sent of an employee, in words.
    pub(super) sent_as: &'static str,
    /// What support sends to an admin.
    pub(super) ask: String,
    pub(super) same_cause: String,
    pub(super) same_cause_url: String,
    pub(super) cause_url: String,
    pub(super) dictionary: String,
}

impl FindingView {
    /// `others` is how many other requests have the same cause.
    pub(super) fn new(
        row: &ListRow,
        reason: Reason,
        finding: &FindingRow,
        others: Option<i64>,
    ) -> Self {
        Self {
            title: reason.code().title(),
            icon: icon(reason.code()),
            tone: tone(reason.ended_by()),
            ended_by: reason.ended_by(),
            sentence: reason.sentence(),
            pointer: finding.pointer.clone(),
            value: about(row, reason, finding),
            next_step: reason.next_step(),
            fixes: Vec::new(),
            meant: Vec::new(),
            sent_as: match finding.pointer == "/employee/email" {
                true => "e-mail",
                false => "custom id",
            },
            ask: String::new(),
            same_cause: match others {
                None => "Same cause: show all".to_owned(),
                Some(..=0) => "Same cause: no others in 7 days".to_owned(),
                Some(1) => "Same cause: 1 other in 7 days".to_owned(),
                Some(others) => format!("Same cause: {} others in 7 days", number(others)),
            },
            same_cause_url: same_cause(reason, finding, View::Requests),
            cause_url: same_cause(reason, finding, View::Causes),
            dictionary: format!("/errors/{}", reason.code().as_str()),
        }
    }

    pub(super) fn is_for_admin(&self) -> bool {
        self.ended_by == EndedBy::Admin
    }

    /// Words for an admin: what to press, where, and why.
    pub(super) fn to_ask(&self, status: &Status, row: &ListRow) -> String {
        let line = |(place, fix): (usize, &Fix)| {
            let (words, url) = (fix.words(), status.public_url.join(&fix.plain_url));
            match place {
                0 => format!("{words}, please: {url}\n"),
                _ => format!("Or: {words}: {url}\n"),
            }
        };
        let lines: String = self.fixes.iter().enumerate().map(line).collect();
        if lines.is_empty() {
            return lines;
        }
        let request = status.public_url.join(&format!("/r/{}", row.id));
        format!(
            "{lines}Requests are refused: {}. {}.\nOne of them: {request}",
            self.title, self.same_cause
        )
    }

    pub(super) fn next_step_linked(&self) -> Linked {
        Linked::new(self.next_step)
    }

    pub(super) fn value_in_words(&self) -> String {
        match &self.value {
            About::Value(value) => value.0.concat().concat(),
            About::Words(words) => (*words).to_owned(),
            About::NotSent => "not sent".to_owned(),
            About::Expunged => "deleted".to_owned(),
        }
    }
}

/// Those that failed for the same reason: what is counted is what the link shows.
fn same_cause(reason: Reason, finding: &FindingRow, view: View) -> String {
    let week = Filter::default().with_range(SAME_CAUSE);
    let filter = causes::only(&week, reason, finding.value.as_deref());
    Address::new(Tab::Invalid, filter, view).url()
}
