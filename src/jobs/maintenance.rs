//! Upkeep of the store: counters folded; partitions ahead and behind, personal data expunged, what
//! is past its time gone, statistics gathered. One node at a time, in small transactions; ingest
//! never waits for it, and folding waits for nothing else.

use std::time::Duration;

use chrono::{DateTime, Days, TimeDelta, Utc};
use diesel::{PgConnection, QueryResult};
use tokio::sync::watch;

use super::{Work, log, pause};
use crate::domain::company::CompanyId;
use crate::domain::window::FINE_GRAIN_DAYS;
use crate::store::{
    Scope, StoreError, cause_counts, employee_counts, folding, maintenance, partitions,
};

/// Counters are folded this often, so that readers add up few rows.
const FOLD: Duration = Duration::from_secs(1);

/// A node that has just started lets the first requests come before it does upkeep.
const FIRST_UPKEEP: Duration = Duration::from_secs(2);

/// Everything else is looked after this often.
const UPKEEP: Duration = Duration::from_secs(60);

/// What is kept for months is looked through once in so many rounds of upkeep: every hour.
const HISTORY_ROUNDS: u32 = 60;

/// A partition that is in use is tried so often in a round …
const DROP_TRIES: u32 = 5;

/// … so long after one another.
const DROP_PAUSE: Duration = Duration::from_secs(1);

/// In one round at most so many batches of one kind go for one company, so that the others get
/// their turn: 100,000 documents a minute.
const MOST_BATCHES: u32 = 100;

/// Folds counters, company by company.
pub(super) async fn fold(work: Work, mut stopped: watch::Receiver<bool>) {
    while pause(&mut stopped, FOLD).await {
        let companies = work.store.read(Scope::Installation, folding::with_deltas);
        for company in or_log("find counters to fold", companies.await) {
            let folded = repeat(&work, &stopped, company, move |connection| {
                folding::fold(connection, company)
            });
            log("fold counters", folded.await);
        }
    }
}

/// Everything else.
pub(super) async fn upkeep(work: Work, mut stopped: watch::Receiver<bool>) {
    let mut pause_before = FIRST_UPKEEP;
    let mut round = 0;
    while pause(&mut stopped, pause_before).await {
        pause_before = UPKEEP;
        if !work.knows_the_time().await {
            continue;
        }
        log("make partitions", make_partitions(&work).await);
        drop_partitions(&work, &mut stopped).await;
        drop_dead(&work).await;
        expunge(&work, &stopped).await;
        if round % HISTORY_ROUNDS == 0 {
            drop_history(&work, &stopped).await;
            gather_statistics(&work, &stopped).await;
        }
        round += 1;
    }
}

async fn make_partitions(work: &Work) -> Result<(), StoreError> {
    let now = work.clock.now();
    work.store
        .write(Scope::Installation, move |connection| {
            Ok(partitions::ensure_ahead(connection, now)?)
        })
        .await
}

/// Each in a transaction of its own: one that is in use, or while another node does upkeep, is tried
/// again a little later and at last left for the next round, and holds nothing up.
async fn drop_partitions(work: &Work, stopped: &mut watch::Receiver<bool>) {
    let before = work.clock.now() - Days::new(work.retention_days.into());
    let older = work.store.read(Scope::Installation, move |connection| {
        partitions::older(connection, before)
    });
    let mut left = or_log("find old partitions", older.await);
    for _ in 0..DROP_TRIES {
        let mut in_use = Vec::new();
        for partition in left {
            let name = partition.clone();
            let dropped = work.store.write(Scope::Installation, move |connection| {
                let is_ours = maintenance::try_lock(connection)?;
                if is_ours {
                    partitions::drop_one(connection, &name)?;
                }
                Ok::<_, StoreError>(is_ours)
            });
            let dropped = dropped.await;
            if !matches!(dropped, Ok(true)) {
                in_use.push(partition);
            }
            log("drop a partition", dropped.map(|_| ()));
        }
        left = in_use;
        if left.is_empty() || !pause(stopped, DROP_PAUSE).await {
            return;
        }
    }
}

