//! The causes of a list: its failures grouped by error and decisive value, the most frequent first,
//! each with where it stands, its course over the window and who sends it.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use diesel::PgConnection;
use diesel::result::QueryResult;
use uuid::Uuid;

use super::filters::{Address, View};
use super::look::Look;
use super::row::{KeyNames, icon, tone};
use crate::domain::cause::{self, CauseId, Known, Sent, Standing, State};
use crate::domain::change;
use crate::domain::company::CompanyId;
use crate::domain::dictionary::{EndedBy, ErrorCode, Reason};
use crate::domain::filter::{Filter, Label, Subject, Term};
use crate::domain::paging::{PAGE_CAUSES, Shown};
use crate::domain::recheck::{Now, recheck};
use crate::domain::settings::CompanySettings;
use crate::domain::window::Window;
use crate::store::audit::{self, RuleChange};
use crate::store::cause_decisions::{self, Decided};
use crate::store::causes::{self, Cause, Causes, Sender};
use crate::store::counts::{self, SentByKey};
use crate::store::requests::{self, ListRow, Selection, SentBody};
use crate::web::format::{Breakable, Moment, counted, number, percent};

/// A change this long before the first failure may have caused it.
const MAY_CAUSE: TimeDelta = TimeDelta::hours(24);

/// A cause is compared with at most so many changes of the settings.
const MOST_CHANGES: i64 = 200;

/// The sparkline's height in pixels.
const HEIGHT: f64 = 28.0;

/// So much of a step's width is its bar.
const FILLED: f64 = 0.82;

/// What the store tells about the causes of a list.
pub struct CauseFacts {
    found: Causes,
    /// Whether only causes were asked for about which an admin decided.
    are_of_decision: bool,
    changes: Vec<RuleChange>,
    decided: Vec<Decided>,
    /// The latest request of each cause.
    latest: Vec<ListRow>,
    /// The bodies of those, while they are there.
    bodies: HashMap<Uuid, SentBody>,
    /// What the keys of causes that are quiet sent since.
    sent: Vec<SentByKey>,
}

/// Reads the causes of a list, and what says where they stand.
pub fn read(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
    shown: Shown,
    now: DateTime<Utc>,
) -> QueryResult<CauseFacts> {
    let found = causes::causes(connection, company, selection, shown, now)?;
    let ids = || found.causes.iter().map(|cause| cause.latest);
    let uuids: Vec<Uuid> = ids().map(|id| id.uuid()).collect();
    let quiet = || {
        let causes = found.causes.iter();
        causes.filter(|cause| cause::is_quiet(cause.latest.received_at(), now))
    };
    let quiet_since: Vec<DateTime<Utc>> = quiet().map(|c| c.latest.received_at()).collect();
    let mut keys: Vec<i64> = quiet()
        .flat_map(|cause| cause.senders.iter().map(|sender| sender.key_id))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    Ok(CauseFacts {
        are_of_decision: shown.state.is_some_and(State::is_decided),
        changes: audit::rule_changes(
            connection,
            company,
            a_day_more(selection.window),
            MOST_CHANGES,
        )?,
        decided: cause_decisions::about(connection, company, found.causes.iter().map(|c| &c.id))?,
        latest: requests::rows(connection, company, &uuids)?,
        bodies: requests::sent_bodies(connection, company, &ids().collect::<Vec<_>>())?,
        sent: counts::sent_by_keys(connection, company, &keys, &quiet_since)?,
        found,
    })
}

/// The changes of a window and of the day before it: a cause may follow one of those.
fn a_day_more(window: Window) -> Window {
    Window {
        from: window.from - TimeDelta::days(1),
        to: window.to,
    }
}

impl CauseFacts {
    /// Whether nothing failed, as far as that was asked.
    pub fn are_none(&self) -> bool {
        self.found.total == 0 && !self.are_of_decision
    }

    fn decided(&self, cause: &CauseId) -> Option<&Decided> {
        self.decided.iter().find(|decided| decided.cause == *cause)
    }

    fn standing(&self, cause: &Cause, settings: &CompanySettings, now: DateTime<Utc>) -> Standing {
        // What is not quiet cannot have stayed away, and most causes are not.
        let last = cause.latest.received_at();
        let is_its_key = |sent: &&SentByKey| {
            cause::is_quiet(last, now) && cause.senders.iter().any(|s| s.key_id == sent.key_id)
        };
        let sent = self.sent.iter().filter(is_its_key);
        let sent: Vec<Sent> = sent
            .map(|sent| Sent {
                begins: sent.begins,
                requests: sent.requests,
            })
            .collect();
        let decided = self.decided(&cause.id);
        let known = Known {
            last,
            passes_now: self.passes_now(cause, settings),
            sent: &sent,
            decided: decided.map(|decided| (decided.decision, decided.away)),
        };
        known.standing(now)
    }

    fn passes_now(&self, cause: &Cause, settings: &CompanySettings) -> bool {
        let id = cause.latest.uuid();
        let row = self.latest.iter().find(|row| row.id == id);
        let body = self.bodies.get(&id).map(|sent| &sent.body[..]);
        let stored = row.and_then(|row| row.stored(body));
        stored.is_some_and(|stored| recheck(&stored, settings).now == Now::Passes)
    }
}

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
    /// Whether the oldest failures were left out.
    pub is_cut: bool,
    /// The address of this page.
    pub here: String,
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
    /// The bars, as one path: steps across and pixels down.
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
    let term = Term::wanted;
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
        let is_every_cause = !facts.are_of_decision && found.total <= PAGE_CAUSES;
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
            here: look.address.url(),
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
        let before = i64::from(found.page) * PAGE_CAUSES;
        let until = before + found.causes.len() as i64;
        // A rolling window moves on, and the order with it; the pages of what was opened stay.
        let list = look.address.frozen(look.window, look.now);
        let link = |page| list.of_page(page);
        (found.total > PAGE_CAUSES).then(|| Self {
            before: found.page.checked_sub(1).map(link),
            after: (until < found.total).then(|| link(found.page + 1)),
            span: format!(
                "Causes {} to {} of {}",
                number(before + 1),
                number(until),
                number(found.total)
            ),
        })
    }
}

struct Context<'a> {
    look: &'a Look,
    facts: &'a CauseFacts,
    failures: i64,
    names: &'a KeyNames,
    now: DateTime<Utc>,
    zone: Tz,
}

impl Context<'_> {
    fn row(&self, cause: &Cause) -> CauseRow {
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
            value: value.as_deref().map(Breakable::new),
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

    /// The last change of what the cause is about, when its first failure came soon after.
    fn started(&self, cause: &Cause) -> Option<String> {
        let value = cause.id.value.as_deref()?;
        let change = self.facts.changes.iter().find(|change| {
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
        let height = (*count as f64 / busiest as f64 * HEIGHT).max(1.5);
        (*count > 0).then(|| format!("M{place} {HEIGHT}v-{height:.1}h{FILLED}v{height:.1}z"))
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
        let expected = "M1 28v-28.0h0.82v28.0zM2 28v-7.0h0.82v7.0zM3 28v-1.5h0.82v1.5z";
        assert_eq!((steps, &bars[..]), (4, expected), "the least can be seen");
        assert_eq!(spark(&[0, 0]).bars, "");
    }
}
