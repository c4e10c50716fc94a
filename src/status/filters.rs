//! The filter as the page shows it: an address that can be changed term by term, and chips.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::ROOT;
use super::row::KeyNames;
use crate::domain::cause::State;
use crate::domain::cube::Cell;
use crate::domain::filter::{Filter, Label, Subject, Term};
use crate::domain::paging::{Cursor, Shown};
use crate::domain::request::RequestId;
use crate::domain::window::{Preset, Range, Window};
use crate::store::requests::Tab;

/// The parameter of a request's page that names the list it was opened from.
const LIST: &str = "list";

/// An address of a list: its tab and its filter.
#[derive(Debug, Clone)]
pub struct Address {
    /// The list.
    pub tab: Tab,
    /// Its filter.
    pub filter: Filter,
    /// How it is shown.
    pub view: View,
    /// Which of its causes are shown.
    pub shown: Shown,
}

/// How a list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Request by request.
    Requests,
    /// Grouped by cause.
    Causes,
}

impl View {
    /// Both, in the order on the page.
    pub const ALL: [Self; 2] = [Self::Requests, Self::Causes];

    /// The word on the page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Requests => "Requests",
            Self::Causes => "Causes",
        }
    }
}

impl Tab {
    /// Both, in the order on the page.
    pub const ALL: [Self; 2] = [Self::Invalid, Self::Test];

    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Invalid => "Invalid Requests",
            Self::Test => "Test Requests",
        }
    }

    /// Whether the requests counted in `cell` are on the tab.
    pub fn holds(self, cell: &Cell) -> bool {
        match self {
            Self::Invalid => cell.is_invalid(),
            Self::Test => cell.is_test(),
        }
    }

    /// Its name in an address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid-requests",
            Self::Test => "test-requests",
        }
    }

    /// The path of the tab.
    pub fn path(self) -> String {
        format!("{ROOT}/{}", self.name())
    }

    /// The time range of an address that names none.
    pub fn default_range(self) -> Preset {
        match self {
            Self::Invalid => Preset::Day,
            Self::Test => Preset::Week,
        }
    }
}

impl Address {
    /// A list with a filter.
    pub fn new(tab: Tab, filter: Filter, view: View) -> Self {
        Self {
            tab,
            filter,
            view,
            shown: Shown::default(),
        }
    }

    /// The address as text, its first page.
    pub fn url(&self) -> String {
        self.of_page(0)
    }

    /// The address of a page of the causes, from 0.
    pub fn of_page(&self, page: u32) -> String {
        let shown = Shown { page, ..self.shown };
        Self {
            shown,
            ..self.clone()
        }
        .at(Cursor::Newest)
    }

    /// Reads the address of a list; `None` for one of anything else.
    pub fn read(address: &str, zone: Tz) -> Option<Self> {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let list = |tab, view| Self::new(tab, Filter::default(), view);
        let mut lists = Tab::ALL
            .into_iter()
            .flat_map(|tab| View::ALL.map(|view| list(tab, view)));
        let list = lists.find(|list| list.path() == path)?;
        let (filter, others) = Filter::from_query(query, zone);
        let mut shown = Shown::default();
        for (name, value) in others {
            shown.take(&name, &value);
        }
        Some(Self {
            filter,
            shown,
            ..list
        })
    }

    /// The address of this page of the list.
    pub fn at(&self, cursor: Cursor) -> String {
        self.filtered(self.path(), cursor)
    }

    /// Where a script asks what came to this list after a request.
    pub fn newer(&self, id: RequestId) -> String {
        let path = format!("{}/newer", self.tab.path());
        self.shown_as(View::Requests)
            .filtered(path, Cursor::NewerThan(id))
    }

    /// The address of the list as a file.
    pub fn file(&self, ending: &str) -> String {
        let path = format!("{}/export.{ending}", self.tab.path());
        self.shown_as(View::Requests).filtered(path, Cursor::Newest)
    }

