//! Upkeep of the store: partitions ahead and behind, counters folded, personal data expunged, dead
//! sessions gone. One node at a time; ingest never waits for it.

use std::time::Duration;

use chrono::{Days, TimeDelta};
use tokio::sync::watch;

use super::{Work, log, pause};
use crate::domain::window::FINE_GRAIN_DAYS;
use crate::store::{Scope, StoreError, audit, counts, maintenance, partitions};

/// Counters are folded this often, so that readers add up few rows.
const FOLD: Duration = Duration::from_secs(2);

/// Everything else is looked after once in so many rounds of folding: every minute.
const ROUNDS: u32 = 30;

pub(super) async fn run(work: Work, mut stopped: watch::Receiver<bool>) {
    let mut round = 0;
    while pause(&mut stopped, FOLD).await {
        log("fold counters", fold(&work).await);
        if round % ROUNDS == 0 {
            log("make partitions", make_partitions(&work).await);
            log("drop partitions", drop_partitions(&work).await);
            log(
                "drop counters and sessions",
                drop_counters_and_sessions(&work).await,
            );
            log("expunge personal data", expunge(&work).await);
        }
        round += 1;
    }
}

async fn fold(work: &Work) -> Result<(), StoreError> {
    let companies = work
        .store
        .read(Scope::Installation, counts::with_deltas)
        .await?;
    for company in companies {
        work.store
            .write(company, move |connection| {
                counts::fold(connection, company)?;
                Ok::<_, StoreError>(())
            })
            .await?;
    }
    Ok(())
}

async fn make_partitions(work: &Work) -> Result<(), StoreError> {
    let now = work.clock.now();
    work.store
        .read(Scope::Installation, move |connection| {
            partitions::ensure_ahead(connection, now)
        })
        .await
}

async fn drop_partitions(work: &Work) -> Result<(), StoreError> {
    let before = work.clock.now() - Days::new(work.retention_days.into());
    work.store
        .write(Scope::Installation, move |connection| {
            if maintenance::try_lock(connection)? {
                partitions::drop_older(connection, before)?;
            }
            Ok(())
        })
        .await
}

async fn drop_counters_and_sessions(work: &Work) -> Result<(), StoreError> {
    let now = work.clock.now();
    let fine = now - TimeDelta::days(FINE_GRAIN_DAYS);
    work.store
        .write(Scope::Installation, move |connection| {
            if maintenance::try_lock(connection)? {
                counts::drop_older(connection, fine, now)?;
                audit::drop_older(connection, now)?;
                maintenance::drop_dead_sessions(connection, now)?;
            }
            Ok(())
        })
        .await
}

async fn expunge(work: &Work) -> Result<(), StoreError> {
    let now = work.clock.now();
    let companies = work
        .store
        .read(Scope::Installation, move |connection| {
            maintenance::due_for_expunge(connection, now)
        })
        .await?;
    for (company, before) in companies {
        // In small transactions, so that nothing waits for a long one.
        while work
            .store
            .write(company, move |connection| {
                Ok::<_, StoreError>(maintenance::expunge(connection, company, before)?)
            })
            .await?
            > 0
        {}
    }
    Ok(())
}
