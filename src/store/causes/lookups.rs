//! What is looked up of single causes, by their keys.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use uuid::Uuid;

use super::Cause;
use super::statement::{array, from_findings, seen};
use crate::domain::cause::CauseId;
use crate::domain::company::CompanyId;
use crate::domain::paging::PAGE_CAUSES;
use crate::domain::request::RequestId;
use crate::domain::window::{Window, floor};
use crate::store::cause_counts::{Cut, GRAINS, MOST_COUNTERS};
use crate::store::counts::SUM;
use crate::store::query::{Query, Value};

/// How many requests failed by a cause in a window; what is read ends at `now`.
pub fn count(
    connection: &mut PgConnection,
    company: CompanyId,
    cause: &CauseId,
    window: Window,
    now: DateTime<Utc>,
) -> QueryResult<i64> {
    let cut = Cut::of(window, now);
    let mut query = Query::new(company);
    let code = query.value(Value::Small(cause.reason.code().bit()));
    let reason = query.value(Value::Small(cause.reason.number()));
    let value = query.value(Value::Text(cause.value.clone().unwrap_or_default()));
    let found = format!("reason = {reason} AND coalesce(value, '') = {value}");
    let counted = format!("reason = {reason} AND value = {value}");
    let entries = from_findings(&mut query, &cut, &format!("ARRAY[{code}]"), &found);
    let counters = cut.sources(&mut query, &GRAINS, &counted).into_iter();
    let counters: String = counters
        .map(|source| format!(" UNION ALL SELECT count FROM cause_counts WHERE {source}"))
        .collect();
    let query = query.planned_once(true).and(&format!(
        "SELECT coalesce({SUM}, 0) AS count \
         FROM (SELECT 1::bigint AS count FROM ({entries}) AS entries{counters}) AS counts"
    ));
    query.load_count(connection)
}

/// Looks up the latest request of each cause, whatever the filter says.
pub(super) fn find_latest(
    connection: &mut PgConnection,
    company: CompanyId,
    causes: &mut [Cause],
    now: DateTime<Utc>,
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
    // From the hour on: of a part of one the findings would be read.
    let window = Window {
        from: floor(since, TimeDelta::hours(1)),
        to: None,
    };
    let cut = Cut::of(window, now);
    let codes = array(causes.iter().map(|cause| cause.id.reason.code()));
    let mut query = Query::new(company);
    let reasons = causes.iter().map(|cause| cause.id.reason.number().into());
    let reasons = query.value(Value::Integers(reasons.collect()));
    let values = causes.iter().map(|cause| cause.id.value.clone());
    let values = query.value(Value::Texts(
        values.map(Option::unwrap_or_default).collect(),
    ));
    let entries = from_findings(&mut query, &cut, &codes, "true");
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
        .load_unsorted(connection)?;
    for Latest { rank, id } in latest {
        let cause = causes.get_mut(rank as usize - 1);
        if let (Some(cause), Some(id)) = (cause, RequestId::from_uuid(id)) {
            cause.latest = cause.latest.max(id);
        }
    }
    Ok(())
}

/// Looks up which programs sent the samples of each key.
pub(super) fn name_programs(
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
