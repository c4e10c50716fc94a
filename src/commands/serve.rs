//! `serve`: opens the store, makes the demo where one is due, and serves until it is asked to stop.

use std::time::Duration;

use actix_web::dev::ServerHandle;
use futures_util::future::join;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::database::{Database, data_dir, say};
use super::welcome::Welcome;
use crate::app::Application;
use crate::clock::Clock;
use crate::config::{PublicUrl, ServeConfig};
use crate::demo::{self, Demo, DemoFile};

/// So long the work of a node that may not wait any more has to end by itself.
const LAST_WORK: Duration = Duration::from_secs(5);

/// Serves until stopped. The private Postgres goes last, when nobody writes any more.
pub fn run(config: &ServeConfig) -> anyhow::Result<()> {
    let database = Database::open_alone(&config.store)?;
    let served = actix_web::rt::System::new().block_on(serve(config, &database));
    drop(database);
    served
}

async fn serve(config: &ServeConfig, database: &Database) -> anyhow::Result<()> {
    let application = Application::build(config, database.url(), Clock::system()).await?;
    database.announce(&application.public_url.to_string());
    let demo = demo(config, database, &application).await?;
    let stop = StopSignals::new()?;
    actix_web::rt::spawn(stop.drain_when_asked(application.handle()));
    let checked = demo.map(|file| demo::check(application.ingest.clone(), file));
    let (url, server) = (application.public_url.clone(), application.handle());
    let welcome = async {
        let told = welcome(config, &url, checked).await;
        if told.is_err() {
            server.stop(false).await;
        }
        told
    };
    // Requests need not wait for it.
    let (served, told) = join(application.run(), welcome).await;
    served.and(told)
}

/// The demo companies: with the private Postgres only, and not when unwanted.
async fn demo(
    config: &ServeConfig,
    database: &Database,
    application: &Application,
) -> anyhow::Result<Option<DemoFile>> {
    if config.no_demo || config.store.configured_database().is_some() {
        return Ok(None);
    }
    demo::prepare(
        &application.ingest,
        database.url(),
        &data_dir(&config.store),
    )
    .await
}

/// Says where to look and how to get in.
async fn welcome(
    config: &ServeConfig,
    url: &PublicUrl,
    demo: Option<impl Future<Output = anyhow::Result<Demo>>>,
) -> anyhow::Result<()> {
    let demo = match demo {
        Some(demo) => Some(demo.await?),
        None => None,
    };
    say(&Welcome::new(config, url, demo.as_ref()).to_string())
}

/// Ctrl-C, and what supervisors send.
struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// From here on neither ends the process at once.
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Asked once, the server answers what is under way; asked again, it waits for nobody, and for the
    /// store, which may not answer, so long.
    async fn drain_when_asked(mut self, server: ServerHandle) {
        self.next().await;
        tracing::info!("stopping: answering what is under way");
        actix_web::rt::spawn({
            let server = server.clone();
            async move { server.stop(true).await }
        });
        self.next().await;
        server.stop(false).await;
        tokio::time::sleep(LAST_WORK).await;
        std::process::exit(1)
    }
}
