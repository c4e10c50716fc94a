//! Failures grouped by their cause: the error with its variant, and the decisive value. Added up from
//! counters, and at the ends of a window from the findings themselves, at most so many per error, so
//! that a cause view costs the same whatever happened.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::cause_counts::{self, Cut, GRAINS, MOST_COUNTERS};
use super::cause_decisions;
use super::counts::{self, floor};
use super::matching::{Direction, matching};
use super::query::{Query, Value, is_common};
use super::requests::{MAX_ENTRIES, Selection, Tab};
use crate::domain::cause::CauseId;
use crate::domain::company::CompanyId;
use crate::domain::dictionary::{ErrorCode, Reason};
use crate::domain::filter::{Filter, Subject, Verdict};
use crate::domain::paging::{Cursor, PAGE_CAUSES, Shown};
use crate::domain::request::RequestId;
use crate::domain::window::Window;

/// Steps of less than a day are few: at most so many in a window.
const FEW: i32 = 48;

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
    /// Whether something was left out: an error with more findings than are read.
    pub is_cut: bool,
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

/// The window cut into steps of time: what the course of a cause is told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// When the first begins: at the beginning of the window or before it.
    pub origin: DateTime<Utc>,
    /// How long each is.
    pub step: TimeDelta,
    /// How many there are.
    pub count: usize,
}

impl Steps {
    /// The shortest steps, from five minutes to a day (of UTC), of which a window has few.
    fn of(window: Window, end: DateTime<Utc>) -> Self {
        let steps = [5, 15, 60].map(TimeDelta::minutes);
        let is_few = |step: &TimeDelta| *step * FEW >= end - window.from;
        let step = steps.into_iter().find(is_few).unwrap_or(TimeDelta::days(1));
        let origin = floor(window.from, step);
        let (passed, step_seconds) = ((end - origin).num_seconds(), step.num_seconds());
        Self {
            origin,
            step,
            count: (passed.max(1) as usize).div_ceil(step_seconds as usize),
        }
    }

    /// When a step begins.
    pub fn begins(&self, place: usize) -> DateTime<Utc> {
        self.origin + self.step * place as i32
    }

    fn place(&self, at: DateTime<Utc>) -> usize {
        let passed = (at - self.origin).num_minutes() / self.step.num_minutes();
        (passed.max(0) as usize).min(self.count - 1)
    }

    /// How many counters of a grain a key of a cause can have: one for each step, and at the ends of a
    /// window that is cut into days one for each hour of a day.
    fn most_buckets(&self) -> usize {
        self.count.max(24)
    }

    /// The grains of counters that fit into a step, coarsest first.
    fn grains(&self) -> &'static [i64] {
        let fits = |grain: &i64| *grain <= self.step.num_minutes();
        let first = GRAINS.iter().position(fits).unwrap_or(GRAINS.len());
        &GRAINS[first..]
    }
}

/// What tells the counters of a window, a condition per piece and grain.
#[derive(Default)]
struct Counters {
    /// As coarse as there are: all of them are read.
    for_order: Vec<String>,
    /// As fine as the steps.
    for_course: Vec<String>,
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
    let (query, entries, counters) = match is_told_by_findings(selection.filter) {
        true => {
            let cut = match steps.grains() {
                [] => Cut::uncounted(selection.window),
                _ => cause_counts::cut(connection, company, selection.window)?,
            };
            let mut query = Query::new(company);
            let codes = codes(selection.filter);
            let conditions = conditions(&mut query, selection);
            let entries = from_findings(&mut query, &cut.rest, &codes, &conditions);
            let of_error = match selection.filter.about("error").next() {
                Some(_) => format!("code = ANY({codes}) AND {conditions}"),
                None => conditions,
            };
            let mut at = |grains| cut.sources(&mut query, grains, &of_error);
            let counters = Counters {
                for_order: at(&GRAINS),
                for_course: at(steps.grains()),
            };
            (query, entries, counters)
        }
        false => {
            let (entries, most) = (MAX_ENTRIES, MAX_ENTRIES);
            let (cursor, direction) = (Cursor::Newest, Direction::Older);
            let query = matching(company, selection, cursor, direction, entries, most);
            let entries = from_requests(query.text(), selection.filter);
            (query, entries, Counters::default())
        }
    };
    let query = senders(query, &entries, &counters, shown, steps)
        .kept(is_common(selection.window, selection.filter));
    let rows: Vec<SenderRow> = query.load_in_order(connection)?;
    let (total, before, failures, is_cut) = rows.first().map_or((0, 0, 0, false), |row| {
        (row.causes, row.before, row.failures, row.is_cut)
    });
    let mut causes = gathered(rows, steps);
    if !tells_the_latest(selection) {
        find_latest(connection, company, &mut causes)?;
    }
    name_programs(connection, company, &mut causes)?;
    Ok(Causes {
        causes,
        steps,
        total,
        are_of_decision: shown.state.and_then(cause_decisions::kind).is_some(),
        before,
        failures,
        is_cut,
    })
}

