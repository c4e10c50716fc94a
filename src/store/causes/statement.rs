//! The statement of a page of causes: findings and counters in one form, all of them for the order, and
//! everything else of those that are told.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::Steps;
use crate::domain::company::CompanyId;
use crate::domain::dictionary::ErrorCode;
use crate::domain::filter::{Filter, Subject, Verdict};
use crate::domain::paging::{Cursor, PAGE_CAUSES, Shown};
use crate::store::cause_counts::{Cut, MOST_COUNTERS, Summand};
use crate::store::cause_decisions;
use crate::store::counts::{self, SUM};
use crate::store::matching::{Direction, matching};
use crate::store::query::{Query, Value, is_common};
use crate::store::requests::{MAX_ENTRIES, Selection, Tab};

/// What tells the counters of a window, a condition per piece and grain.
#[derive(Default)]
struct Counters {
    /// As coarse as there are: all of them are read.
    for_order: Vec<Summand>,
    /// As fine as the steps.
    for_course: Vec<String>,
}

/// The page that is shown of the causes of a list: a row per cause and key, in order.
pub(super) fn of(
    company: CompanyId,
    selection: &Selection<'_>,
    shown: Shown,
    steps: Steps,
    now: DateTime<Utc>,
) -> Query {
    let (query, entries, counters) = match is_told_by_findings(selection.filter) {
        true => {
            let cut = match steps.grains() {
                [] => Cut::uncounted(selection.window),
                _ => Cut::of(selection.window, now),
            };
            let mut query = Query::new(company);
            let codes = codes(selection.filter);
            let conditions = conditions(&mut query, selection);
            let entries = from_findings(&mut query, &cut, &codes, &conditions);
            let of_error = match selection.filter.about("error").next() {
                Some(_) => format!("code = ANY({codes}) AND {conditions}"),
                None => conditions,
            };
            let counters = Counters {
                for_order: cut.summands(&mut query, &of_error),
                for_course: cut.sources(&mut query, steps.grains(), &of_error),
            };
            (query, entries, counters)
        }
        false => {
            let (entries, most) = (MAX_ENTRIES, MAX_ENTRIES);
            let (cursor, direction) = (Cursor::Newest, Direction::Older);
            let mut query = matching(company, selection, cursor, direction, entries, most);
            let entries = from_requests(&mut query, selection.filter);
            (query, entries, Counters::default())
        }
    };
    let query = senders(query, &entries, &counters, shown, steps);
    query.planned_once(is_common(selection.window, selection.filter))
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
    let asked = match shown.state.and_then(cause_decisions::kind) {
        None => "true".to_owned(),
        Some(kind) => format!(
            "(reason, value) IN (SELECT reason, value FROM cause_decisions \
                                 WHERE company_id = $1 AND kind = {kind})"
        ),
    };
    // A cause that came only before the window adds up to nothing.
    let listed = format!("count > 0 AND {asked}");
    let counted = counters.for_order.iter().map(|of_sum| {
        let Summand { condition, count } = of_sum;
        format!(
            " UNION ALL (SELECT reason, value, {count} FROM cause_counts WHERE {condition} \
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
             SELECT reason, value, {SUM} AS count, count(*) AS counters \
             FROM (SELECT reason, value, 1::bigint AS count FROM entries{counted}) AS counted \
             GROUP BY reason, value \
         ), size AS MATERIALIZED ( \
             SELECT *, least({before}, (causes - 1) / {PAGE_CAUSES} * {PAGE_CAUSES}) AS before \
             FROM (SELECT count(*) FILTER (WHERE {listed}) AS causes, \
                          {SUM} AS failures, sum(counters) AS counters \
                   FROM totals) AS sums \
         ), ranked AS MATERIALIZED ( \
             SELECT reason, value, counters, row_number() OVER () AS rank \
             FROM (SELECT * FROM totals WHERE {listed} \
                   ORDER BY count DESC, reason, value LIMIT {PAGE_CAUSES} \
                   OFFSET (SELECT before FROM size)) AS page \
         ), senders AS ( \
             SELECT rank, key_id, {SUM} AS count, min(first_at) AS first, \
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
pub(super) fn seen(bucket: &str, counters: &[String], most: &str) -> String {
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
pub(super) fn is_told_by_findings(filter: &Filter) -> bool {
    filter.terms().iter().all(|term| {
        matches!(
            (&term.subject, term.negated),
            (
                Subject::Error(_) | Subject::Reason(..) | Subject::Environment(_) | Subject::Key(_),
                _
            ) | (Subject::Result(Verdict::Invalid), false)
        )
    })
}

/// What a list asks of findings, and of their counters, but for the time and the errors.
fn conditions(query: &mut Query, selection: &Selection<'_>) -> String {
    let asked = counts::conditions(query, selection.filter, ["reason", "environment", "key"]);
    match selection.tab {
        Tab::Invalid => asked,
        Tab::Test => format!("environment = 1 AND {asked}"),
    }
}

/// The findings of each error asked for that counters do not tell, each request once per cause.
pub(super) fn from_findings(query: &mut Query, cut: &Cut, codes: &str, conditions: &str) -> String {
    let found = cut.findings(query, codes, conditions);
    format!(
        "SELECT DISTINCT received_at, id, reason, coalesce(value, '') AS value, key_id \
         FROM ({found}) AS found"
    )
}

/// The findings of the requests that match, as far as a page would look for them.
fn from_requests(query: &mut Query, filter: &Filter) -> String {
    let asked = counts::conditions(query, filter, ["reason"]);
    let matching = query.text();
    format!(
        "SELECT DISTINCT f.received_at, f.id, f.reason, coalesce(f.value, '') AS value, f.key_id \
         FROM ({matching}) AS m JOIN LATERAL ( \
             SELECT received_at, id, reason, value, key_id FROM request_findings f \
             WHERE f.company_id = $1 AND f.received_at = m.received_at AND f.id = m.id \
                   AND f.code = ANY({}) AND {asked} \
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

pub(super) fn array(codes: impl Iterator<Item = ErrorCode>) -> String {
    let codes: BTreeSet<i16> = codes.map(ErrorCode::bit).collect();
    let codes: Vec<String> = codes.iter().map(i16::to_string).collect();
    format!("'{{{}}}'::smallint[]", codes.join(","))
}
