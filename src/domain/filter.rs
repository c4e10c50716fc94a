//! The filter of the status page: read from the address, written back to it, one term added or
//! taken away, and said in words.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::dictionary::ErrorCode;
use super::request::{Environment, Kind};
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
    /// Any that the company does not have.
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

/// The words in an address for a label that was not known, and for none. `~` begins no label.
const UNKNOWN: &str = "~unknown";
const NOT_SENT: &str = "~none";

/// More terms than a person sets; it bounds the query that an address can ask for.
const MAX_TERMS: usize = 50;

/// The longest value of a term, in characters.
const MAX_VALUE_CHARS: usize = 255;

impl Label {
    /// Reads the word in an address or a counter.
    pub fn parse(text: &str) -> Self {
        match text {
            UNKNOWN => Self::Unknown,
            NOT_SENT => Self::NotSent,
            named => Self::Named(named.to_owned()),
        }
    }

    /// The word in the address.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Named(label) => label,
            Self::Unknown => UNKNOWN,
            Self::NotSent => NOT_SENT,
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
    pub const PARAMETERS: [&'static str; 9] = [
        "error",
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
            Self::Environment(_) => 1,
            Self::Channel(_) => 2,
            Self::Brand(_) => 3,
            Self::Language(_) => 4,
            Self::Employee(_) => 5,
            Self::Key(_) => 6,
            Self::Kind(_) => 7,
            Self::Result(_) => 8,
        }]
    }

    /// The value of the query parameter.
    pub fn value(&self) -> String {
        match self {
            Self::Error(code) => code.as_str().to_owned(),
            Self::Environment(environment) => environment.as_str().to_owned(),
            Self::Channel(label) | Self::Brand(label) | Self::Language(label) => {
                label.as_str().to_owned()
            }
            Self::Employee(sent) => sent.clone(),
            Self::Key(id) => id.to_string(),
            Self::Kind(kind) => kind.as_str().to_owned(),
            Self::Result(verdict) => verdict.as_str().to_owned(),
        }
    }

    /// Whether it names a channel, brand or language that the company has.
    pub fn is_configured(&self, settings: &CompanySettings) -> bool {
        match self {
            Self::Channel(Label::Named(name)) => settings.channels.iter().any(|c| c.label == *name),
            Self::Brand(Label::Named(name)) => settings.brands.iter().any(|b| b.label == *name),
            Self::Language(Label::Named(name)) => {
                settings.languages.iter().any(|l| l.label == *name)
            }
            _ => false,
        }
    }

    /// Reads one query parameter; `None` when the value is none of those it can have.
    pub fn parse(parameter: &str, value: &str) -> Option<Self> {
        let value = value.trim();
        if value.is_empty() || value.contains('\0') || value.chars().count() > MAX_VALUE_CHARS {
            return None;
        }
        match parameter {
            "error" => value.parse().ok().map(Self::Error),
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
    /// that were refused before there was one. Whoever asks the store or the counters asks with
    /// these.
    pub fn resolved(&self, settings: &CompanySettings) -> Self {
        let named = |label: &String| Label::Named(label.clone());
        let mut filter = self.without_terms();
        for Term { subject, negated } in &self.terms {
            let configured = match subject {
                Subject::Channel(Label::Named(name)) => settings
                    .channel_labelled(name)
                    .map(|c| Subject::Channel(named(&c.label))),
                Subject::Brand(Label::Named(name)) => settings
                    .brand_labelled(name)
                    .map(|b| Subject::Brand(named(&b.label))),
                Subject::Language(Label::Named(name)) => settings
                    .language_labelled(name)
                    .map(|l| Subject::Language(named(&l.label))),
                _ => None,
            };
            filter.add(Term {
                subject: configured.unwrap_or_else(|| subject.clone()),
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

    /// Whether the counters can tell how many requests match: they know the labels that are
    /// configured, and no employees.
    pub fn is_countable(&self, settings: &CompanySettings) -> bool {
        self.terms.iter().all(|term| match &term.subject {
            Subject::Employee(_) => false,
            Subject::Channel(Label::Named(_))
            | Subject::Brand(Label::Named(_))
            | Subject::Language(Label::Named(_)) => term.subject.is_configured(settings),
            _ => true,
        })
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