/// The causes of a page and their keys, of findings and of counters. All counters are read for the
/// order alone, and everything else of those few causes that are told: most have a long tail of
/// others.
fn senders(
    mut query: Query,
    entries: &str,
    counters: &Counters,
    shown: Shown,
    steps: Steps,
) -> Query {
    let (minutes, origin) = (
        query.value(Value::Integer(steps.step.num_minutes())),
        query.value(Value::Time(steps.origin)),
    );
    let before = query.value(Value::Integer(i64::from(shown.page) * PAGE_CAUSES));
    // What admins decide stands of few causes, so all of those are listed.
    let listed = match shown.state.and_then(cause_decisions::kind) {
        None => "true".to_owned(),
        Some(kind) => format!(
            "(reason, value) IN (SELECT reason, value FROM cause_decisions \
                                 WHERE company_id = $1 AND kind = {kind})"
        ),
    };
    let counted = counters.for_order.iter().map(|source| {
        format!(
            " UNION ALL (SELECT reason, value, count FROM cause_counts WHERE {source} \
                         ORDER BY bucket DESC LIMIT {MOST_COUNTERS})"
        )
    });
    let counted: String = counted.collect();
    let seen = seen(
        &format!("date_bin({minutes} * interval '1 minute', received_at, {origin})"),
        &counters.for_course,
        &format!("{} * ranked.counters", steps.most_buckets()),
    );
    query.instead(&format!(
        "WITH entries AS MATERIALIZED ({entries}), totals AS MATERIALIZED ( \
             SELECT reason, value, sum(count)::bigint AS count, count(*) AS counters \
             FROM (SELECT reason, value, 1::bigint AS count FROM entries{counted}) AS counted \
             GROUP BY reason, value \
         ), size AS MATERIALIZED ( \
             SELECT *, least({before}, (causes - 1) / {PAGE_CAUSES} * {PAGE_CAUSES}) AS before \
             FROM (SELECT count(*) FILTER (WHERE {listed}) AS causes, \
                          sum(count)::bigint AS failures, sum(counters) AS counters \
                   FROM totals) AS sums \
         ), ranked AS MATERIALIZED ( \
             SELECT reason, value, counters, row_number() OVER () AS rank \
             FROM (SELECT * FROM totals WHERE {listed} \
                   ORDER BY count DESC, reason, value LIMIT {PAGE_CAUSES} \
                   OFFSET (SELECT before FROM size)) AS page \
         ), senders AS ( \
             SELECT rank, key_id, sum(count)::bigint AS count, min(first_at) AS first, \
                    max(last_at) AS last, array_agg(bucket) AS buckets, array_agg(count) AS counts, \
                    array_agg(latest_id) AS samples \
             FROM ({seen}) AS seen GROUP BY rank, key_id \
         ) \
         SELECT reason, value, senders.*, size.causes, size.before, size.failures, \
                size.counters >= {MOST_COUNTERS} \
                OR EXISTS (SELECT FROM entries GROUP BY reason / 10 \
                           HAVING count(*) >= {MAX_ENTRIES}) AS is_cut \
         FROM ranked JOIN senders USING (rank) CROSS JOIN size \
         ORDER BY rank, senders.count DESC, last DESC"
    ))
}

