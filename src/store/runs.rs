//! Work over all requests that a filter matches, as rows that any node works off in chunks: from the
//! newest to the oldest, one run at a time per company. A node claims a run for a while and writes
//! down how far it came in the transaction of each chunk, so that another may go on where it died.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::requests::Tab;
use super::schema::bulk_runs::{self, dsl};
use crate::domain::company::CompanyId;
use crate::domain::request::RequestId;
use crate::domain::run::{RunKind, RunState, Sum};

/// A node that has not finished a chunk after so long is taken for dead, in seconds.
const CLAIM_SECONDS: i64 = 30;

/// A run to be started.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Begins the requests that it is about: those older.
    pub id: RequestId,
    /// What is done.
    pub kind: RunKind,
    /// Who starts it.
    pub user_id: i64,
    /// By name.
    pub actor: String,
    /// The list.
    pub tab: Tab,
    /// Its filter as in an address, the time range fixed.
    pub filter: String,
    /// About how many there are.
    pub total: i64,
    /// The settings to judge by.
    pub settings_version: i64,
}

/// A run as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = bulk_runs)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct Run {
    pub id: Uuid,
    pub kind: i16,
    pub user_id: i64,
    pub actor: String,
    pub tab: i16,
    pub filter: String,
    pub total: i64,
    pub settings_version: i64,
    pub state: i16,
    pub reached: Option<Uuid>,
    pub passing: i64,
    pub same: i64,
    pub different: i64,
    pub sendable: i64,
    pub sendable_old: i64,
    pub sent: i64,
    pub ended_at: Option<DateTime<Utc>>,
}

impl Run {
    /// What is done.
    pub fn kind(&self) -> RunKind {
        RunKind::from_number(self.kind).unwrap_or(RunKind::Recheck)
    }

    /// How far it is.
    pub fn state(&self) -> RunState {
        RunState::from_number(self.state).unwrap_or(RunState::Cancelled)
    }

    /// The list.
    pub fn tab(&self) -> Tab {
        match self.tab {
            1 => Tab::Invalid,
            _ => Tab::Test,
        }
    }

    /// What was found so far.
    pub fn sum(&self) -> Sum {
        Sum {
            passing: self.passing,
            same: self.same,
            different: self.different,
            sendable: self.sendable,
            sendable_old: self.sendable_old,
            sent: self.sent,
        }
    }

    /// The newest request that is not looked at yet is older than this.
    pub fn reached(&self) -> Option<RequestId> {
        RequestId::from_uuid(self.reached.unwrap_or(self.id))
    }
}

/// What became of starting a run.
#[derive(Debug, Clone)]
pub enum Started {
    /// It runs.
    New,
    /// Another one of the company does, and this one was not started.
    Busy(Run),
}

/// Starts a run, unless another one of the company is under way.
pub fn start(
    connection: &mut PgConnection,
    company: CompanyId,
    run: &NewRun,
) -> QueryResult<Started> {
    let tab: i16 = match run.tab {
        Tab::Invalid => 1,
        Tab::Test => 2,
    };
    let started = diesel::insert_into(bulk_runs::table)
        .values((
            dsl::company_id.eq(company.0),
            dsl::id.eq(run.id.uuid()),
            dsl::kind.eq(run.kind.number()),
            dsl::user_id.eq(run.user_id),
            dsl::actor.eq(&run.actor),
            dsl::tab.eq(tab),
            dsl::filter.eq(&run.filter),
            dsl::total.eq(run.total),
            dsl::settings_version.eq(run.settings_version),
            dsl::state.eq(RunState::Running.number()),
            dsl::claimed_until.eq(run.id.received_at()),
        ))
        .on_conflict_do_nothing()
        .execute(connection)?;
    if started == 1 {
        return Ok(Started::New);
    }
    match running(connection, company)? {
        Some(other) => Ok(Started::Busy(other)),
        // It ended in this very moment.
        None => start(connection, company, run),
    }
}

/// The run that is under way.
pub fn running(connection: &mut PgConnection, company: CompanyId) -> QueryResult<Option<Run>> {
    dsl::bulk_runs
        .filter(dsl::company_id.eq(company.0))
        .filter(dsl::state.eq(RunState::Running.number()))
        .select(Run::as_select())
        .first(connection)
        .optional()
}

/// One run of a company.
pub fn find(
    connection: &mut PgConnection,
    company: CompanyId,
    id: RequestId,
) -> QueryResult<Option<Run>> {
    dsl::bulk_runs
        .find((company.0, id.uuid()))
        .select(Run::as_select())
        .first(connection)
        .optional()
}

