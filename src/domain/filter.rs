//! The filter of the status page: read from the address, written back to it, one term added or
//! taken away, and said in words.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::dictionary::{ErrorCode, Reason};
use super::request::{Environment, KEPT_CHARS, Kind};
use super::settings::CompanySettings;
use super::window::{Preset, Range, parse_moment};

/// Which requests are looked at. Terms about the same thing are alternatives, terms about different
/// things must all hold, and no negated term may hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The time range; `None` stands for the tab's default.
    pub range: Option<Range>,
    terms: Vec<Term>,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    /// What must hold.
    pub subject: Subject,
    /// … or must not.
    pub negated: bool,
}

/// What a condition is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Has this error.
    Error(ErrorCode),
    /// Has exactly this variant of an error, in this field where one is named.
    Reason(Reason, Option<String>),
    /// Came with a key of this environment.
    Environment(Environment),
    /// Named this channel.
    Channel(Label),
    /// Named this brand.
    Brand(Label),
    /// Named this language.
    Language(Label),
    /// Named this employee, by e-mail or custom id as sent.
    Employee(String),
    /// Came with the key of this id.
    Key(i64),
    /// Is of this kind.
    Kind(Kind),
    /// Came out so.
    Result(Verdict),
}

/// A label asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// Exactly this one.
    Named(String),
    /// This one, however it was spelled, sent when the company did not have it.
    NamedUnknown(String),
    /// Any that the company did not have.
    Unknown,
    /// None at all.
    NotSent,
}

/// Valid or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// No error.
    Valid,
    /// At least one error.
    Invalid,
}

/// The words in an address for a label that was not known, for one by its name, and for none. `~`
/// begins no label.
const UNKNOWN: &str = "~unknown";
const NAMED_UNKNOWN: &str = "~unknown:";
const NOT_SENT: &str = "~none";

/// More terms than a person sets; it bounds the query that an address can ask for.
const MAX_TERMS: usize = 50;

impl Label {
    /// Reads the word in an address or a counter.
    pub fn parse(text: &str) -> Self {
        match text {
            UNKNOWN => Self::Unknown,
            NOT_SENT => Self::NotSent,
            text => match text.strip_prefix(NAMED_UNKNOWN) {
                Some(name) => Self::NamedUnknown(name.to_owned()),
                None => Self::Named(text.to_owned()),
            },
        }
    }

    /// The word in the address.
    pub fn word(&self) -> Cow<'_, str> {
        match self {
            Self::Named(label) => Cow::Borrowed(label),
            Self::NamedUnknown(label) => Cow::Owned(format!("{NAMED_UNKNOWN}{label}")),
            Self::Unknown => Cow::Borrowed(UNKNOWN),
            Self::NotSent => Cow::Borrowed(NOT_SENT),
        }
    }
}

impl Term {
    /// The condition that this holds.
    pub fn wanted(subject: Subject) -> Self {
        Self {
            subject,
            negated: false,
        }
    }
}

impl Verdict {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Valid, Self::Invalid];

    /// The word in the address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
        }
    }
}

impl Subject {
    /// The names of the query parameters, in the order in which terms are written.
    pub const PARAMETERS: [&'static str; 10] = [
        "error",
        "reason",
        "environment",
        "channel",
        "brand",
        "language",
        "employee",
        "key",
        "kind",
        "result",
    ];