/// Findings and counters of `ranked` causes in one form. The findings are `entries`, added up by
/// their `bucket`; `most` of the counters of each cause are read, the latest.
fn seen(bucket: &str, counters: &[String], most: &str) -> String {
    let found = format!(
        "SELECT rank, key_id, {bucket} AS bucket, count(*) AS count, min(received_at) AS first_at, \
                max(received_at) AS last_at, max(id::text COLLATE \"C\")::uuid AS latest_id \
         FROM ranked JOIN entries USING (reason, value) GROUP BY 1, 2, 3"
    );
    let counted = counters.iter().map(|source| {
        format!(
            " UNION ALL SELECT rank, of_cause.* FROM ranked CROSS JOIN LATERAL ( \
                 SELECT key_id, bucket, count, first_at, last_at, latest_id FROM cause_counts \
                 WHERE {source} AND reason = ranked.reason AND value = ranked.value \
                 ORDER BY bucket DESC LIMIT {most} \
             ) AS of_cause"
        )
    });
    std::iter::once(found).chain(counted).collect()
}

/// Whether the findings alone tell what a filter asks about; else the requests are asked.
fn is_told_by_findings(filter: &Filter) -> bool {
    filter.terms().iter().all(|term| {
        matches!(
            (&term.subject, term.negated),
            (
                Subject::Error(_) | Subject::Environment(_) | Subject::Key(_),
                _
            ) | (Subject::Result(Verdict::Invalid), false)
        )
    })
}

/// What a list asks of findings, and of their counters, but for the time and the error.
fn conditions(query: &mut Query, selection: &Selection<'_>) -> String {
    let asked = counts::conditions(query, selection.filter, ["environment", "key"]);
    match selection.tab {
        Tab::Invalid => asked,
        Tab::Test => format!("environment = 1 AND {asked}"),
    }
}

/// The findings of each error asked for in these windows, the newest first, each request once per
/// cause.
fn from_findings(query: &mut Query, windows: &[Window], codes: &str, conditions: &str) -> String {
    let within = |window: &Window| {
        let during = query.during("received_at", *window);
        format!(
            "SELECT f.* FROM unnest({codes}) AS wanted (code) CROSS JOIN LATERAL ( \
                 SELECT received_at, id, reason, value, key_id FROM request_findings \
                 WHERE company_id = $1 AND code = wanted.code \
                       AND {during} AND {conditions} \
                 ORDER BY received_at DESC, id DESC LIMIT {MAX_ENTRIES} \
             ) AS f"
        )
    };
    let found = match windows {
        [] => "SELECT * FROM request_findings WHERE company_id = $1 AND false".to_owned(),
        windows => windows
            .iter()
            .map(within)
            .collect::<Vec<_>>()
            .join(" UNION ALL "),
    };
    format!(
        "SELECT DISTINCT received_at, id, reason, coalesce(value, '') AS value, key_id \
         FROM ({found}) AS found"
    )
}

/// The findings of the requests that match, as far as a page would look for them.
fn from_requests(matching: &str, filter: &Filter) -> String {
    format!(
        "SELECT DISTINCT f.received_at, f.id, f.reason, coalesce(f.value, '') AS value, f.key_id \
         FROM ({matching}) AS m JOIN LATERAL ( \
             SELECT received_at, id, reason, value, key_id FROM request_findings f \
             WHERE f.company_id = $1 AND f.received_at = m.received_at AND f.id = m.id \
                   AND f.code = ANY({}) \
         ) AS f ON true",
        codes(filter)
    )
}

/// The errors asked for, as an array.
fn codes(filter: &Filter) -> String {
    let terms: Vec<_> = filter.about("error").collect();
    let is = |code, negated| {
        let mut terms = terms.iter().filter(|t| t.negated == negated);
        terms.any(|t| t.subject == Subject::Error(code))
    };
    let some_wanted = terms.iter().any(|term| !term.negated);
    let is_asked = |code: &ErrorCode| !is(*code, true) && (!some_wanted || is(*code, false));
    array(ErrorCode::ALL.into_iter().filter(is_asked))
}