/// The last run that was started.
pub fn latest(connection: &mut PgConnection, company: CompanyId) -> QueryResult<Option<Run>> {
    dsl::bulk_runs
        .filter(dsl::company_id.eq(company.0))
        .order(dsl::id.desc())
        .select(Run::as_select())
        .first(connection)
        .optional()
}

/// The companies that have a run under way.
pub fn companies_with_one(connection: &mut PgConnection) -> QueryResult<Vec<CompanyId>> {
    let ids: Vec<i64> = dsl::bulk_runs
        .filter(dsl::state.eq(RunState::Running.number()))
        .select(dsl::company_id)
        .load(connection)?;
    Ok(ids.into_iter().map(CompanyId).collect())
}

/// Takes a company's run for the next chunk; `None` when there is none, or another node has it.
pub fn claim(
    connection: &mut PgConnection,
    company: CompanyId,
    now: DateTime<Utc>,
) -> QueryResult<Option<Run>> {
    diesel::update(
        dsl::bulk_runs
            .filter(dsl::company_id.eq(company.0))
            .filter(dsl::state.eq(RunState::Running.number()))
            .filter(dsl::claimed_until.le(now)),
    )
    .set(dsl::claimed_until.eq(now + TimeDelta::seconds(CLAIM_SECONDS)))
    .returning(Run::as_returning())
    .get_result(connection)
    .optional()
}

/// How a claimed run goes on.
#[derive(Debug, Clone)]
pub enum Step {
    /// A chunk is done, up to here.
    Reached(RequestId, Sum),
    /// The last chunk is done.
    Done(Sum),
    /// The settings changed: it begins anew by this version.
    Anew(i64),
    /// The settings are not those that were agreed to: it ends here.
    Overtaken,
    /// Nothing was done; another node may have it.
    Left,
}

impl Step {
    /// A chunk is done; `next` is where the one after it begins.
    pub fn to(next: Option<RequestId>, sum: Sum) -> Self {
        match next {
            Some(next) => Self::Reached(next, sum),
            None => Self::Done(sum),
        }
    }
}

/// Writes down how a claimed run goes on and lets it go. What was taken over meanwhile stays as it is;
/// what was cancelled counts the chunk that was under way.
pub fn advance(
    connection: &mut PgConnection,
    company: CompanyId,
    run: &Run,
    step: Step,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let (reached, sum, version, state) = match step {
        Step::Reached(id, sum) => (Some(id.uuid()), run.sum() + sum, None, RunState::Running),
        Step::Done(sum) => (run.reached, run.sum() + sum, None, RunState::Done),
        Step::Anew(version) => (None, Sum::default(), Some(version), RunState::Running),
        Step::Overtaken => (run.reached, run.sum(), None, RunState::Overtaken),
        Step::Left => (run.reached, run.sum(), None, RunState::Running),
    };
    let as_claimed = |state: RunState| {
        dsl::bulk_runs
            .find((company.0, run.id))
            .filter(dsl::state.eq(state.number()))
            .filter(dsl::reached.is_not_distinct_from(run.reached))
            .filter(dsl::settings_version.eq(run.settings_version))
    };
    let sums = || {
        (
            dsl::passing.eq(sum.passing),
            dsl::same.eq(sum.same),
            dsl::different.eq(sum.different),
            dsl::sendable.eq(sum.sendable),
            dsl::sendable_old.eq(sum.sendable_old),
            dsl::sent.eq(sum.sent),
        )
    };
    let advanced = diesel::update(as_claimed(RunState::Running))
        .set((
            sums(),
            dsl::reached.eq(reached),
            dsl::settings_version.eq(version.unwrap_or(run.settings_version)),
            dsl::state.eq(state.number()),
            dsl::ended_at.eq((state != RunState::Running).then_some(now)),
            dsl::claimed_until.eq(now),
        ))
        .execute(connection)?;
    // One that begins anew has nothing to count.
    if advanced == 0 && version.is_none() {
        diesel::update(as_claimed(RunState::Cancelled))
            .set(sums())
            .execute(connection)?;
    }
    Ok(())
}

/// Stops a run, and says whether it was still under way; one that ended already stays as it is.
pub fn cancel(
    connection: &mut PgConnection,
    company: CompanyId,
    id: RequestId,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    diesel::update(
        dsl::bulk_runs
            .find((company.0, id.uuid()))
            .filter(dsl::state.eq(RunState::Running.number())),
    )
    .set((
        dsl::state.eq(RunState::Cancelled.number()),
        dsl::ended_at.eq(now),
    ))
    .execute(connection)
    .map(|stopped| stopped == 1)
}