    fn filtered(&self, path: String, cursor: Cursor) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.filter.to_parameters() {
            query.append_pair(&name, &value);
        }
        if self.view == View::Causes {
            query.extend_pairs(self.shown.to_parameters());
        }
        if let Some((name, value)) = cursor.to_parameter() {
            query.append_pair(name, &value);
        }
        match query.finish() {
            query if query.is_empty() => path,
            query => format!("{path}?{query}"),
        }
    }

    /// The page of one of its requests, from which the way goes on through the list, and back to the
    /// place in it.
    pub fn request(&self, id: impl std::fmt::Display, cursor: Cursor) -> String {
        let list = self.shown_as(View::Requests);
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair(LIST, self.tab.name());
        for (name, value) in list.filter.to_parameters() {
            query.append_pair(&name, &value);
        }
        query.extend_pairs(cursor.to_parameter());
        format!("{ROOT}/requests/{id}?{}", query.finish())
    }

    /// The list that the address of a request's page names, when it names one, and the place in it.
    pub fn of_request(query: &str, zone: Tz) -> Option<(Self, Cursor)> {
        let (filter, others) = Filter::from_query(query, zone);
        let (_, tab) = others.iter().find(|(name, _)| name == LIST)?;
        let tab = Tab::ALL.into_iter().find(|t| t.name() == tab)?;
        let cursor = |(name, value): &(String, String)| Cursor::from_parameter(name, value);
        let cursor = others.iter().find_map(cursor).unwrap_or(Cursor::Newest);
        Some((Self::new(tab, filter, View::Requests), cursor))
    }

    /// The path, without the filter.
    pub fn path(&self) -> String {
        match self.view {
            View::Requests => self.tab.path(),
            View::Causes => format!("{}/causes", self.tab.path()),
        }
    }

    /// The same list shown in another way.
    pub fn shown_as(&self, view: View) -> Self {
        Self {
            view,
            ..self.clone()
        }
    }

    /// The address of the causes that stand so; of all.
    pub fn of_state(&self, state: Option<State>) -> String {
        let shown = Shown {
            state,
            ..self.shown
        };
        Self {
            shown,
            ..self.clone()
        }
        .url()
    }

    /// The address of the same list with another filter.
    pub fn with_filter(&self, filter: Filter) -> String {
        Self {
            filter,
            ..self.clone()
        }
        .url()
    }

    /// The list with its time range as it is now: it shows the same tomorrow.
    pub fn frozen(&self, window: Window, now: DateTime<Utc>) -> Self {
        let to = window.to.unwrap_or(now);
        // What is not kept any more, or is yet to come, has no moments of its own.
        let filter = match window.from < to {
            true => self.filter.with_range(Range::Between(window.from, to)),
            false => self.filter.clone(),
        };
        Self {
            filter,
            ..self.clone()
        }
    }

    /// The address of the other tab with the same filter and the same window.
    pub fn on(&self, tab: Tab) -> String {
        let range = self
            .filter
            .range
            .unwrap_or(Range::Last(self.tab.default_range()));
        let filter = match tab == self.tab {
            true => self.filter.clone(),
            false => self.filter.with_range(range),
        };
        Self {
            tab,
            filter,
            ..self.clone()
        }
        .url()
    }
}

/// A term that is set, with the ways to change it.
pub struct Chip {
    /// What it is about, such as `Channel`.
    pub what: &'static str,
    /// Its value in words.
    pub value: String,
    /// Whether it is negated.
    pub negated: bool,
    /// The list with the term turned round.
    pub turned: String,
    /// The list without the term.
    pub without: String,
}

impl Chip {
    /// Such as `Channel is not sms`.
    pub fn in_words(&self) -> String {
        let is = if self.negated { "is not" } else { "is" };
        format!("{} {is} {}", self.what, self.value)
    }
}

/// What a parameter is about, in a word.
pub fn what(parameter: &str) -> &'static str {
    match parameter {
        "error" => "Error",
        "reason" => "Reason",
        "environment" => "Environment",
        "channel" => "Channel",
        "brand" => "Brand",
        "language" => "Language",
        "employee" => "Employee",
        "key" => "Key",
        "kind" => "Kind",
        _ => "Result",
    }
}

/// The value of a term in words.
pub fn words(subject: &Subject, keys: &KeyNames) -> String {
    match subject {
        Subject::Error(code) => code.title().to_owned(),
        Subject::Reason(reason, field) => {
            let sentence = reason.sentence().trim_end_matches('.');
            let words = format!("{}: {sentence}", reason.code().title());
            match field {
                Some(field) => format!("{words}: {field}"),
                None => words,
            }
        }
        Subject::Environment(environment) => environment.as_str().to_owned(),
        Subject::Channel(label) | Subject::Brand(label) | Subject::Language(label) => match label {
            Label::Named(name) => name.clone(),
            Label::NamedUnknown(name) => format!("{name}, unknown when sent"),
            Label::Unknown => "unknown to the company".to_owned(),
            Label::NotSent => "not sent".to_owned(),
        },
        Subject::Employee(sent) => sent.clone(),
        Subject::Key(id) => match keys.get(id) {
            Some((name, tail)) => format!("{name} …{tail}"),
            None => format!("number {id}"),
        },
        Subject::Kind(kind) => kind.as_str().to_owned(),
        Subject::Result(verdict) => verdict.as_str().to_owned(),
    }
}

/// The chips of the terms that are set.
pub fn chips(address: &Address, keys: &KeyNames) -> Vec<Chip> {
    let chip = |term: &Term| {
        let without = address.filter.without(term);
        let turned = without.with(Term {
            subject: term.subject.clone(),
            negated: !term.negated,
        });
        Chip {
            what: what(term.subject.parameter()),
            value: words(&term.subject, keys),
            negated: term.negated,
            turned: address.with_filter(turned),
            without: address.with_filter(without),
        }
    };
    address.filter.terms().iter().map(chip).collect()
}
