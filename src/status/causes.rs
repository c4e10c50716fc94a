//! The causes of a list: its failures grouped by error and decisive value, the most frequent first,
//! each with its course over the window and who sends it.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::filters::{Address, View};
use super::row::{KeyNames, icon, tone};
use crate::domain::change;
use crate::domain::dictionary::{EndedBy, ErrorCode, Reason};
use crate::domain::filter::{Filter, Label, Subject, Term};
use crate::store::audit::RuleChange;
use crate::store::causes::{Cause, Causes, PARTS, Sender};
use crate::web::format::{Breakable, Moment, counted, number, percent};

/// A change this long before the first failure may have caused it.
const MAY_CAUSE: TimeDelta = TimeDelta::hours(24);

/// The sparkline's height in pixels.
const HEIGHT: f64 = 28.0;

/// The causes as the page shows them.
pub struct CausesView {
    /// What the table is.
    pub caption: String,
    /// The most frequent first.
    pub causes: Vec<CauseRow>,
    /// What is not shown, in words.
    pub left_out: Option<String>,
}

/// A cause.
pub struct CauseRow {
    /// The requests that have it.
    pub url: String,
    /// The title of its error.
    pub title: &'static str,
    /// The icon of its error.
    pub icon: &'static str,
    /// The class of its colour.
    pub tone: &'static str,
    /// Who ends it.
    pub ended_by: EndedBy,
    /// What happened.
    pub sentence: &'static str,
    /// The decisive value, where there is one.
    pub value: Option<Breakable>,
    /// How many requests.
    pub count: String,
    /// Their share of all failures.
    pub share: String,
    /// The first and the last in the window.
    pub first: Moment,
    /// The last.
    pub last: Moment,
    /// The first in words.
    pub first_words: String,
    /// The last in words.
    pub last_words: String,
    /// The change of the settings that it followed.
    pub started: Option<String>,
    /// Its course over the window.
    pub bars: Vec<Spark>,
    /// What the course says, in words.
    pub course: String,
    /// The keys it came with.
    pub senders: Vec<SenderView>,
    /// How many keys, in words.
    pub keys: String,
}

/// A bar of a sparkline.
pub struct Spark {
    /// The left end, in percent.
    pub x: String,
    /// The upper end, in pixels.
    pub y: String,
    /// The height, in pixels.
    pub height: String,
}

/// A key that brings a cause.
pub struct SenderView {
    /// Its name and its last characters.
    pub key: String,
    /// How many requests came with it.
    pub count: String,
    /// Since when, in the window.
    pub since: String,
    /// The programs.
    pub programs: Vec<String>,
}

/// The filter and what tells the requests of a cause from the others.
pub fn only(filter: &Filter, reason: Reason, value: Option<&str>) -> Filter {
    let term = |subject| Term {
        subject,
        negated: false,
    };
    let value = value.map(str::to_owned);
    let label = || value.clone().map_or(Label::NotSent, Label::Named);
    let decisive = match reason.code() {
        ErrorCode::EmployeeNotFound
        | ErrorCode::DeactivatedEmployee
        | ErrorCode::EmployeeProfileNotComplete => value.clone().map(Subject::Employee),
        ErrorCode::ChannelNotEnabled | ErrorCode::ChannelInManualMode => {
            Some(Subject::Channel(label()))
        }
        ErrorCode::BrandNotProvided | ErrorCode::InvalidBrand => Some(Subject::Brand(label())),
        ErrorCode::LanguageNotSpecified | ErrorCode::LanguageNotAvailable => {
            Some(Subject::Language(label()))
        }
        ErrorCode::InvalidCustomer | ErrorCode::MalformedRequest => None,
    };
    let filter = filter
        .without_any("error")
        .with(term(Subject::Error(reason.code())));
    match decisive {
        Some(subject) => filter.without_any(subject.parameter()).with(term(subject)),
        None => filter,
    }
}

