//! Failures grouped by their cause: the error with its variant, and the decisive value. Added up from
//! counters, and at the ends of a window that is cut within an hour from the findings themselves, at
//! most so many per error, so that a cause view costs the same whatever happened.

mod lookups;
mod statement;
mod steps;

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

pub use self::lookups::count;
pub use self::steps::Steps;
use super::cause_decisions;
use super::matching::{Direction, nth_entry};
use super::requests::{MAX_ENTRIES, Selection, Tab};
use crate::domain::cause::CauseId;
use crate::domain::company::CompanyId;
use crate::domain::dictionary::Reason;
use crate::domain::filter::Subject;
use crate::domain::paging::{Cursor, Shown};
use crate::domain::request::RequestId;

/// For so many requests per key of a cause, each of another step, it is looked up which program sent
/// them.
const SAMPLES: usize = 4;

/// A page of the causes of a list.
#[derive(Debug)]
pub struct Causes {
    /// The most frequent first.
    pub causes: Vec<Cause>,
    /// How the window is cut for their courses.
    pub steps: Steps,
    /// How many there are on all pages.
    pub total: i64,
    /// Whether those are only the ones about which an admin decided.
    pub are_of_decision: bool,
    /// How many come before this page.
    pub before: i64,
    /// How many requests failed by any cause; one that failed by two counts twice.
    pub failures: i64,
    /// Whether something was left out: an error with more findings than are read, or what is behind
    /// `searched_to`.
    pub is_cut: bool,
    /// Where the look into the index ended, where the requests are asked and there are too many.
    pub searched_to: Option<RequestId>,
}

/// Requests that failed for the same reason about the same value.
#[derive(Debug, Clone)]
pub struct Cause {
    /// Which one.
    pub id: CauseId,
    /// Its latest request, also after the window and whatever the filter says.
    pub latest: RequestId,
    /// How many requests.
    pub count: i64,
    /// The first of them in the window.
    pub first: DateTime<Utc>,
    /// The last.
    pub last: DateTime<Utc>,
    /// How many in each step of the window.
    pub course: Vec<i64>,
    /// The keys they came with, the busiest first.
    pub senders: Vec<Sender>,
}

/// A key of a cause.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The key.
    pub key_id: i64,
    /// How many requests of the cause came with it.
    pub count: i64,
    /// The first of them in the window.
    pub first: DateTime<Utc>,
    /// The programs that sent the last of them, in their own words.
    pub programs: Vec<String>,
    samples: Vec<RequestId>,
}

/// A key of a cause.
#[derive(QueryableByName)]
struct SenderRow {
    #[diesel(sql_type = SmallInt)]
    reason: i16,
    #[diesel(sql_type = Text)]
    value: String,
    #[diesel(sql_type = BigInt)]
    key_id: i64,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = Timestamptz)]
    first: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    last: DateTime<Utc>,
    /// When it came, to the step or finer; how often, and the latest request, of each of those.
    #[diesel(sql_type = Array<Timestamptz>)]
    buckets: Vec<DateTime<Utc>>,
    #[diesel(sql_type = Array<BigInt>)]
    counts: Vec<i64>,
    #[diesel(sql_type = Array<SqlUuid>)]
    samples: Vec<Uuid>,
    #[diesel(sql_type = BigInt)]
    causes: i64,
    #[diesel(sql_type = BigInt)]
    before: i64,
    #[diesel(sql_type = BigInt)]
    failures: i64,
    #[diesel(sql_type = Bool)]
    is_cut: bool,
}

/// A page of the causes of a list, the most frequent first: of all, and where a state is asked for that
/// admins decide, of those about which they decided it. What is read ends at `now`.
pub fn causes(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
    shown: Shown,
    now: DateTime<Utc>,
) -> QueryResult<Causes> {
    let steps = Steps::of(selection.window, selection.window.to.unwrap_or(now));
    let query = statement::of(company, selection, shown, steps, now);
    let rows: Vec<SenderRow> = query.load_unsorted(connection)?;
    let (total, before, failures, is_cut) = rows.first().map_or((0, 0, 0, false), |row| {
        (row.causes, row.before, row.failures, row.is_cut)
    });
    let searched_to = match statement::is_told_by_findings(selection.filter) {
        true => None,
        false => {
            let (cursor, direction) = (Cursor::Newest, Direction::Older);
            nth_entry(
                connection,
                company,
                selection,
                cursor,
                direction,
                MAX_ENTRIES,
            )?
        }
    };
    let mut causes = gathered(rows, steps);
    if !tells_the_latest(selection) {
        lookups::find_latest(connection, company, &mut causes, now)?;
    }
    lookups::name_programs(connection, company, &mut causes)?;
    Ok(Causes {
        causes,
        steps,
        total,
        are_of_decision: shown.state.and_then(cause_decisions::kind).is_some(),
        before,
        failures,
        is_cut: is_cut || searched_to.is_some(),
        searched_to,
    })
}

fn gathered(rows: Vec<SenderRow>, steps: Steps) -> Vec<Cause> {
    let mut causes: Vec<Cause> = Vec::new();
    for mut row in rows {
        let Some(reason) = Reason::from_number(row.reason) else {
            continue;
        };
        // The latest, and one of each step.
        row.samples.sort_unstable_by(|one, other| other.cmp(one));
        let samples = row.samples.into_iter().filter_map(RequestId::from_uuid);
        let mut samples: Vec<RequestId> = samples.collect();
        samples.dedup_by_key(|sample| steps.place(sample.received_at()));
        samples.truncate(SAMPLES);
        let Some(latest) = samples.first().copied() else {
            continue;
        };
        let id = CauseId {
            reason,
            value: (!row.value.is_empty()).then_some(row.value),
        };
        if causes.last().is_none_or(|cause| cause.id != id) {
            causes.push(Cause {
                id,
                latest,
                count: 0,
                first: row.first,
                last: row.last,
                course: vec![0; steps.count],
                senders: Vec::new(),
            });
        }
        let Some(cause) = causes.last_mut() else {
            continue;
        };
        cause.latest = cause.latest.max(latest);
        cause.count += row.count;
        cause.first = cause.first.min(row.first);
        cause.last = cause.last.max(row.last);
        for (bucket, count) in row.buckets.into_iter().zip(row.counts) {
            cause.course[steps.place(bucket)] += count;
        }
        cause.senders.push(Sender {
            key_id: row.key_id,
            count: row.count,
            first: row.first,
            programs: Vec::new(),
            samples,
        });
    }
    // Where counters were left out, more are read of those told than their order was made of.
    causes.sort_by_key(|cause| Reverse(cause.count));
    causes
}

/// Whether a list has the latest request of each of its causes: it goes on, and leaves none out.
fn tells_the_latest(selection: &Selection<'_>) -> bool {
    let terms = selection.filter.terms();
    selection.window.to.is_none()
        && selection.tab == Tab::Invalid
        && terms
            .iter()
            .all(|t| matches!(t.subject, Subject::Error(_) | Subject::Reason(..)))
}