async fn drop_dead(work: &Work) {
    let now = work.clock.now();
    for step in maintenance::DROP_DEAD {
        let dropped = work.store.write(Scope::Installation, move |connection| {
            if maintenance::try_lock(connection)? {
                step(connection, now)?;
            }
            Ok(())
        });
        log(
            "drop dead sessions, links, files and attempts",
            dropped.await,
        );
    }
}

async fn expunge(work: &Work, stopped: &watch::Receiver<bool>) {
    let (now, retention_days) = (work.clock.now(), work.retention_days);
    let due = work.store.read(Scope::Installation, move |connection| {
        maintenance::due_for_expunge(connection, retention_days, now)
    });
    for (company, before) in or_log("find personal data to expunge", due.await) {
        let expunged = in_batches(work, stopped, company, move |connection| {
            maintenance::expunge(connection, company, before)
        });
        log("expunge personal data", expunged.await);
    }
}

async fn drop_history(work: &Work, stopped: &watch::Receiver<bool>) {
    let now: DateTime<Utc> = work.clock.now();
    let fine = now - TimeDelta::days(FINE_GRAIN_DAYS);
    let companies = work.store.read(Scope::Installation, maintenance::companies);
    for company in or_log("find companies", companies.await) {
        let dropped = in_batches(work, stopped, company, move |connection| {
            folding::drop_older(connection, company, fine, now)
        });
        log("drop old counters", dropped.await);
        let dropped = in_batches(work, stopped, company, move |connection| {
            maintenance::drop_old_history(connection, company, now)
        });
        log("drop old history", dropped.await);
        let oldest = now - Days::new(work.retention_days.into());
        let dropped = in_batches(work, stopped, company, move |connection| {
            maintenance::drop_old_notes(connection, company, oldest)
        });
        log("drop notes about requests that are gone", dropped.await);
        let dropped = in_batches(work, stopped, company, move |connection| {
            cause_counts::drop_older(connection, company, oldest)
        });
        log("drop old counters of causes", dropped.await);
        let dropped = in_batches(work, stopped, company, move |connection| {
            employee_counts::drop_older(connection, company, oldest)
        });
        log("drop old counters of employees", dropped.await);
    }
}

/// Once a day; each table in a transaction of its own.
async fn gather_statistics(work: &Work, stopped: &watch::Receiver<bool>) {
    let since = work.clock.now() - TimeDelta::days(1);
    for table in partitions::TABLES {
        if *stopped.borrow() {
            return;
        }
        let gathered = work.store.write(Scope::Installation, move |connection| {
            if maintenance::try_lock(connection)? {
                maintenance::analyze(connection, table, since)?;
            }
            Ok(())
        });
        log("gather statistics", gathered.await);
    }
}

/// Repeats a step until it finds nothing more to do, or another node is at it.
async fn in_batches(
    work: &Work,
    stopped: &watch::Receiver<bool>,
    company: CompanyId,
    step: impl Fn(&mut PgConnection) -> QueryResult<usize> + Clone + Send + 'static,
) -> Result<(), StoreError> {
    let step = move |connection: &mut PgConnection| {
        Ok(maintenance::try_lock(connection)? && step(connection)? > 0)
    };
    repeat(work, stopped, company, step).await
}

/// Repeats a step in transactions of their own, as long as it says that there may be more, until its turn
/// is over or the program stops.
async fn repeat(
    work: &Work,
    stopped: &watch::Receiver<bool>,
    company: CompanyId,
    step: impl Fn(&mut PgConnection) -> QueryResult<bool> + Clone + Send + 'static,
) -> Result<(), StoreError> {
    for _ in 0..MOST_BATCHES {
        if *stopped.borrow() {
            break;
        }
        let step = step.clone();
        let may_go_on = work.store.write(company, move |connection| {
            Ok::<_, StoreError>(step(connection)?)
        });
        if !may_go_on.await? {
            break;
        }
    }
    Ok(())
}

/// What there is to do; nothing where that could not be learned.
fn or_log<T>(job: &'static str, found: Result<Vec<T>, StoreError>) -> Vec<T> {
    found.unwrap_or_else(|error| {
        log(job, Err(error));
        Vec::new()
    })
}