    /// The name of the query parameter.
    pub fn parameter(&self) -> &'static str {
        Self::PARAMETERS[match self {
            Self::Error(_) => 0,
            Self::Reason(..) => 1,
            Self::Environment(_) => 2,
            Self::Channel(_) => 3,
            Self::Brand(_) => 4,
            Self::Language(_) => 5,
            Self::Employee(_) => 6,
            Self::Key(_) => 7,
            Self::Kind(_) => 8,
            Self::Result(_) => 9,
        }]
    }

    /// The value of the query parameter.
    pub fn value(&self) -> String {
        match self {
            Self::Error(code) => code.as_str().to_owned(),
            Self::Reason(reason, None) => reason.name(),
            Self::Reason(reason, Some(field)) => format!("{}:{field}", reason.name()),
            Self::Environment(environment) => environment.as_str().to_owned(),
            Self::Channel(label) | Self::Brand(label) | Self::Language(label) => {
                label.word().into_owned()
            }
            Self::Employee(sent) => sent.clone(),
            Self::Key(id) => id.to_string(),
            Self::Kind(kind) => kind.as_str().to_owned(),
            Self::Result(verdict) => verdict.as_str().to_owned(),
        }
    }

    /// Whether the counters tell it apart: employees and variants of errors they do not, and of labels
    /// only those that the company has.
    pub fn is_counted(&self, settings: &CompanySettings) -> bool {
        match self {
            Self::Channel(Label::Named(name)) => settings.channels.iter().any(|c| c.label == *name),
            Self::Brand(Label::Named(name)) => settings.brands.iter().any(|b| b.label == *name),
            Self::Language(Label::Named(name)) => {
                settings.languages.iter().any(|l| l.label == *name)
            }
            Self::Channel(Label::NamedUnknown(_))
            | Self::Brand(Label::NamedUnknown(_))
            | Self::Language(Label::NamedUnknown(_))
            | Self::Employee(_)
            | Self::Reason(..) => false,
            _ => true,
        }
    }

    /// Reads one query parameter; `None` when the value is none of those it can have.
    pub fn parse(parameter: &str, value: &str) -> Option<Self> {
        let value = value.trim();
        let name = value.strip_prefix(NAMED_UNKNOWN).unwrap_or(value);
        let is_long = name.chars().count() > KEPT_CHARS;
        if value.is_empty() || value.contains('\0') || is_long {
            return None;
        }
        match parameter {
            "error" => value.parse().ok().map(Self::Error),
            "reason" => {
                let (name, field) = match value.split_once(':') {
                    Some((_, "")) => return None,
                    Some((name, field)) => (name, Some(field.to_owned())),
                    None => (value, None),
                };
                Reason::from_name(name).map(|reason| Self::Reason(reason, field))
            }
            "environment" => value.parse().ok().map(Self::Environment),
            "channel" => Some(Self::Channel(Label::parse(value))),
            "brand" => Some(Self::Brand(Label::parse(value))),
            "language" => Some(Self::Language(Label::parse(value))),
            "employee" => Some(Self::Employee(value.to_owned())),
            "key" => value.parse().ok().map(Self::Key),
            "kind" => value.parse().ok().map(Self::Kind),
            "result" => Verdict::ALL
                .into_iter()
                .find(|v| v.as_str() == value)
                .map(Self::Result),
            _ => None,
        }
    }
}

impl Filter {
    /// Reads the query of an address, as [`parse`](Self::parse) does its parameters.
    pub fn from_query(query: &str, zone: Tz) -> (Self, Vec<(String, String)>) {
        let parameters: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        let pairs = parameters.iter().map(|(name, value)| (&**name, &**value));
        let (filter, others) = Self::parse(pairs, zone);
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        (filter, others.into_iter().map(owned).collect())
    }

