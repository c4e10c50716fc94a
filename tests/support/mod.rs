//! What tests stand on: a real Postgres, the real program on a port of its own, and clients named
//! by who they are.

pub mod app;
pub mod clients;
pub mod company;
pub mod contract;
pub mod http;
pub mod load;
pub mod mail;
pub mod page;
pub mod people;
pub mod postgres;
pub mod proxy;
pub mod routes;
pub mod store;

use std::time::{Duration, Instant};

pub use app::{TestApp, TestClock};
pub use clients::{Sender, Visitor};
pub use company::Company;
pub use http::Answer;
pub use mail::MailServer;
pub use people::Person;
pub use postgres::Cluster;
pub use store::{TestStore, id_at};

/// Runs what needs the store's own door.
pub fn on_a_runtime(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work);
}

/// Asks until there is an answer, for ten seconds at most.
#[track_caller]
pub fn eventually<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    within(Duration::from_secs(10), what, ask)
}

/// Asks until there is an answer, for `time` at most.
#[track_caller]
pub fn within<T>(time: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(since.elapsed() < time, "not within {time:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
