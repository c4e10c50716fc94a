//! One cause as the page shows it: how often, since when, after which change, who sends it, where it
//! stands.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::super::filters::{Address, View};
use super::super::look::Look;
use super::super::row::{KeyNames, icon, tone};
use super::facts::CauseFacts;
use crate::domain::cause::{self, CauseId, Standing, State};
use crate::domain::dictionary::{EndedBy, Reason};
use crate::domain::filter::{Filter, Label, Subject, Term};
use crate::store::audit::RuleChange;
use crate::store::cause_decisions::Decided;
use crate::store::causes::{Cause, Sender};
use crate::web::format::{Breakable, Moment, counted, number, percent};

/// A change this long before the first failure may have caused it.
const MAY_CAUSE: TimeDelta = TimeDelta::hours(24);

/// The sparkline's height, and what can be seen of the least, in tenths of a pixel.
const HEIGHT: i64 = 280;
const LEAST: i64 = 15;

/// So many hundredths of a step's width are its bar.
const FILLED: usize = 82;

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
    pub spark: Spark,
    /// What the course says, in words.
    pub course: String,
    /// The keys it came with.
    pub senders: Vec<SenderView>,
    /// How many keys, in words.
    pub keys: String,
    /// Where it stands.
    pub state: State,
    /// What there is to say about that.
    pub stands: Vec<String>,
    /// What a form says about it unseen: name and value.
    pub hidden: [(&'static str, String); 3],
}

/// A sparkline: a bar for each step of the window in which something came.
pub struct Spark {
    /// How many steps wide.
    pub steps: usize,
    /// The bars, as one path: hundredths of a step across, tenths of a pixel down.
    pub bars: String,
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
    let with = |filter: Filter, subject: Subject| {
        let filter = filter.without_any(subject.parameter());
        filter.with(Term::wanted(subject))
    };
    let error = with(filter.without_any("reason"), Subject::Error(reason.code()));
    // What the counters know about tells it, where that is enough.
    match decisive(reason, value) {
        Some(subject) => with(error, subject),
        None => {
            let exactly = Subject::Reason(reason, value.map(str::to_owned));
            with(filter.without_any("error"), exactly)
        }
    }
}

/// What an error is about, where that tells its variant too. A label that the company did not have is
/// asked for as such, for it may have it by now.
fn decisive(reason: Reason, value: Option<&str>) -> Option<Subject> {
    let value = value.map(str::to_owned);
    let unknown = |value: Option<String>| value.map(Label::NamedUnknown);
    let known = |value: Option<String>| value.map(Label::Named);
    match reason {
        Reason::ProfileNotComplete | Reason::Deactivated | Reason::EmployeeUnknown => {
            value.map(Subject::Employee)
        }
        Reason::ChannelUnknown => unknown(value).map(Subject::Channel),
        Reason::ChannelNotEnabled | Reason::ChannelManual => known(value).map(Subject::Channel),
        Reason::BrandUnknown => unknown(value).map(Subject::Brand),
        Reason::BrandInactive => known(value).map(Subject::Brand),
        Reason::BrandNotProvided => Some(Subject::Brand(Label::NotSent)),
        Reason::LanguageUnknown => unknown(value).map(Subject::Language),
        Reason::LanguageInactive => known(value).map(Subject::Language),
        Reason::LanguageNotSpecified => Some(Subject::Language(Label::NotSent)),
        Reason::EmployeeNotSent
        | Reason::CustomerEmailMissing
        | Reason::CustomerEmailFormat
        | Reason::CustomerNameFormat
        | Reason::NotJson
        | Reason::TooLarge
        | Reason::WrongType
        | Reason::Missing => None,
    }
}

/// What the rows of a page share.
pub(super) struct Context<'a> {
    pub(super) look: &'a Look,
    pub(super) facts: &'a CauseFacts,
    pub(super) failures: i64,
    pub(super) names: &'a KeyNames,
    pub(super) now: DateTime<Utc>,
    pub(super) zone: Tz,
}