    /// Reads the query parameters of an address. Those that are no part of a filter, or malformed,
    /// come back as they were, to be named in a notice; the rest applies. An empty value is what an
    /// untouched form field sends: it is passed over.
    pub fn parse<'q>(
        parameters: impl IntoIterator<Item = (&'q str, &'q str)>,
        zone: Tz,
    ) -> (Self, Vec<(&'q str, &'q str)>) {
        let mut filter = Self::default();
        let mut others = Vec::new();
        let (mut from, mut to) = (None, None);
        let moment = |value: &'q str| Some((value, parse_moment(value, zone)?));
        for (name, value) in parameters {
            if value.trim().is_empty() {
                continue;
            }
            let (negated, subject) = match name.strip_prefix('-') {
                Some(name) => (true, name),
                None => (false, name),
            };
            let understood = match name {
                "range" if value == "custom" => true,
                "range" => Preset::parse(value)
                    .map(|preset| filter.range = Some(Range::Last(preset)))
                    .is_some(),
                "from" => moment(value).map(|at| from = Some(at)).is_some(),
                "to" => moment(value).map(|at| to = Some(at)).is_some(),
                _ => Subject::parse(subject, value)
                    .is_some_and(|subject| filter.add(Term { subject, negated })),
            };
            if !understood {
                others.push((name, value));
            }
        }
        match (from, to) {
            // A preset chosen in a form that still carries the custom range is the newer wish.
            (Some((_, from)), Some((_, to))) if from < to => {
                filter.range.get_or_insert(Range::Between(from, to));
            }
            // One end alone, or the wrong way round, is no range.
            (from, to) => {
                others.extend(from.map(|(value, _)| ("from", value)));
                others.extend(to.map(|(value, _)| ("to", value)));
            }
        }
        (filter, others)
    }

    /// The query parameters that say this filter. Reading them back gives an equal filter.
    pub fn to_parameters(&self) -> Vec<(String, String)> {
        let range = self.range.map(Range::to_parameters).unwrap_or_default();
        let terms = self.terms.iter().map(|term| {
            let sign = if term.negated { "-" } else { "" };
            let name = format!("{sign}{}", term.subject.parameter());
            (name, term.subject.value())
        });
        range
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .chain(terms)
            .collect()
    }

    /// All terms, sorted, each once.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Whether this exact term is set.
    pub fn has(&self, term: &Term) -> bool {
        self.terms.binary_search(term).is_ok()
    }

    /// The same filter and this term, unless it is one that no address can say, such as a label of
    /// 10,000 characters.
    pub fn with(&self, term: Term) -> Self {
        let mut filter = self.clone();
        filter.add(term);
        filter
    }

    /// The same filter without this term.
    pub fn without(&self, term: &Term) -> Self {
        let mut filter = self.clone();
        filter.terms.retain(|t| t != term);
        filter
    }

    /// The same filter with no term about this parameter.
    pub fn without_any(&self, parameter: &str) -> Self {
        let mut filter = self.clone();
        filter.terms.retain(|t| t.subject.parameter() != parameter);
        filter
    }

    /// The same filter in another time range.
    pub fn with_range(&self, range: Range) -> Self {
        Self {
            range: Some(range),
            terms: self.terms.clone(),
        }
    }

    /// The same filter with each label as the company writes it: `Larkspur_Kids` means
    /// `larkspur-kids`, in an address as in a request. An alias stays as it is: it finds the requests
    /// that were refused before there was one. What the company does not have is asked for as such,
    /// so that the same address finds the same requests once it has. Whoever asks the store or the
    /// counters asks with these.
    pub fn resolved(&self, settings: &CompanySettings) -> Self {
        let meant = |name: &String, configured: Option<&String>, is_alias| match configured {
            Some(label) => Label::Named(label.clone()),
            None if is_alias => Label::Named(name.clone()),
            None => Label::NamedUnknown(name.clone()),
        };
        let mut filter = self.without_terms();
        for Term { subject, negated } in &self.terms {
            let subject = match subject {
                Subject::Channel(Label::Named(name)) => {
                    let configured = settings.channel_labelled(name).map(|c| &c.label);
                    Subject::Channel(meant(name, configured, settings.channel(name).is_some()))
                }
                Subject::Brand(Label::Named(name)) => {
                    let configured = settings.brand_labelled(name).map(|b| &b.label);
                    Subject::Brand(meant(name, configured, settings.brand(name).is_some()))
                }
                Subject::Language(Label::Named(name)) => {
                    let configured = settings.language_labelled(name).map(|l| &l.label);
                    Subject::Language(meant(name, configured, settings.language(name).is_some()))
                }
                other => other.clone(),
            };
            filter.add(Term {
                subject,
                negated: *negated,
            });
        }
        filter
    }

    /// The same terms in the tab's default time range.
    pub fn without_range(&self) -> Self {
        Self {
            range: None,
            terms: self.terms.clone(),
        }
    }

    /// The same time range without any term.
    pub fn without_terms(&self) -> Self {
        Self {
            range: self.range,
            terms: Vec::new(),
        }
    }

    /// The terms about one parameter.
    pub fn about<'f>(&'f self, parameter: &'f str) -> impl Iterator<Item = &'f Term> {
        self.terms
            .iter()
            .filter(move |t| t.subject.parameter() == parameter)
    }

    /// Whether the counters can tell how many requests match.
    pub fn is_countable(&self, settings: &CompanySettings) -> bool {
        let mut subjects = self.terms.iter().map(|term| &term.subject);
        subjects.all(|subject| subject.is_counted(settings))
    }

    /// The parameters about which the filter asks for what the counters do not know.
    pub fn uncounted(&self, settings: &CompanySettings) -> Vec<&'static str> {
        let is_uncounted = |parameter: &&str| {
            let only = Self {
                range: None,
                terms: self.about(parameter).cloned().collect(),
            };
            !only.is_countable(settings)
        };
        Subject::PARAMETERS
            .into_iter()
            .filter(is_uncounted)
            .collect()
    }

    /// The same filter with the terms about these parameters alone.
    pub fn only_about(&self, parameters: &[&str]) -> Self {
        let mut filter = self.clone();
        filter
            .terms
            .retain(|t| parameters.contains(&t.subject.parameter()));
        filter
    }

    /// The same filter with no term about these parameters.
    pub fn without_all(&self, parameters: &[&str]) -> Self {
        let mut filter = self.clone();
        filter
            .terms
            .retain(|t| !parameters.contains(&t.subject.parameter()));
        filter
    }

    /// Whether something holds for every thing asked about: `holds` is asked per term.
    pub fn admits(&self, holds: impl Fn(&Subject) -> bool) -> bool {
        Subject::PARAMETERS.iter().all(|parameter| {
            let mut wanted = self.about(parameter).filter(|t| !t.negated).peekable();
            let some_wanted = wanted.peek().is_none() || wanted.any(|t| holds(&t.subject));
            let mut unwanted = self.about(parameter).filter(|t| t.negated);
            some_wanted && !unwanted.any(|t| holds(&t.subject))
        })
    }

    /// The range as `now` has it, the tab's default where the address names none.
    pub fn window(&self, default: Preset, now: DateTime<Utc>) -> super::window::Window {
        self.range.unwrap_or(Range::Last(default)).at(now)
    }

    /// Adds a term in the form in which an address gives it back, so that every filter survives
    /// being a link. Says whether the term holds now.
    fn add(&mut self, term: Term) -> bool {
        let Term { subject, negated } = term;
        let Some(subject) = Subject::parse(subject.parameter(), &subject.value()) else {
            return false;
        };
        let term = Term { subject, negated };
        let Err(place) = self.terms.binary_search(&term) else {
            return true;
        };
        let has_room = self.terms.len() < MAX_TERMS;
        if has_room {
            self.terms.insert(place, term);
        }
        has_room
    }
}
