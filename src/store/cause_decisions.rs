//! What admins decided about causes of failures: a row per cause that something was decided about.
//! The log has what was decided before.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::query_dsl::methods::FilterDsl;
use diesel::sql_types::{BigInt, Nullable, SmallInt, Text, Timestamptz};
use serde_json::{Value as Json, json};

use super::audit::{self, Entry};
use super::query::{Query, Value};
use super::requests::MAX_ENTRIES;
use super::schema::cause_decisions;
use crate::domain::cause::{CauseId, Decision, State};
use crate::domain::company::CompanyId;
use crate::domain::dictionary::Reason;

const ACKNOWLEDGED: i16 = 1;
const IGNORED: i16 = 2;

/// What is sent twice, by a double click or by sending a page once more, is sent within this time; other
/// ends of ignoring are days apart.
const SENT_TWICE_WITHIN: TimeDelta = TimeDelta::minutes(1);

/// The kind of decision without which no cause stands so; `None` where that needs none.
pub(super) fn kind(state: State) -> Option<i16> {
    match state {
        State::Acknowledged => Some(ACKNOWLEDGED),
        State::Ignored => Some(IGNORED),
        State::Open | State::Resolved => None,
    }
}

/// A decision that holds, or did.
#[derive(Debug, Clone)]
pub struct Decided {
    /// About which cause.
    pub cause: CauseId,
    /// What.
    pub decision: Decision,
    /// Who, by name.
    pub actor: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The longest time since then that the cause was away for before it came again.
    pub away: TimeDelta,
}

/// Who decides, and when.
#[derive(Debug, Clone)]
pub struct Author {
    /// The user.
    pub user_id: i64,
    /// By name.
    pub name: String,
    /// Now.
    pub at: DateTime<Utc>,
    /// When the decision was made that the form showed; `None` where it showed none.
    pub seen: Option<DateTime<Utc>>,
}

/// What became of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Saved,
    /// It did already.
    AsItWas,
    /// Somebody decided since the form was made: who, and when. Nothing was saved.
    Overtaken(String, DateTime<Utc>),
}

#[derive(QueryableByName)]
struct DecidedRow {
    #[diesel(sql_type = SmallInt)]
    reason: i16,
    #[diesel(sql_type = Text)]
    value: String,
    #[diesel(sql_type = SmallInt)]
    kind: i16,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    until: Option<DateTime<Utc>>,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    away_seconds: i64,
}

/// What was decided about these causes.
pub fn about<'a>(
    connection: &mut PgConnection,
    company: CompanyId,
    causes: impl IntoIterator<Item = &'a CauseId>,
) -> QueryResult<Vec<Decided>> {
    let causes: Vec<&CauseId> = causes.into_iter().collect();
    let mut query = Query::new(company);
    let numbers = causes.iter().map(|cause| cause.reason.number().into());
    let numbers = query.value(Value::Integers(numbers.collect()));
    let codes = causes.iter().map(|cause| cause.reason.code().bit().into());
    let codes = query.value(Value::Integers(codes.collect()));
    let values = causes.iter().map(|cause| stored(cause).to_owned());
    let values = query.value(Value::Texts(values.collect()));
    // How long a cause was away matters to acknowledgements only. The look goes forward, so that
    // what it does not reach is the latest and not a gap.
    let query = query.kept(true).and(&format!(
        "SELECT d.reason, d.value, d.kind, d.until, d.actor, d.at, \
                coalesce(extract(epoch FROM away.longest), 0)::bigint AS away_seconds \
         FROM unnest({numbers}, {codes}, {values}) AS cause (reason, code, value) \
         JOIN cause_decisions d ON d.company_id = $1 \
              AND d.reason = cause.reason AND d.value = cause.value \
         LEFT JOIN LATERAL ( \
             SELECT max(gap) AS longest FROM ( \
                 SELECT received_at - lag(received_at, 1, d.at) OVER (ORDER BY received_at) AS gap \
                 FROM (SELECT received_at, reason, value FROM request_findings \
                       WHERE company_id = $1 AND code = cause.code AND received_at > d.at \
                       ORDER BY received_at, id LIMIT {MAX_ENTRIES}) AS of_code \
                 WHERE reason = d.reason AND coalesce(value, '') = d.value \
             ) AS gaps \
         ) AS away ON d.kind = {ACKNOWLEDGED}"
    ));
    let rows: Vec<DecidedRow> = query.load(connection)?;
    Ok(rows.into_iter().filter_map(decided).collect())
}

