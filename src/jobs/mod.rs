//! What runs by itself. Every node follows the settings and the standby, measures error rates, sends
//! mails that are due and works off runs; maintenance is done by one node at a time, whichever gets
//! the lock. Jobs only loop and call.

mod alerts;
mod maintenance;
mod runs;

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::alerts::Alerts;
use crate::clock::Clock;
use crate::ingest::RevokedKeyCalls;
use crate::judge::again::Again;
use crate::store::settings::LiveSettings;
use crate::store::{self, Scope, Store, StoreError, api_keys};
use crate::telemetry;

/// Changes made on other nodes are heard of this often.
const FOLLOW_SETTINGS: Duration = Duration::from_millis(500);

/// How far behind the standby is, is asked this often.
const FOLLOW_STANDBY: Duration = Duration::from_millis(500);

/// Calls with revoked keys are written down this often.
const WRITE_REVOKED: Duration = Duration::from_secs(5);

/// Samples of histograms are summed up this often.
const SUM_METRICS_UP: Duration = Duration::from_secs(1);

/// All running jobs.
pub struct Jobs {
    stop: watch::Sender<bool>,
    running: JoinSet<()>,
}

/// What the jobs work on.
#[derive(Clone)]
pub struct Work {
    /// The store.
    pub store: Store,
    /// The settings in memory.
    pub settings: LiveSettings,
    /// Judges stored requests again.
    pub again: Again,
    /// The alerts.
    pub alerts: Alerts,
    /// Calls with revoked keys.
    pub revoked: RevokedKeyCalls,
    /// The time.
    pub clock: Clock,
    /// How many days a request is kept.
    pub retention_days: u32,
}

impl Work {
    /// Whether this node's clock is about the store's. By one that is off nothing may be deleted, and no
    /// alert opened or closed.
    async fn knows_the_time(&self) -> bool {
        match self.store.read(Scope::Installation, store::clock).await {
            Ok(time) if self.clock.is_about(time) => true,
            Ok(time) => {
                tracing::error!(%time, "this node's clock is not the store's: it does no upkeep");
                false
            }
            Err(error) => {
                log("ask the store for the time", Err(error));
                false
            }
        }
    }
}

impl Jobs {
    /// Starts all jobs.
    pub fn start(work: Work) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut running = JoinSet::new();
        running.spawn_local(follow_settings(work.clone(), stopped.clone()));
        running.spawn_local(follow_standby(work.clone(), stopped.clone()));
        running.spawn_local(write_revoked(work.clone(), stopped.clone()));
        running.spawn_local(sum_metrics_up(stopped.clone()));
        running.spawn_local(runs::work_off(work.clone(), stopped.clone()));
        running.spawn_local(alerts::watch(work.clone(), stopped.clone()));
        running.spawn_local(alerts::tell(work.clone(), stopped.clone()));
        running.spawn_local(maintenance::fold(work.clone(), stopped.clone()));
        running.spawn_local(maintenance::upkeep(work, stopped));
        Self { stop, running }
    }

    /// Lets each job finish what it is doing, then returns.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        while self.running.join_next().await.is_some() {}
    }
}

/// Waits for the next round; says whether there is to be one.
async fn pause(stopped: &mut watch::Receiver<bool>, time: Duration) -> bool {
    let stop = stopped.wait_for(|stop| *stop);
    tokio::time::timeout(time, stop).await.is_err()
}

fn log(job: &'static str, result: Result<(), StoreError>) {
    if let Err(error) = result {
        let error = anyhow::Error::from(error);
        tracing::warn!(
            job,
            error = format!("{error:#}"),
            "the job {job} failed, it will be tried again"
        );
    }
}

async fn follow_settings(work: Work, mut stopped: watch::Receiver<bool>) {
    while pause(&mut stopped, FOLLOW_SETTINGS).await {
        log("follow settings", work.settings.refresh(&work.store).await);
    }
}

async fn follow_standby(work: Work, mut stopped: watch::Receiver<bool>) {
    while pause(&mut stopped, FOLLOW_STANDBY).await {
        log("follow the standby", work.store.follow_standby().await);
    }
}

/// Histograms keep every sample until they are summed up, and nobody may ever look at `/metrics`.
async fn sum_metrics_up(mut stopped: watch::Receiver<bool>) {
    while pause(&mut stopped, SUM_METRICS_UP).await {
        telemetry::metrics().run_upkeep();
    }
}

async fn write_revoked(work: Work, mut stopped: watch::Receiver<bool>) {
    let mut go_on = true;
    while go_on {
        go_on = pause(&mut stopped, WRITE_REVOKED).await;
        let refused = work.revoked.take();
        if refused.is_empty() {
            continue;
        }
        let rows = refused.clone();
        let written = work
            .store
            .write(Scope::Installation, move |connection| {
                Ok::<_, StoreError>(api_keys::count_revoked(connection, &rows)?)
            })
            .await;
        if written.is_err() {
            work.revoked.put_back(refused);
        }
        log("write calls with revoked keys", written);
    }
}
