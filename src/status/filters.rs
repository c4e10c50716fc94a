//! The filter as the page shows it: an address that can be changed term by term, a form, and chips.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::ROOT;
use super::row::KeyNames;
use crate::domain::cube::{Cell, Cube};
use crate::domain::dictionary::ErrorCode;
use crate::domain::filter::{Filter, Label, Subject, Term, Verdict};
use crate::domain::paging::Cursor;
use crate::domain::request::{Environment, Kind};
use crate::domain::settings::CompanySettings;
use crate::domain::window::{Preset, Range};
use crate::store::api_keys::KeyRow;
use crate::store::requests::Tab;
use crate::web::format::{city, number};

/// An address of a list: its tab and its filter.
#[derive(Debug, Clone)]
pub struct Address {
    /// The list.
    pub tab: Tab,
    /// Its filter.
    pub filter: Filter,
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

    /// The path of the tab.
    pub fn path(self) -> String {
        match self {
            Self::Invalid => format!("{ROOT}/invalid-requests"),
            Self::Test => format!("{ROOT}/test-requests"),
        }
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
    /// The address as text, its first page.
    pub fn url(&self) -> String {
        self.at(Cursor::Newest)
    }

    /// The address of a page of this list.
    pub fn at(&self, cursor: Cursor) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.filter.to_parameters() {
            query.append_pair(&name, &value);
        }
        if let Some((name, value)) = cursor.to_parameter() {
            query.append_pair(name, &value);
        }
        let (path, query) = (self.tab.path(), query.finish());
        match query.is_empty() {
            true => path,
            false => format!("{path}?{query}"),
        }
    }