impl Context<'_> {
    /// The row of a cause.
    pub(super) fn row(&self, cause: &Cause) -> CauseRow {
        let CauseId { reason, value } = &cause.id;
        let reason = *reason;
        let address = &self.look.address;
        let filter = only(&address.filter, reason, value.as_deref());
        let (first, last) = (
            Moment::new(cause.first, self.zone),
            Moment::new(cause.last, self.zone),
        );
        let standing = self
            .facts
            .standing(cause, &self.look.snapshot.rules, self.now);
        let decided = self.facts.decided(&cause.id);
        let seen = decided.map(|decided| decided.at.timestamp_micros());
        CauseRow {
            url: Address {
                filter,
                ..address.shown_as(View::Requests)
            }
            .url(),
            title: reason.code().title(),
            icon: icon(reason.code()),
            tone: tone(reason.ended_by()),
            ended_by: reason.ended_by(),
            sentence: reason.sentence(),
            value: self.facts.in_words(cause).map(Breakable::new),
            count: number(cause.count),
            share: percent(cause.count, self.failures),
            first_words: first.in_words(self.now),
            last_words: last.in_words(self.now),
            first,
            last,
            started: self.started(cause),
            spark: spark(&cause.course),
            course: self.course(cause),
            senders: cause.senders.iter().map(|s| self.sender(s)).collect(),
            keys: counted(cause.senders.len() as i64, "key"),
            state: standing.state(),
            stands: self.stands(cause, standing, decided),
            hidden: [
                ("reason", reason.number().to_string()),
                ("value", value.clone().unwrap_or_default()),
                (
                    "seen",
                    seen.map(|seen| seen.to_string()).unwrap_or_default(),
                ),
            ],
        }
    }

    /// What there is to say about where a cause stands.
    fn stands(&self, cause: &Cause, standing: Standing, decided: Option<&Decided>) -> Vec<String> {
        let time = |at| Moment::new(at, self.zone).in_words(self.now);
        let by = decided.map(|decided| format!("{}, {}", decided.actor, time(decided.at)));
        let last = cause.latest.received_at();
        let quiet =
            || cause::is_quiet(last, self.now).then(|| format!("quiet since {}", time(last)));
        match standing {
            Standing::Open => quiet().into_iter().collect(),
            Standing::Acknowledged => by.into_iter().chain(quiet()).collect(),
            Standing::PassesNow => vec!["its latest request would pass now".to_owned()],
            Standing::StayedAway(requests) => vec![
                format!("its keys sent {} without it", counted(requests, "request")),
                format!("since {}", time(last)),
            ],
            Standing::Ignored(until) => {
                let until = format!("until {}", time(until));
                std::iter::once(until).chain(by).collect()
            }
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

    /// The last change that the cause may come of, when its first failure came soon after.
    fn started(&self, cause: &Cause) -> Option<String> {
        let rules = &self.look.snapshot.rules;
        let changes = match cause.id.reason {
            Reason::BrandNotProvided => {
                let active = rules.brands.iter().filter(|brand| brand.active);
                self.to_several("brand", active.count())
            }
            Reason::LanguageNotSpecified => {
                let active = rules.languages.iter().filter(|language| language.active);
                self.to_several("language", active.count())
            }
            _ => {
                let changes = self.facts.changes.iter();
                changes
                    .filter(|change| change.change().may_begin(&cause.id))
                    .collect()
            }
        };
        let came_soon = |change: &&RuleChange| {
            (TimeDelta::zero()..MAY_CAUSE).contains(&(cause.first - change.at))
        };
        let change = changes.into_iter().find(came_soon)?;
        let minutes = (cause.first - change.at).num_minutes();
        let after = match minutes {
            0 => "within a minute".to_owned(),
            1..120 => counted(minutes, "minute"),
            minutes => counted(minutes / 60, "hour"),
        };
        let did = change.change().words();
        Some(format!("started {after} after {} {did}", change.actor))
    }

    /// The changes by which a second brand, or language, came to be active, the newest first: told from
    /// how many are `active`, change by change back. Of a window that is over the changes after it are
    /// not known.
    fn to_several(&self, noun: &str, active: usize) -> Vec<&RuleChange> {
        if self.look.window.to.is_some() {
            return Vec::new();
        }
        let version = self.look.snapshot.rules.version;
        let mut active = active as i64;
        let known = self.facts.changes.iter();
        let known = known.filter(|change| change.settings_version <= version);
        known
            .filter(|change| match change.change().switches(noun) {
                Some(true) => {
                    active -= 1;
                    active == 1
                }
                Some(false) => {
                    active += 1;
                    false
                }
                None => false,
            })
            .collect()
    }

    /// What the sparkline shows: when most came, and whether they still do.
    fn course(&self, cause: &Cause) -> String {
        let steps = &self.facts.found.steps;
        let begins = |place: usize| {
            let at = steps.begins(place).max(self.look.window.from);
            Moment::new(at, self.zone).in_words(self.now)
        };
        let course = &cause.course;
        let most = course.iter().copied().max().unwrap_or(0);
        let busiest = course.iter().position(|count| *count == most).unwrap_or(0);
        let last = course.iter().rposition(|count| *count > 0).unwrap_or(0);
        let ends = match last + 1 < steps.count {
            true => format!("none after {}", begins(last + 1)),
            false => "still coming at the end".to_owned(),
        };
        format!(
            "{} over this time: most from {}, {}; {ends}",
            counted(cause.count, "request"),
            begins(busiest),
            number(most)
        )
    }
}

fn spark(course: &[i64]) -> Spark {
    let busiest = course.iter().max().copied().unwrap_or(0).max(1);
    let bar = |(place, count): (usize, &i64)| {
        let (left, height) = (place * 100, (count * HEIGHT / busiest).max(LEAST));
        (*count > 0).then(|| format!("M{left} {HEIGHT}v-{height}h{FILLED}v{height}z"))
    };
    Spark {
        steps: course.len(),
        bars: course.iter().enumerate().filter_map(bar).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_has_a_bar_for_each_step_with_something_in_it() {
        let Spark { steps, bars } = spark(&[0, 28, 7, 1]);
        let expected = "M100 280v-280h82v280zM200 280v-70h82v70zM300 280v-15h82v15z";
        assert_eq!((steps, &bars[..]), (4, expected), "the least can be seen");
        assert_eq!(spark(&[0, 0]).bars, "");
    }
}
