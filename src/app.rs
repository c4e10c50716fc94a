//! Builds the program and runs it; `main` and the tests alike.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::cookie::Key;
use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use anyhow::{Context, ensure};
use secrecy::ExposeSecret;

use crate::access::session::Sessions;
use crate::alerts::Alerts;
use crate::clock::Clock;
use crate::config::{PublicUrl, ServeConfig};
use crate::context::{TrustedProxies, at_the_door};
use crate::ingest::{Arriving, Ingest, RevokedKeyCalls};
use crate::jobs::{Jobs, Work};
use crate::judge::again::Again;
use crate::mail::Mailer;
use crate::settings::Settings;
use crate::status::Status;
use crate::status::export::Exports;
use crate::store::recorder::{Recorder, RecorderThread};
use crate::store::settings::LiveSettings;
use crate::store::{Store, connect, installation, migrations, partitions};
use crate::web::headers;
use crate::web::same_site::OwnOrigin;
use crate::{routes, telemetry};

/// Requests still under way at the end get so long to be answered, in seconds.
const DRAIN_SECONDS: u64 = 15;

/// Shorter secrets sign nothing.
const MIN_SECRET_BYTES: usize = 32;

/// The program, bound to its port and ready to run.
pub struct Application {
    /// What the way in needs; the demo's history goes through it as well.
    pub ingest: Ingest,
    /// Where it listens.
    pub address: SocketAddr,
    /// What its links begin with.
    pub public_url: PublicUrl,
    server: Server,
    recorder: RecorderThread,
    jobs: Jobs,
}

impl Application {
    /// Migrates and connects to the store at `database_url`, binds the port, starts the recorder
    /// and the jobs. Call it inside an actix system.
    pub async fn build(
        config: &ServeConfig,
        database_url: &str,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        telemetry::metrics();
        let listener = bind(config.bind_address)?;
        let address = listener.local_addr()?;
        let public_url = config.public_url_at(address);
        let mailer = Mailer::new(
            config.smtp_url.as_ref(),
            config.mail_from.as_deref(),
            &public_url,
        )?;
        let key = prepare_store(config, database_url, &clock)?;
        let store = Store::connect(database_url)?;
        let store = match config.standby() {
            Some(url) => store.with_standby(url),
            None => store,
        };
        let settings = LiveSettings::load(&store).await?;
        let (recorder, recorder_thread) = Recorder::start(database_url)?;
        let ingest = Ingest {
            store: store.clone(),
            settings: settings.clone(),
            recorder,
            arriving: Arriving::default(),
            revoked: RevokedKeyCalls::default(),
            clock: clock.clone(),
            public_url: public_url.clone(),
        };
        let again = Again {
            store: store.clone(),
            settings: settings.clone(),
            recorder: ingest.recorder.clone(),
            clock: clock.clone(),
            public_url: public_url.clone(),
        };
        let jobs = Jobs::start(Work {
            store: store.clone(),
            settings: settings.clone(),
            again: again.clone(),
            alerts: Alerts {
                store: store.clone(),
                settings: settings.clone(),
                mailer: mailer.clone(),
                clock: clock.clone(),
                public_url: public_url.clone(),
            },
            revoked: ingest.revoked.clone(),
            clock: clock.clone(),
            retention_days: config.retention_days,
        });
        let sessions = Sessions {
            store: store.clone(),
            clock: clock.clone(),
            key,
            is_https: public_url.is_https(),
        };
        let own_origin = match config.public_url.clone() {
            Some(configured) => OwnOrigin::Public(configured),
            None => OwnOrigin::AsAsked,
        };
        let status = Status {
            store: store.clone(),
            settings: settings.clone(),
            again,
            sends_mail: mailer.is_set_up(),
            clock: clock.clone(),
            public_url: public_url.clone(),
            retention_days: config.retention_days,
            exports: Exports::default(),
        };
        let pages = Settings {
            store: store.clone(),
            live: settings.clone(),
            mailer: mailer.clone(),
            clock: clock.clone(),
            public_url: public_url.clone(),
            retention_days: config.retention_days,
        };
        let shared = (
            web::Data::new(ingest.clone()),
            web::Data::new(status),
            web::Data::new(pages),
            web::Data::new(store),
            web::Data::new(settings),
            web::Data::new(clock),
            web::Data::new(mailer),
            web::Data::new(public_url.clone()),
            web::Data::new(TrustedProxies(config.trusted_proxies.clone())),
            web::Data::new(own_origin),
        );
        let server = HttpServer::new(move || {
            let (
                ingest,
                status,
                pages,
                store,
                settings,
                clock,
                mailer,
                public_url,
                proxies,
                own_origin,
            ) = shared.clone();
            App::new()
                .app_data(ingest)
                .app_data(status)
                .app_data(pages)
                .app_data(store)
                .app_data(settings)
                .app_data(clock)
                .app_data(mailer)
                .app_data(public_url)
                .app_data(proxies)
                .app_data(own_origin)
                .configure(|config| routes::configure(config, &sessions))
                // The last is the first to see a request.
                .wrap(from_fn(routes::head_as_get))
                .wrap(from_fn(headers::secure))
                .wrap(from_fn(at_the_door))
        })
        .listen(listener)?
        .disable_signals()
        .shutdown_timeout(DRAIN_SECONDS)
        .client_request_timeout(Duration::from_secs(10))
        .run();
        Ok(Self {
            ingest,
            address,
            public_url,
            server,
            recorder: recorder_thread,
            jobs,
        })
    }

    /// Stops the running server; requests under way are answered first.
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Serves until stopped, then empties the recorder's queue and ends the jobs.
    pub async fn run(self) -> anyhow::Result<()> {
        let served = self.server.await;
        tokio::task::spawn_blocking(|| self.recorder.drain()).await?;
        self.jobs.stop().await;
        served.context("the server failed")
    }
}

fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).with_context(|| {
        let other = SocketAddr::new(address.ip(), address.port().wrapping_add(1));
        format!(
            "cannot listen on {address}. Another program may be using the port: stop it, or \
             choose another with BIND_ADDRESS={other}"
        )
    })
}

/// Applies migrations, makes the partitions of the coming weeks, and returns the key of cookies.
fn prepare_store(config: &ServeConfig, database_url: &str, clock: &Clock) -> anyhow::Result<Key> {
    let mut connection = connect(database_url)?;
    migrations::run(&mut connection)?;
    partitions::ensure_ahead(&mut connection, clock.now())
        .context("the partitions of the coming weeks could not be made")?;
    let secret = match &config.secret_key {
        Some(secret) => secret.expose_secret().as_bytes().to_vec(),
        None => installation::get_or_make(&mut connection, "secret_key", || {
            rand::random::<[u8; 32]>().to_vec()
        })?,
    };
    ensure!(
        secret.len() >= MIN_SECRET_BYTES,
        "SECRET_KEY has {} characters; at least {MIN_SECRET_BYTES} are needed. \
         Make one with `openssl rand -base64 48`, or leave it out",
        secret.len()
    );
    Ok(Key::derive_from(&secret))
}