impl CausesView {
    /// Writes the causes of a list. `failures` is how many requests failed in all, where the
    /// counters tell.
    pub fn new(
        address: &Address,
        causes: &Causes,
        changes: &[RuleChange],
        failures: Option<i64>,
        names: &KeyNames,
        now: DateTime<Utc>,
        zone: Tz,
    ) -> Self {
        let listed: i64 = causes.causes.iter().map(|cause| cause.count).sum();
        let failures = failures.unwrap_or(listed);
        let context = Context {
            address,
            changes,
            failures,
            names,
            now,
            zone,
        };
        let more = causes.total - causes.causes.len() as i64;
        let mut left_out = Vec::new();
        if more > 0 {
            left_out.push(format!(
                "{} with fewer requests",
                counted(more, "more cause")
            ));
        }
        if causes.is_cut {
            left_out.push("older failures of an error with more than 20,000".to_owned());
        }
        Self {
            caption: format!(
                "{}, most frequent first · times in {}",
                counted(causes.total, "cause"),
                Moment::new(now, zone).zone()
            ),
            causes: causes.causes.iter().map(|c| context.row(c)).collect(),
            left_out: (!left_out.is_empty()).then(|| left_out.join("; ")),
        }
    }
}

struct Context<'a> {
    address: &'a Address,
    changes: &'a [RuleChange],
    failures: i64,
    names: &'a KeyNames,
    now: DateTime<Utc>,
    zone: Tz,
}

impl Context<'_> {
    fn row(&self, cause: &Cause) -> CauseRow {
        let reason = cause.reason;
        let filter = only(&self.address.filter, reason, cause.value.as_deref());
        let (first, last) = (
            Moment::new(cause.first, self.zone),
            Moment::new(cause.last, self.zone),
        );
        let busiest = cause.parts.iter().max().copied().unwrap_or(0).max(1);
        CauseRow {
            url: Address {
                filter,
                ..self.address.shown_as(View::Requests)
            }
            .url(),
            title: reason.code().title(),
            icon: icon(reason.code()),
            tone: tone(reason.ended_by()),
            ended_by: reason.ended_by(),
            sentence: reason.sentence(),
            value: cause.value.as_deref().map(Breakable::new),
            count: number(cause.count),
            share: percent(cause.count, self.failures),
            first_words: first.in_words(self.now),
            last_words: last.in_words(self.now),
            first,
            last,
            started: self.started(cause),
            bars: bars(&cause.parts, busiest),
            course: format!("At most {} in a {PARTS}th of the time", number(busiest)),
            senders: cause.senders.iter().map(|s| self.sender(s)).collect(),
            keys: counted(cause.senders.len() as i64, "key"),
        }
    }

    fn sender(&self, sender: &Sender) -> SenderView {
        SenderView {
            key: match self.names.get(&sender.key_id) {
                Some((name, tail)) => format!("{name} …{tail}"),
                None => format!("key number {}", sender.key_id),
            },
            count: number(sender.count),
            since: Moment::new(sender.first, self.zone).in_words(self.now),
            programs: sender.programs.clone(),
        }
    }

    /// The last change of what the cause is about, when its first failure came soon after.
    fn started(&self, cause: &Cause) -> Option<String> {
        let value = cause.value.as_deref()?;
        let change = self.changes.iter().find(|change| {
            let before = cause.first - change.at;
            change.subject.eq_ignore_ascii_case(value)
                && (TimeDelta::zero()..MAY_CAUSE).contains(&before)
        })?;
        let did = change::words(
            &change.action,
            &change.subject,
            change.before.as_ref(),
            change.after.as_ref(),
        );
        let minutes = (cause.first - change.at).num_minutes();
        let after = match minutes {
            0 => "within a minute".to_owned(),
            1..120 => counted(minutes, "minute"),
            minutes => counted(minutes / 60, "hour"),
        };
        Some(format!("started {after} after {} {did}", change.actor))
    }
}

fn bars(parts: &[i64; PARTS], busiest: i64) -> Vec<Spark> {
    let width = 100.0 / PARTS as f64;
    let bar = |(place, count): (usize, &i64)| {
        let height = (*count as f64 / busiest as f64 * HEIGHT).max(1.5);
        (*count > 0).then(|| Spark {
            x: format!("{:.2}%", place as f64 * width),
            y: format!("{:.1}", HEIGHT - height),
            height: format!("{height:.1}"),
        })
    };
    parts.iter().enumerate().filter_map(bar).collect()
}
