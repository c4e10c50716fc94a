//! Failures grouped by their cause: the error with its variant, and the decisive value. Read from the
//! findings, at most so many per error, so that a cause view costs the same whatever happened.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Int4, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
};
use uuid::Uuid;

use super::matching::{Direction, matching};
use super::query::{Query, Value};
use super::requests::{MAX_ENTRIES, Selection, Tab};
use crate::domain::cause::CauseId;
use crate::domain::company::CompanyId;
use crate::domain::dictionary::{ErrorCode, Reason};
use crate::domain::filter::{Filter, Subject, Verdict};
use crate::domain::paging::Cursor;
use crate::domain::request::RequestId;

/// At most so many causes are told apart, the most frequent ones.
pub const MOST_CAUSES: i64 = 50;

/// The window of a cause is cut into so many parts.
pub const PARTS: usize = 24;

/// For so many requests per key of a cause it is looked up which program sent them.
const SAMPLES: usize = 4;

/// The causes of a list.
#[derive(Debug, Default)]
pub struct Causes {
    /// The most frequent first.
    pub causes: Vec<Cause>,
    /// How many there are in all.
    pub total: i64,
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
    /// How many in each part of the window.
    pub parts: [i64; PARTS],
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

#[derive(QueryableByName)]
struct CellRow {
    #[diesel(sql_type = SmallInt)]
    reason: i16,
    #[diesel(sql_type = Nullable<Text>)]
    value: Option<String>,
    #[diesel(sql_type = BigInt)]
    key_id: i64,
    #[diesel(sql_type = Int4)]
    part: i32,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = Timestamptz)]
    first: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    last: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    sample: String,
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = BigInt)]
    most_of_a_code: i64,
}

