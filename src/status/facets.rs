//! The forms that set the filter: the quick one beside the search box, and the panel with everything
//! that can be chosen or excluded, each with how many requests it would show.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::filters::{Address, what, words};
use super::row::KeyNames;
use crate::domain::cube::{Cell, Cube, Filtered};
use crate::domain::dictionary::ErrorCode;
use crate::domain::filter::{Filter, Label, Subject, Term, Verdict};
use crate::domain::paging::Shown;
use crate::domain::request::{Environment, Kind};
use crate::domain::settings::CompanySettings;
use crate::domain::window::{Preset, Range};
use crate::store::api_keys::KeyRow;
use crate::web::format::{city, number};

/// A field that a form sends along unseen: name and value.
type Hidden = (String, String);

/// The forms that set the filter.
pub struct FilterForms {
    /// Where they lead.
    pub action: String,
    /// The presets: value, words, whether it is the one in force.
    pub ranges: Vec<(&'static str, &'static str, bool)>,
    /// Whether the range in force is a custom one.
    pub is_custom: bool,
    /// The custom range's ends, as a form field wants them: local time.
    pub from: String,
    /// The end.
    pub to: String,
    /// The channel, for the quick form.
    pub channel: Facet,
    /// Everything in force that the quick form's fields do not say.
    pub beside_quick: Vec<Hidden>,
    /// Everything that can be chosen or excluded in the panel.
    pub facets: Vec<Facet>,
    /// The employee asked for.
    pub employee: String,
    /// Everything in force that the panel's fields do not say.
    pub beside_panel: Vec<Hidden>,
    /// Everything in force but the time range, for the form of the custom range.
    pub all_terms: Vec<Hidden>,
    /// The zone of its times.
    pub zone: String,
}

/// Everything that can be asked about one thing.
pub struct Facet {
    /// The query parameter.
    pub name: &'static str,
    /// What it is about.
    pub what: &'static str,
    /// What can be chosen.
    pub choices: Vec<Choice>,
    /// How many terms about it are in force.
    pub terms: usize,
}

/// Something to choose or to exclude.
pub struct Choice {
    /// The value of the query parameter.
    pub value: String,
    /// Its words.
    pub words: String,
    /// How many requests of the list have it; `None` where the counters cannot tell.
    pub count: Option<String>,
    /// Whether it is chosen.
    pub is_chosen: bool,
    /// Whether it is excluded.
    pub is_excluded: bool,
}

impl Facet {
    /// Whether a select can say which one is chosen: at most one is, and none is excluded.
    pub fn is_single(&self) -> bool {
        let chosen = self.choices.iter().filter(|c| c.is_chosen).count();
        self.terms == chosen && chosen <= 1
    }
}

/// What the options are counted from.
pub struct Counts<'a> {
    /// The counters of the window, without any filter.
    pub counters: &'a Cube,
    /// The parameters about which the filter asks for what they do not know.
    pub uncounted: &'a [&'static str],
    /// What the index, or an employee's own counters, tell of those terms alone, and whether it was cut.
    pub in_index: Option<(&'a Cube, bool)>,
}

impl<'a> Counts<'a> {
    /// The requests that a filter lets through, and what to write after each number. It may ask for
    /// less than the page's own, but not of what the counters do not know.
    pub fn of(&self, filter: &Filter) -> (Filtered<'a>, &'static str) {
        match self.in_index {
            None => (self.counters.filtered(filter), ""),
            Some((cube, is_cut)) => {
                let countable = filter.without_all(self.uncounted);
                let more = if is_cut { "+" } else { "" };
                (cube.filtered(&countable), more)
            }
        }
    }

    /// The requests to count the options of a parameter in, and what to write after each number.
    /// A facet does not hide its own options: its own terms are left out. `None` where no count is
    /// at hand without them.
    fn without(&self, filter: &Filter, parameter: &str) -> Option<(Filtered<'a>, &'static str)> {
        let others = filter.without_any(parameter);
        match self.uncounted {
            [only] if *only == parameter => Some((self.counters.filtered(&others), "")),
            uncounted if uncounted.contains(&parameter) => None,
            _ => Some(self.of(&others)),
        }
    }
}