    /// The address of the same list with another filter.
    pub fn with_filter(&self, filter: Filter) -> String {
        let tab = self.tab;
        Self { tab, filter }.url()
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
        Self { tab, filter }.url()
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

/// The form that sets the filter.
pub struct FilterForm {
    /// Where it leads.
    pub action: String,
    /// The presets: value, words, whether it is the one in force.
    pub ranges: Vec<(&'static str, &'static str, bool)>,
    /// Whether the range in force is a custom one.
    pub is_custom: bool,
    /// The custom range's ends, as a form field wants them: local time.
    pub from: String,
    /// The end.
    pub to: String,
    /// What can be chosen from, channel first.
    pub selects: Vec<Select>,
    /// The employee asked for.
    pub employee: String,
    /// Everything in force that the form's fields do not say.
    pub hidden: Vec<(String, String)>,
    /// The zone of its times.
    pub zone: String,
    /// Everything in force but the time range, for the form of the custom range.
    pub all_terms: Vec<(String, String)>,
}

/// One select of the form.
pub struct Select {
    /// The query parameter.
    pub name: &'static str,
    /// What it is about.
    pub what: &'static str,
    /// What can be chosen.
    pub options: Vec<Choice>,
}

/// An option of a select.
pub struct Choice {
    /// The value of the query parameter.
    pub value: String,
    /// Its words, with how many requests there are.
    pub words: String,
    /// Whether it is in force.
    pub is_chosen: bool,
}

/// What a parameter is about, in a word.
pub fn what(parameter: &str) -> &'static str {
    match parameter {
        "error" => "Error",
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
        Subject::Environment(environment) => environment.as_str().to_owned(),
        Subject::Channel(label) | Subject::Brand(label) | Subject::Language(label) => match label {
            Label::Named(name) => name.clone(),
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

/// The form, each option with how many requests of the tab it would show: a select does not hide
/// its own options.
pub fn form(
    address: &Address,
    cube: Option<&Cube>,
    settings: &CompanySettings,
    keys: &[KeyRow],
    names: &KeyNames,
    zone: Tz,
) -> FilterForm {
    let filter = &address.filter;
    let in_force = filter
        .range
        .unwrap_or(Range::Last(address.tab.default_range()));
    let local = |at: DateTime<Utc>| at.with_timezone(&zone).format("%Y-%m-%dT%H:%M").to_string();
    let (from, to) = match in_force {
        Range::Last(_) => (String::new(), String::new()),
        Range::Between(from, to) => (local(from), local(to)),
    };
    let selects: Vec<Select> = subjects(settings, keys)
        .into_iter()
        .map(|(name, subjects)| Select {
            name,
            what: what(name),
            options: options(address, cube, names, name, subjects),
        })
        .collect();
    let shown = |name: &str, value: &str| {
        let mut options = selects
            .iter()
            .filter(|s| s.name == name)
            .flat_map(|s| &s.options);
        options.any(|o| o.is_chosen && o.value == value)
    };
    let employee = filter.about("employee").find(|t| !t.negated);
    let employee = employee.map(|t| t.subject.value()).unwrap_or_default();
    let all_terms = filter.without_range().to_parameters();
    let is_hidden = |(name, value): &&(String, String)| {
        let is_employee = name == "employee" && *value == employee;
        !is_employee && !shown(name, value)
    };
    let mut hidden: Vec<_> = all_terms.iter().filter(is_hidden).cloned().collect();
    let is_custom = matches!(in_force, Range::Between(..));
    if is_custom {
        let range = in_force.to_parameters();
        hidden.extend(
            range
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value)),
        );
    }
    FilterForm {
        action: address.tab.path(),
        ranges: Preset::ALL
            .into_iter()
            .map(|p| (p.as_str(), p.title(), in_force == Range::Last(p)))
            .collect(),
        is_custom,
        from,
        to,
        selects,
        employee,
        hidden,
        zone: city(zone),
        all_terms,
    }
}

/// Everything that can be chosen, per parameter.
fn subjects(settings: &CompanySettings, keys: &[KeyRow]) -> Vec<(&'static str, Vec<Subject>)> {
    let labels = |names: Vec<&str>, subject: fn(Label) -> Subject| -> Vec<Subject> {
        let named = names.into_iter().map(|name| Label::Named(name.to_owned()));
        named
            .chain([Label::Unknown, Label::NotSent])
            .map(subject)
            .collect()
    };
    let channels = settings.channels.iter().map(|c| c.label.as_str()).collect();
    let brands = settings.brands.iter().map(|b| b.label.as_str()).collect();
    let languages = settings
        .languages
        .iter()
        .map(|l| l.label.as_str())
        .collect();
    vec![
        ("channel", labels(channels, Subject::Channel)),
        (
            "environment",
            Environment::ALL.map(Subject::Environment).into(),
        ),
        ("brand", labels(brands, Subject::Brand)),
        ("language", labels(languages, Subject::Language)),
        ("error", ErrorCode::ALL.map(Subject::Error).into()),
        ("key", keys.iter().map(|key| Subject::Key(key.id)).collect()),
        ("kind", Kind::ALL.map(Subject::Kind).into()),
        ("result", Verdict::ALL.map(Subject::Result).into()),
    ]
}

fn options(
    address: &Address,
    cube: Option<&Cube>,
    names: &KeyNames,
    parameter: &'static str,
    subjects: Vec<Subject>,
) -> Vec<Choice> {
    let others = address.filter.without_any(parameter);
    let cube = cube.map(|cube| cube.filtered(&others));
    let on_tab = |cell: &Cell| match address.tab {
        Tab::Invalid => cell.is_invalid(),
        Tab::Test => cell.is_test(),
    };
    let mut is_first = true;
    subjects
        .into_iter()
        .map(|subject| {
            let count = cube
                .as_ref()
                .map(|c| c.count(|cell| on_tab(cell) && cell.is(&subject)));
            let words = words(&subject, names);
            let term = Term {
                subject: subject.clone(),
                negated: false,
            };
            // A select shows one choice; further ones stay in force as hidden fields.
            let is_chosen = is_first && address.filter.has(&term);
            is_first &= !is_chosen;
            Choice {
                value: subject.value(),
                words: match count {
                    Some(count) => format!("{words} ({})", number(count)),
                    None => words,
                },
                is_chosen,
            }
        })
        .collect()
}