/// The causes of a list, the most frequent first. What is read ends at `now`.
pub fn causes(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
    now: DateTime<Utc>,
) -> QueryResult<Causes> {
    let mut query = match is_told_by_findings(selection.filter) {
        true => Query::new(company),
        false => matching(
            company,
            selection,
            Cursor::Newest,
            Direction::Older,
            MAX_ENTRIES,
            MAX_ENTRIES,
        ),
    };
    let entries = match is_told_by_findings(selection.filter) {
        true => from_findings(&mut query, selection),
        false => from_requests(&mut query, selection),
    };
    let end = selection.window.to.unwrap_or(now);
    let end = end.max(selection.window.from + TimeDelta::minutes(1));
    let (from, to) = (
        query.value(Value::Time(selection.window.from)),
        query.value(Value::Time(end)),
    );
    let parts = PARTS;
    let query = query.instead(&format!(
        "WITH entries AS MATERIALIZED ({entries}), \
         cells AS ( \
             SELECT reason, value, key_id, \
                    greatest(1, least({parts}, width_bucket(extract(epoch FROM received_at), \
                        extract(epoch FROM {from}), extract(epoch FROM {to}), {parts}))) AS part, \
                    count(*) AS count, min(received_at) AS first, max(received_at) AS last, \
                    max(id::text COLLATE \"C\") AS sample \
             FROM entries GROUP BY 1, 2, 3, 4 \
         ), summed AS ( \
             SELECT *, sum(count) OVER (PARTITION BY reason, value) AS of_cause FROM cells \
         ), ranked AS ( \
             SELECT *, dense_rank() OVER (ORDER BY of_cause DESC, reason, value) AS rank FROM summed \
         ) \
         SELECT reason, value, key_id, part, count, first, last, sample, \
                (SELECT max(rank) FROM ranked) AS total, \
                (SELECT max(of_code) FROM (SELECT count(*) AS of_code FROM entries \
                                           GROUP BY reason / 10) AS codes) AS most_of_a_code \
         FROM ranked WHERE rank <= {MOST_CAUSES} ORDER BY rank, last DESC"
    ));
    let rows: Vec<CellRow> = query.load(connection)?;
    let (total, is_cut) = rows.first().map_or((0, false), |row| {
        (row.total, row.most_of_a_code >= MAX_ENTRIES)
    });
    let mut causes = gathered(rows);
    if !tells_the_latest(selection) {
        find_latest(connection, company, &mut causes)?;
    }
    name_programs(connection, company, &mut causes)?;
    Ok(Causes {
        causes,
        total,
        is_cut,
    })
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

/// The findings of each error asked for, the newest first, each request once per cause.
fn from_findings(query: &mut Query, selection: &Selection<'_>) -> String {
    let window = selection.window;
    let mut conditions = vec![format!(
        "received_at >= {}",
        query.value(Value::Time(window.from))
    )];
    if let Some(to) = window.to {
        conditions.push(format!("received_at < {}", query.value(Value::Time(to))));
    }
    if selection.tab == Tab::Test {
        conditions.push("environment = 1".to_owned());
    }
    for parameter in ["environment", "key"] {
        let mut wanted = Vec::new();
        for term in selection.filter.about(parameter) {
            let condition = match &term.subject {
                Subject::Key(id) => format!("key_id = {}", query.value(Value::Integer(*id))),
                Subject::Environment(one) => format!("environment = {}", one.number()),
                _ => continue,
            };
            match term.negated {
                true => conditions.push(format!("NOT {condition}")),
                false => wanted.push(condition),
            }
        }
        if !wanted.is_empty() {
            conditions.push(format!("({})", wanted.join(" OR ")));
        }
    }
    format!(
        "SELECT f.* FROM unnest({}) AS wanted (code) CROSS JOIN LATERAL ( \
             SELECT DISTINCT received_at, id, reason, value, key_id FROM request_findings \
             WHERE company_id = $1 AND code = wanted.code AND {} \
             ORDER BY received_at DESC, id DESC LIMIT {MAX_ENTRIES} \
         ) AS f",
        codes(selection.filter),
        conditions.join(" AND ")
    )
}

/// The findings of the requests that match, as far as a page would look for them.
fn from_requests(query: &mut Query, selection: &Selection<'_>) -> String {
    format!(
        "SELECT DISTINCT f.received_at, f.id, f.reason, f.value, f.key_id \
         FROM ({}) AS m JOIN LATERAL ( \
             SELECT received_at, id, reason, value, key_id FROM request_findings f \
             WHERE f.company_id = $1 AND f.received_at = m.received_at AND f.id = m.id \
                   AND f.code = ANY({}) \
         ) AS f ON true",
        query.text(),
        codes(selection.filter)
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
    let codes: Vec<String> = ErrorCode::ALL
        .into_iter()
        .filter(|code| !is(*code, true) && (!some_wanted || is(*code, false)))
        .map(|code| code.bit().to_string())
        .collect();
    format!("'{{{}}}'::smallint[]", codes.join(","))
}

fn gathered(rows: Vec<CellRow>) -> Vec<Cause> {
    let mut causes: Vec<Cause> = Vec::new();
    for row in rows {
        let Some(reason) = Reason::from_number(row.reason) else {
            continue;
        };
        let Some(sample) = parsed(&row.sample) else {
            continue;
        };
        let id = CauseId {
            reason,
            value: row.value.clone(),
        };
        if causes.last().is_none_or(|cause| cause.id != id) {
            causes.push(Cause {
                id,
                latest: sample,
                count: 0,
                first: row.first,
                last: row.last,
                parts: [0; PARTS],
                senders: Vec::new(),
            });
        }
        if let Some(cause) = causes.last_mut() {
            cause.add(&row, sample);
        }
    }
    for cause in &mut causes {
        cause.senders.sort_by_key(|sender| -sender.count);
    }
    causes
}

impl Cause {
    fn add(&mut self, row: &CellRow, sample: RequestId) {
        self.count += row.count;
        self.latest = self.latest.max(sample);
        self.first = self.first.min(row.first);
        self.last = self.last.max(row.last);
        self.parts[(row.part as usize).clamp(1, PARTS) - 1] += row.count;
        let known = self.senders.iter().position(|s| s.key_id == row.key_id);
        let place = known.unwrap_or(self.senders.len());
        if known.is_none() {
            self.senders.push(Sender {
                key_id: row.key_id,
                count: 0,
                first: row.first,
                programs: Vec::new(),
                samples: Vec::new(),
            });
        }
        let sender = &mut self.senders[place];
        sender.count += row.count;
        sender.first = sender.first.min(row.first);
        if sender.samples.len() < SAMPLES {
            sender.samples.push(sample);
        }
    }
}

fn parsed(sample: &str) -> Option<RequestId> {
    RequestId::from_uuid(sample.parse().ok()?)
}

/// Whether a list has the latest request of each of its causes: it goes on, and leaves none out.
fn tells_the_latest(selection: &Selection<'_>) -> bool {
    let terms = selection.filter.terms();
    selection.window.to.is_none()
        && selection.tab == Tab::Invalid
        && terms.iter().all(|t| matches!(t.subject, Subject::Error(_)))
}

/// Looks up the latest request of each cause, among the newest of each error.
fn find_latest(
    connection: &mut PgConnection,
    company: CompanyId,
    causes: &mut [Cause],
) -> QueryResult<()> {
    #[derive(QueryableByName)]
    struct Latest {
        #[diesel(sql_type = SmallInt)]
        reason: i16,
        #[diesel(sql_type = Nullable<Text>)]
        value: Option<String>,
        #[diesel(sql_type = Text)]
        id: String,
    }
    let Some(since) = causes.iter().map(|cause| cause.last).min() else {
        return Ok(());
    };
    let mut codes: Vec<i16> = causes.iter().map(|c| c.id.reason.code().bit()).collect();
    codes.sort_unstable();
    codes.dedup();
    let latest: Vec<Latest> = diesel::sql_query(format!(
        "SELECT f.reason, f.value, max(f.id::text COLLATE \"C\") AS id \
         FROM unnest($2) AS wanted (code) CROSS JOIN LATERAL ( \
             SELECT id, reason, value FROM request_findings \
             WHERE company_id = $1 AND code = wanted.code AND received_at >= $3 \
             ORDER BY received_at DESC, id DESC LIMIT {MAX_ENTRIES} \
         ) AS f GROUP BY 1, 2"
    ))
    .bind::<BigInt, _>(company.0)
    .bind::<Array<SmallInt>, _>(codes)
    .bind::<Timestamptz, _>(since)
    .load(connection)?;
    for row in latest {
        let is_this = |cause: &&mut Cause| {
            cause.id.reason.number() == row.reason && cause.id.value == row.value
        };
        if let (Some(cause), Some(id)) = (causes.iter_mut().find(is_this), parsed(&row.id)) {
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
    let programs: Vec<Program> = diesel::sql_query(
        "SELECT d.id, d.user_agent FROM unnest($2, $3) AS sample (id, received_at) \
         JOIN LATERAL ( \
             SELECT d.id, d.user_agent FROM request_documents d \
             WHERE d.company_id = $1 AND d.received_at = sample.received_at AND d.id = sample.id \
             OFFSET 0 \
         ) AS d ON d.user_agent IS NOT NULL",
    )
    .bind::<BigInt, _>(company.0)
    .bind::<Array<SqlUuid>, _>(ids.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(ids.iter().map(|id| id.received_at()).collect::<Vec<_>>())
    .load(connection)?;
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