fn decided(row: DecidedRow) -> Option<Decided> {
    Some(Decided {
        cause: CauseId {
            reason: Reason::from_number(row.reason)?,
            value: (!row.value.is_empty()).then_some(row.value),
        },
        decision: match row.until {
            Some(until) => Decision::Ignored(until),
            None if row.kind == ACKNOWLEDGED => Decision::Acknowledged,
            None => return None,
        },
        actor: row.actor,
        at: row.at,
        away: TimeDelta::seconds(row.away_seconds),
    })
}

/// The form in which a value is stored here. What was not sent has none, and nothing that was sent
/// is empty.
fn stored(cause: &CauseId) -> &str {
    cause.value.as_deref().unwrap_or_default()
}

/// Decides about a cause; `None` takes back what was decided. Call it in a transaction.
pub fn decide(
    connection: &mut PgConnection,
    company: CompanyId,
    cause: &CauseId,
    decision: Option<Decision>,
    author: &Author,
) -> QueryResult<Outcome> {
    type Row = (i16, Option<DateTime<Utc>>, String, DateTime<Utc>, i64);
    let this = cause_decisions::table.find((company.0, cause.reason.number(), stored(cause)));
    let current: Option<Row> = this
        .select((
            cause_decisions::kind,
            cause_decisions::until,
            cause_decisions::actor,
            cause_decisions::at,
            cause_decisions::user_id,
        ))
        .for_update()
        .first(connection)
        .optional()?;
    let decided = decision.map(|decision| match decision {
        Decision::Acknowledged => (ACKNOWLEDGED, None),
        Decision::Ignored(until) => (IGNORED, Some(until)),
    });
    if let Some((their_kind, their_until, actor, at, user_id)) = &current
        && Some(*at) != author.seen
    {
        let is_same = decided
            .is_some_and(|(kind, until)| kind == *their_kind && are_close(until, *their_until));
        let is_sent_twice = *user_id == author.user_id && is_same;
        return Ok(match is_sent_twice {
            true => Outcome::AsItWas,
            false => Outcome::Overtaken(actor.clone(), *at),
        });
    }
    let before = current.map(|(kind, until, ..)| in_words(kind, until));
    let Some((kind, until)) = decided else {
        if before.is_none() {
            return Ok(Outcome::AsItWas);
        }
        diesel::delete(this).execute(connection)?;
        let action = "cause.reopened";
        log(connection, company, cause, action, before, None, author)?;
        return Ok(Outcome::Saved);
    };
    let values = (
        cause_decisions::kind.eq(kind),
        cause_decisions::until.eq(until),
        cause_decisions::user_id.eq(author.user_id),
        cause_decisions::actor.eq(&author.name),
        cause_decisions::at.eq(author.at),
    );
    let kept = diesel::insert_into(cause_decisions::table)
        .values((
            cause_decisions::company_id.eq(company.0),
            cause_decisions::reason.eq(cause.reason.number()),
            cause_decisions::value.eq(stored(cause)),
            values,
        ))
        .on_conflict((
            cause_decisions::company_id,
            cause_decisions::reason,
            cause_decisions::value,
        ))
        .do_update()
        .set(values)
        .filter(cause_decisions::at.nullable().eq(author.seen))
        .execute(connection)?;
    if kept == 0 {
        // Where there was no row to lock, somebody else's first decision came in between: now there
        // is one.
        return decide(connection, company, cause, decision, author);
    }
    let action = match kind {
        ACKNOWLEDGED => "cause.acknowledged",
        _ => "cause.ignored",
    };
    let after = Some(in_words(kind, until));
    log(connection, company, cause, action, before, after, author)?;
    Ok(Outcome::Saved)
}

/// Whether two ends are those of one decision that was sent twice.
fn are_close(one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() <= SENT_TWICE_WITHIN,
        (one, other) => one == other,
    }
}

fn in_words(kind: i16, until: Option<DateTime<Utc>>) -> Json {
    match kind {
        ACKNOWLEDGED => json!({"decision": "acknowledged"}),
        _ => json!({"decision": "ignored", "until": until}),
    }
}

fn log(
    connection: &mut PgConnection,
    company: CompanyId,
    cause: &CauseId,
    action: &str,
    before: Option<Json>,
    after: Option<Json>,
    author: &Author,
) -> QueryResult<()> {
    let title = cause.reason.code().title();
    let subject = match &cause.value {
        Some(value) => format!("{title} · {value}"),
        None => title.to_owned(),
    };
    let entry = Entry {
        at: author.at,
        user_id: Some(author.user_id),
        actor: &author.name,
        action,
        subject: &subject,
        before,
        after,
        settings_version: None,
    };
    audit::add(connection, company, &entry)
}