/// The forms for an address.
pub fn forms(
    address: &Address,
    counts: &Counts<'_>,
    settings: &CompanySettings,
    keys: &[KeyRow],
    names: &KeyNames,
    zone: Tz,
) -> FilterForms {
    let filter = &address.filter;
    let in_force = filter
        .range
        .unwrap_or(Range::Last(address.tab.default_range()));
    let local = |at: DateTime<Utc>| at.with_timezone(&zone).format("%Y-%m-%dT%H:%M").to_string();
    let (from, to) = match in_force {
        Range::Last(_) => (String::new(), String::new()),
        Range::Between(from, to) => (local(from), local(to)),
    };
    let is_custom = matches!(in_force, Range::Between(..));
    let facet = |(name, subjects)| facet(address, counts, names, name, subjects);
    let facets: Vec<Facet> = subjects(settings, keys).map(facet).into();
    let [channels, ..] = subjects(settings, keys);
    let channel = facet(channels);
    let employee = filter.about("employee").find(|t| !t.negated);
    let employee = employee.map(|t| t.subject.value()).unwrap_or_default();
    let mut all_terms = filter.without_range().to_parameters();
    // Another filter begins at the first page of the causes, but shows those of the same state.
    let of_state = Shown {
        page: 0,
        ..address.shown
    };
    let of_state = of_state.to_parameters();
    all_terms.extend(of_state.map(|(name, value)| (name.to_owned(), value)));
    let custom_range = is_custom.then(|| in_force.to_parameters());
    let custom_range: Vec<Hidden> = custom_range
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let in_panel = |(name, value): &&Hidden| {
        let subject = name.trim_start_matches('-');
        let is_listed = facets
            .iter()
            .any(|f| f.name == subject && f.choices.iter().any(|c| c.value == *value));
        is_listed || (name == "employee" && *value == employee)
    };
    let in_quick = |(name, _): &&Hidden| name == "channel" && channel.is_single();
    let beside = |is_said: &dyn Fn(&&Hidden) -> bool| -> Vec<Hidden> {
        let terms = all_terms.iter().filter(|term| !is_said(term));
        terms.chain(&custom_range).cloned().collect()
    };
    let mut beside_panel = beside(&in_panel);
    if let Some(range @ Range::Last(_)) = filter.range {
        let range = range.to_parameters().into_iter();
        beside_panel.extend(range.map(|(name, value)| (name.to_owned(), value)));
    }
    FilterForms {
        action: address.path(),
        ranges: Preset::ALL
            .into_iter()
            .map(|p| (p.as_str(), p.title(), in_force == Range::Last(p)))
            .collect(),
        is_custom,
        from,
        to,
        beside_quick: beside(&in_quick),
        beside_panel,
        channel,
        facets,
        employee,
        zone: city(zone),
        all_terms,
    }
}

/// Everything that can be chosen, per parameter, the channel first.
fn subjects(settings: &CompanySettings, keys: &[KeyRow]) -> [(&'static str, Vec<Subject>); 8] {
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
    [
        ("channel", labels(channels, Subject::Channel)),
        ("brand", labels(brands, Subject::Brand)),
        ("language", labels(languages, Subject::Language)),
        ("error", ErrorCode::ALL.map(Subject::Error).into()),
        ("key", keys.iter().map(|key| Subject::Key(key.id)).collect()),
        (
            "environment",
            Environment::ALL.map(Subject::Environment).into(),
        ),
        ("kind", Kind::ALL.map(Subject::Kind).into()),
        ("result", Verdict::ALL.map(Subject::Result).into()),
    ]
}

fn facet(
    address: &Address,
    counts: &Counts<'_>,
    names: &KeyNames,
    name: &'static str,
    subjects: Vec<Subject>,
) -> Facet {
    let counted = counts.without(&address.filter, name);
    let on_tab = |cell: &Cell| address.tab.holds(cell);
    let is_set = |subject: &Subject, negated| {
        let subject = subject.clone();
        address.filter.has(&Term { subject, negated })
    };
    let choices = subjects.into_iter().map(|subject| {
        let count = counted.as_ref().map(|(filtered, more)| {
            let count = filtered.count(|cell| on_tab(cell) && cell.is(&subject));
            number(count) + more
        });
        Choice {
            value: subject.value(),
            words: words(&subject, names),
            count,
            is_chosen: is_set(&subject, false),
            is_excluded: is_set(&subject, true),
        }
    });
    Facet {
        name,
        what: what(name),
        choices: choices.collect(),
        terms: address.filter.about(name).count(),
    }
}
