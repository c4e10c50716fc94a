//! The real program on a port and a thread of its own.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use api_status_page::app::Application;
use api_status_page::clock::Clock;
use api_status_page::config::ServeConfig;
use api_status_page::telemetry;
use chrono::{DateTime, Utc};
use clap::{Args, FromArgMatches};

use super::company::Key;
use super::{MailServer, Sender, TestStore, Visitor};

/// A running program and the store under it.
pub struct TestApp {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it goes by for the time.
    pub clock: TestClock,
    store: Arc<TestStore>,
    server: ServerHandle,
    thread: Option<JoinHandle<anyhow::Result<()>>>,
}

/// A clock that goes with the machine's until it is told otherwise.
#[derive(Debug, Clone, Default)]
pub struct TestClock(Arc<Mutex<Option<DateTime<Utc>>>>);

impl TestClock {
    /// Stands at `at` from now on.
    pub fn stand_at(&self, at: DateTime<Utc>) {
        *self.0.lock().unwrap() = Some(at);
    }

    fn clock(&self) -> Clock {
        let (this, system) = (self.clone(), Clock::system());
        Clock::from_fn(move || this.0.lock().unwrap().unwrap_or_else(|| system.now()))
    }
}

impl TestApp {
    /// On a store of its own.
    pub fn start() -> Self {
        Self::on(&TestStore::new())
    }

    /// On a store that may have other nodes.
    pub fn on(store: &Arc<TestStore>) -> Self {
        Self::at(store, &store.url, TestClock::default())
    }

    /// On a store of its own, with a mail server.
    pub fn with_mail(server: &MailServer) -> Self {
        Self::sending_on(&TestStore::new(), server, TestClock::default())
    }

    /// The same, with a clock that stands at `at`.
    pub fn with_mail_at(server: &MailServer, at: DateTime<Utc>) -> Self {
        let clock = TestClock::default();
        clock.stand_at(at);
        Self::sending_on(&TestStore::new(), server, clock)
    }

    /// On a store that may have other nodes, with a mail server.
    pub fn sending_on(store: &Arc<TestStore>, server: &MailServer, clock: TestClock) -> Self {
        let smtp_url = format!("--smtp-url={}", server.url());
        Self::configured(store, &store.url, clock, &[&smtp_url])
    }

    /// On a store reached by way of `url`, with a clock that may stand.
    pub fn at(store: &Arc<TestStore>, url: &str, clock: TestClock) -> Self {
        Self::configured(store, url, clock, &[])
    }

    /// On a store whose pages are read on the standby at `url`.
    pub fn with_standby(store: &Arc<TestStore>, url: &str) -> Self {
        let flags = ["--read-database-url", url];
        Self::configured(store, &store.url, TestClock::default(), &flags)
    }

    /// The same with further flags of `serve`.
    pub fn configured(store: &Arc<TestStore>, url: &str, clock: TestClock, flags: &[&str]) -> Self {
        if std::env::var_os("RUST_LOG").is_some() {
            telemetry::init(None);
        }
        let config = config(flags);
        let (url, time) = (url.to_owned(), clock.clock());
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let application = Application::build(&config, &url, time).await?;
                tell.send((application.address, application.handle())).ok();
                application.run().await
            })
        });
        let Ok((address, server)) = told.recv() else {
            panic!("the program did not start: {:?}", thread.join());
        };
        Self {
            address,
            clock,
            store: store.clone(),
            server,
            thread: Some(thread),
        }
    }

    /// The store under it.
    pub fn store(&self) -> &Arc<TestStore> {
        &self.store
    }

    /// A program with a key in the header.
    pub fn sender(&self, key: &Key) -> Sender {
        Sender::with_header(self.address, key)
    }

    /// Larkspur's program for real traffic.
    pub fn production(&self) -> Sender {
        self.sender(&self.store.larkspur.production_key)
    }

    /// Larkspur's developer, trying out.
    pub fn trying_out(&self) -> Sender {
        self.sender(&self.store.larkspur.test_key)
    }

    /// Someone without credentials.
    pub fn visitor(&self) -> Visitor {
        Visitor::new(self.address)
    }

    /// Stops as SIGTERM does: requests under way are answered first.
    pub fn stop(mut self) {
        self.end(true);
    }

    fn end(&mut self, gracefully: bool) {
        if let Some(thread) = self.thread.take() {
            drop(self.server.stop(gracefully));
            let ended = thread.join();
            if !std::thread::panicking() {
                ended.unwrap().unwrap();
            }
        }
    }
}

impl Deref for TestApp {
    type Target = TestStore;

    fn deref(&self) -> &TestStore {
        &self.store
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.end(false);
    }
}

/// The defaults but for some arguments, on any free port, with links that do not depend on it.
fn config(flags: &[&str]) -> ServeConfig {
    let command = ServeConfig::augment_args(clap::Command::new("serve"));
    let arguments = [
        "serve",
        "--bind-address=127.0.0.1:0",
        "--public-url=https://status.example",
    ];
    let arguments = arguments.iter().chain(flags);
    ServeConfig::from_arg_matches(&command.get_matches_from(arguments)).unwrap()
}