fn array(codes: impl Iterator<Item = ErrorCode>) -> String {
    let codes: BTreeSet<i16> = codes.map(ErrorCode::bit).collect();
    let codes: Vec<String> = codes.iter().map(i16::to_string).collect();
    format!("'{{{}}}'::smallint[]", codes.join(","))
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
        && terms.iter().all(|t| matches!(t.subject, Subject::Error(_)))
}

/// Looks up the latest request of each cause, whatever the filter says.
fn find_latest(
    connection: &mut PgConnection,
    company: CompanyId,
    causes: &mut [Cause],
) -> QueryResult<()> {
    #[derive(QueryableByName)]
    struct Latest {
        #[diesel(sql_type = BigInt)]
        rank: i64,
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let Some(since) = causes.iter().map(|cause| cause.last).min() else {
        return Ok(());
    };
    let window = Window {
        from: since,
        to: None,
    };
    let cut = cause_counts::cut(connection, company, window)?;
    let codes = array(causes.iter().map(|cause| cause.id.reason.code()));
    let mut query = Query::new(company);
    let reasons = causes.iter().map(|cause| cause.id.reason.number().into());
    let reasons = query.value(Value::Integers(reasons.collect()));
    let values = causes.iter().map(|cause| cause.id.value.clone());
    let values = query.value(Value::Texts(
        values.map(Option::unwrap_or_default).collect(),
    ));
    let entries = from_findings(&mut query, &cut.rest, &codes, "true");
    let counters = cut.sources(&mut query, &GRAINS, "true");
    let most = MOST_COUNTERS / PAGE_CAUSES;
    let seen = seen("NULL::timestamptz", &counters, &most.to_string());
    let latest: Vec<Latest> = query
        .instead(&format!(
            "WITH entries AS MATERIALIZED ({entries}), ranked AS MATERIALIZED ( \
                 SELECT reason::smallint, value, rank \
                 FROM unnest({reasons}, {values}) WITH ORDINALITY AS told (reason, value, rank) \
             ) \
             SELECT rank, max(latest_id::text COLLATE \"C\")::uuid AS id \
             FROM ({seen}) AS seen GROUP BY rank"
        ))
        .load_in_order(connection)?;
    for Latest { rank, id } in latest {
        let cause = causes.get_mut(rank as usize - 1);
        if let (Some(cause), Some(id)) = (cause, RequestId::from_uuid(id)) {
            cause.latest = cause.latest.max(id);
        }
    }
    Ok(())
}

/// Looks up which programs sent the samples of each key.
fn name_programs(
    connection: &mut PgConnection,
    company: CompanyId,
    causes: &mut [Cause],
) -> QueryResult<()> {
    #[derive(QueryableByName)]
    struct Program {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
        #[diesel(sql_type = Text)]
        user_agent: String,
    }
    let samples = causes
        .iter()
        .flat_map(|c| &c.senders)
        .flat_map(|s| &s.samples);
    let ids: Vec<RequestId> = samples.copied().collect();
    if ids.is_empty() {
        return Ok(());
    }
    let mut query = Query::new(company);
    let (ids, times) = query.keys(&ids);
    let query = query.kept(true).and(&format!(
        "SELECT d.id, d.user_agent FROM unnest({ids}, {times}) AS sample (id, received_at) \
         JOIN LATERAL ( \
             SELECT d.id, d.user_agent FROM request_documents d \
             WHERE d.company_id = $1 AND d.received_at = sample.received_at AND d.id = sample.id \
             OFFSET 0 \
         ) AS d ON d.user_agent IS NOT NULL",
    ));
    let programs: Vec<Program> = query.load(connection)?;
    let programs: HashMap<Uuid, String> =
        programs.into_iter().map(|p| (p.id, p.user_agent)).collect();
    for sender in causes.iter_mut().flat_map(|c| &mut c.senders) {
        let samples = sender.samples.iter();
        for program in samples.filter_map(|id| programs.get(&id.uuid())) {
            if !sender.programs.contains(program) {
                sender.programs.push(program.clone());
            }
        }
    }
    Ok(())
}
