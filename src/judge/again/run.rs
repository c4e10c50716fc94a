//! Runs over all requests that a filter matches, a chunk at a time. Every chunk can be done twice
//! without harm: notes are written over, and no request is sent again twice.

use std::sync::Arc;

use diesel::prelude::*;

use super::resubmit::{By, Fate, Resubmitted};
use super::{Again, cases, note, sum};
use crate::domain::company::CompanyId;
use crate::domain::filter::Filter;
use crate::domain::request::RequestId;
use crate::domain::resubmission::Standing;
use crate::domain::run::{RunKind, Sum};
use crate::domain::window::Preset;
use crate::store::requests::{self, Selection};
use crate::store::runs::{self, Run, Step};
use crate::store::settings::Snapshot;
use crate::store::{StoreError, resubmissions};

/// So many requests are a chunk: their bodies, of 256 KiB at most, are in memory together.
const CHUNK: usize = 100;

impl Again {
    /// Does the next chunk of a company's run; says whether it may go on at once.
    pub async fn step(&self, company: CompanyId) -> Result<bool, StoreError> {
        let (snapshot, now) = (
            self.settings.snapshot(&self.store, company).await?,
            self.clock.now(),
        );
        let claimed = self.store.write(company, move |connection| {
            Ok::<_, StoreError>(runs::claim(connection, company, now)?)
        });
        let Some(run) = claimed.await? else {
            return Ok(false);
        };
        let version = snapshot.rules.version;
        match run.kind() {
            // This node has not heard of the change that the run waits for.
            _ if version < run.settings_version => {
                self.advance(company, run, Step::Left).await?;
                return Ok(false);
            }
            RunKind::Recheck if version > run.settings_version => {
                self.advance(company, run, Step::Anew(version)).await?;
            }
            // More may pass by them than was agreed to.
            RunKind::Resubmission if version > run.settings_version => {
                self.advance(company, run, Step::Overtaken).await?;
            }
            RunKind::Recheck => self.recheck_chunk(company, run, snapshot).await?,
            RunKind::Resubmission => self.resubmit_chunk(company, run, snapshot).await?,
        }
        Ok(true)
    }

    async fn recheck_chunk(
        &self,
        company: CompanyId,
        run: Run,
        snapshot: Arc<Snapshot>,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.store
            .write(company, move |connection| {
                let (ids, next) = chunk(connection, company, &run, &snapshot, now)?;
                let cases = cases(connection, company, &ids, &snapshot.rules)?;
                note(connection, company, &cases, snapshot.rules.version, now)?;
                let step = Step::to(next, sum(&cases, now));
                Ok(runs::advance(connection, company, &run, step, now)?)
            })
            .await
    }

    async fn resubmit_chunk(
        &self,
        company: CompanyId,
        run: Run,
        snapshot: Arc<Snapshot>,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let by = By {
            user_id: run.user_id,
            actor: run.actor.clone(),
            run: RequestId::from_uuid(run.id),
        };
        let (of, settings) = (run.clone(), snapshot.clone());
        let (ids, next) = self
            .store
            .read(company, move |connection| {
                chunk(connection, company, &of, &settings, now)
            })
            .await?;
        let sent = self.resubmit(&snapshot, ids.clone(), &by).await?;
        if sent.iter().any(|one| one.fate == Fate::Unconfirmed) {
            // Asked again, the store tells which of them held.
            let lost = anyhow::anyhow!("some requests could not be confirmed");
            return Err(StoreError::Unavailable(lost));
        }
        let mut sum = outcome(&sent);
        self.store
            .write(company, move |connection| {
                // By the links, and not by what was just done: the chunk may have been begun by a
                // node that died.
                let links = resubmissions::sent_again(connection, company, &ids)?;
                sum.sent = links.values().filter(|kept| by.is_run(**kept)).count() as i64;
                Ok(runs::advance(
                    connection,
                    company,
                    &run,
                    Step::to(next, sum),
                    now,
                )?)
            })
            .await
    }

    async fn advance(&self, company: CompanyId, run: Run, step: Step) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.store
            .write(company, move |connection| {
                Ok(runs::advance(connection, company, &run, step, now)?)
            })
            .await
    }
}

/// The next requests of a run, and where the chunk after them begins; `None` after the last.
fn chunk(
    connection: &mut PgConnection,
    company: CompanyId,
    run: &Run,
    snapshot: &Snapshot,
    now: chrono::DateTime<chrono::Utc>,
) -> QueryResult<(Vec<RequestId>, Option<RequestId>)> {
    let Some(reached) = run.reached() else {
        return Ok((Vec::new(), None));
    };
    // Its range is of two moments in UTC: no zone matters.
    let (filter, _) = Filter::from_query(&run.filter, chrono_tz::UTC);
    let filter = filter.resolved(&snapshot.rules);
    let selection = Selection {
        tab: run.tab(),
        window: filter.window(Preset::Day, now),
        now,
        filter: &filter,
        settings: &snapshot.rules,
    };
    requests::ids(connection, company, &selection, reached, CHUNK)
}

fn outcome(sent: &[Resubmitted]) -> Sum {
    let mut sum = Sum::default();
    for one in sent {
        sum.count(one.now, Standing::StillFails, false);
    }
    sum
}
