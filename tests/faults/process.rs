//! The program as people start it, ended in both ways while requests come in.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::http::Call;
use crate::support::http::Connection;
use crate::support::load::Load;
use crate::support::{TestStore, within};

/// A process of the program; it is killed with the test.
struct Process {
    address: SocketAddr,
    child: Child,
}

impl Process {
    fn start(store: &TestStore) -> Self {
        let address = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_api-status-page"))
            .env("DATABASE_URL", &store.url)
            .env("BIND_ADDRESS", address.to_string())
            .env("RUST_LOG", "off")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut process = Self { address, child };
        within(Duration::from_secs(20), "the program serves", || {
            let ended = process.child.try_wait().unwrap();
            assert!(ended.is_none(), "the program ended: {ended:?}");
            let mut connection = Connection::open(address).ok()?;
            let answer = connection.send(&Call::new("GET", "/healthz")).ok()?;
            (answer.status == 200).then_some(())
        });
        process
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends until nobody listens; the signal comes after a thousand answers.
fn end_under_load(store: &Arc<TestStore>, signal: Signal) -> (Load, Process) {
    let process = Process::start(store);
    let load = Load::of(&store.larkspur);
    load.send(process.address, 1_000_000, || {
        within(Duration::from_secs(60), "enough answers", || {
            (load.answered() >= 1_000).then_some(())
        });
        process.signal(signal);
    });
    (load, process)
}

#[test]
fn what_was_answered_before_kill_9_is_there() {
    let store = TestStore::new();
    let (load, mut process) = end_under_load(&store, Signal::KILL);
    process.child.wait().unwrap();
    // What was being committed may still come to hold.
    within(Duration::from_secs(10), "its sessions are over", || {
        let sessions = "SELECT count(*) FROM pg_stat_activity WHERE query ILIKE '%COPY%requests%' \
                        AND pid <> pg_backend_pid() AND state <> 'idle'";
        (store.number(sessions) == 0).then_some(())
    });
    assert!(load.answered() >= 1_000);
    load.expect_stored(&store, &store.larkspur);
    // The next start needs no repair.
    let again = Process::start(&store);
    let further = Load::of(&store.larkspur);
    further.send(again.address, 90, || {});
    assert_eq!(
        (further.with_status(200), further.with_status(400)),
        (30, 60)
    );
}

#[test]
fn sigterm_answers_what_is_under_way_and_ends_well() {
    let store = TestStore::new();
    let (load, mut process) = end_under_load(&store, Signal::TERM);
    let status = within(Duration::from_secs(20), "the program ends", || {
        process.child.try_wait().unwrap()
    });
    assert!(status.success(), "{status}");
    assert_eq!(load.with_status(503) + load.with_status(500), 0);
    load.expect_stored(&store, &store.larkspur);
    let stored = store.number("SELECT count(*) FROM requests");
    assert_eq!(
        stored,
        load.answered() as i64,
        "what was stored was answered"
    );
}
