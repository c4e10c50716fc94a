//! The causes of a list: its failures grouped by error and decisive value, the most frequent first,
//! each with where it stands, its course over the window and who sends it.

mod facts;
mod row;

pub use self::facts::{CauseFacts, read};
use self::row::Context;
pub use self::row::{CauseRow, only};
use super::filters::Address;
use super::look::Look;
use super::row::KeyNames;
use crate::domain::cause::State;
use crate::domain::paging::PAGE_CAUSES;
use crate::store::causes::Causes;
use crate::web::format::{Moment, counted, number};

/// The causes as the page shows them.
pub struct CausesView {
    /// What the table is.
    pub caption: String,
    /// All, and those of each state.
    pub states: Vec<StateLink>,
    /// Those that stand as the address asks, the resolved ones last, the most frequent first.
    pub causes: Vec<CauseRow>,
    /// Those that are ignored, where the address does not ask for them.
    pub ignored: Vec<CauseRow>,
    /// The words for those.
    pub ignored_in_words: String,
    /// What is said where none is shown.
    pub none: String,
    /// The way to the neighbouring pages, where there are some.
    pub pager: Option<CausePager>,
    /// Whether some failures were left out.
    pub is_cut: bool,
}

/// The way to the neighbouring pages of causes.
pub struct CausePager {
    /// The page of those with more requests.
    pub before: Option<String>,
    /// The page of those with fewer.
    pub after: Option<String>,
    /// Which of all causes this page is about.
    pub span: String,
}

/// The causes of a state.
pub struct StateLink {
    /// Which, in a word.
    pub title: &'static str,
    /// Their address.
    pub url: String,
    /// How many there are, where this page tells.
    pub count: Option<String>,
    /// Whether they are shown.
    pub is_current: bool,
}

impl CausesView {
    /// Writes the causes of a list. `failures` is how many requests failed in all; `None` where there
    /// are more than were counted.
    pub fn new(look: &Look, facts: &CauseFacts, failures: Option<i64>, names: &KeyNames) -> Self {
        let found = &facts.found;
        let context = Context {
            look,
            facts,
            failures: failures.unwrap_or(found.failures),
            names,
            now: look.now,
            zone: look.zone(),
        };
        let rows: Vec<CauseRow> = found.causes.iter().map(|c| context.row(c)).collect();
        let wanted = look.address.shown.state;
        let is_every_cause = !found.are_of_decision && found.total <= PAGE_CAUSES;
        let states = states(&look.address, is_every_cause.then_some(&rows));
        let (ignored, mut causes): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .filter(|row| wanted.is_none_or(|wanted| row.state == wanted))
            .partition(|row| wanted.is_none() && row.state == State::Ignored);
        causes.sort_by_key(|row| row.state == State::Resolved);
        let pager = CausePager::new(look, found);
        let here = if pager.is_some() {
            "on this page"
        } else {
            "here"
        };
        Self {
            caption: format!(
                "{}, most frequent first · times in {}",
                in_words(wanted, causes.len(), found.total, pager.is_some()),
                Moment::new(look.now, look.zone()).zone()
            ),
            states,
            none: match wanted {
                Some(state) => format!("No cause {here} is {}.", state.as_str()),
                None => format!("Every cause {here} is ignored."),
            },
            causes,
            ignored_in_words: counted(ignored.len() as i64, "ignored cause"),
            ignored,
            pager,
            is_cut: found.is_cut,
        }
    }
}

/// How many causes a table is about.
fn in_words(wanted: Option<State>, shown: usize, total: i64, are_more: bool) -> String {
    let Some(state) = wanted else {
        return counted(total, "cause");
    };
    let shown = counted(shown as i64, &format!("{} cause", state.as_str()));
    match are_more {
        true => format!("{shown} on this page"),
        false => shown,
    }
}

/// The links to the states, with counts where these are all causes.
fn states(address: &Address, all: Option<&Vec<CauseRow>>) -> Vec<StateLink> {
    let link = |state: Option<State>| {
        let is_counted = |row: &&CauseRow| state.is_none_or(|state| row.state == state);
        let count = |rows: &Vec<CauseRow>| rows.iter().filter(is_counted).count() as i64;
        StateLink {
            title: state.map_or("All", State::title),
            url: address.of_state(state),
            count: all.map(|rows| number(count(rows))),
            is_current: address.shown.state == state,
        }
    };
    let states = State::ALL.into_iter().map(Some);
    std::iter::once(None).chain(states).map(link).collect()
}

impl CausePager {
    fn new(look: &Look, found: &Causes) -> Option<Self> {
        let page = (found.before / PAGE_CAUSES) as u32;
        let until = found.before + found.causes.len() as i64;
        // A rolling window moves on, and the order with it; the pages of what was opened stay.
        let list = look.address.frozen(look.window, look.now);
        let link = |page| list.of_page(page);
        (found.total > PAGE_CAUSES).then(|| Self {
            before: page.checked_sub(1).map(link),
            after: (until < found.total).then(|| link(page + 1)),
            span: format!(
                "Causes {} to {} of {}",
                number(found.before + 1),
                number(until),
                number(found.total)
            ),
        })
    }
}
