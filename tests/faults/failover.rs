//! A standby takes over under load: planned, and after the primary was killed; with a synchronous
//! standby, and without.

use std::sync::Arc;
use std::time::Duration;

use crate::support::load::Load;
use crate::support::postgres::Shutdown;
use crate::support::{Cluster, TestApp, TestStore, eventually, within};

/// A primary with a standby, and a program that knows both.
struct Pair {
    app: TestApp,
    // Dropped in this order: the store's database goes on the server that took over.
    store: Arc<TestStore>,
    primary: Cluster,
    standby: Cluster,
}

impl Pair {
    fn new() -> Self {
        let primary = Cluster::alone();
        let standby = primary.standby();
        let store = TestStore::database_on_primary(&primary, &standby);
        let app = TestApp::on(&store);
        Self {
            app,
            store,
            primary,
            standby,
        }
    }

    /// From here on a commit is answered when the standby has it.
    fn be_synchronous(&self) {
        self.primary.execute(&[
            "ALTER SYSTEM SET synchronous_standby_names = '*'",
            "SELECT pg_reload_conf()",
        ]);
        eventually("the standby is synchronous", || {
            let synchronous = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
            (self.store.number(synchronous) == 1).then_some(())
        });
    }

    /// Ends the primary under load and promotes the standby; returns what was sent when requests are
    /// taken again.
    fn fail_over(&self, how: Shutdown) -> Load {
        let load = Load::of(&self.store.larkspur);
        load.send(self.app.address, 6_000, || {
            within(Duration::from_secs(60), "enough answers", || {
                (load.answered() >= 600).then_some(())
            });
            // The primary is not started again.
            let _ = self.primary.stop(how);
            self.standby.promote();
        });
        self.goes_on();
        load
    }

    /// The program needs nobody to tell it.
    fn goes_on(&self) {
        within(Duration::from_secs(10), "requests are taken again", || {
            let further = Load::of(&self.store.solo_tea);
            further.send(self.app.address, 32, || {});
            (further.with_status(503) == 0).then_some(())
        });
        within(Duration::from_secs(5), "the program is ready again", || {
            (self.app.visitor().get("/readyz").status == 200).then_some(())
        });
        assert_eq!(self.app.admin().get("/settings").status, 200);
    }
}

#[test]
fn a_planned_switch_loses_nothing_with_and_without_a_synchronous_standby() {
    for is_synchronous in [false, true] {
        let pair = Pair::new();
        if is_synchronous {
            pair.be_synchronous();
        }
        let load = pair.fail_over(Shutdown::Fast);
        assert_eq!(load.with_status(500), 0);
        load.expect_stored(&pair.store, &pair.store.larkspur);
    }
}

#[test]
fn with_a_synchronous_standby_nothing_answered_is_lost_when_the_primary_is_killed() {
    for how in [Shutdown::Kill, Shutdown::Immediate] {
        let pair = Pair::new();
        pair.be_synchronous();
        let load = pair.fail_over(how);
        assert_eq!(load.with_status(500), 0, "{how:?}");
        load.expect_stored(&pair.store, &pair.store.larkspur);
    }
}

#[test]
fn without_one_only_what_the_standby_had_not_received_is_lost() {
    let pair = Pair::new();
    let received = Load::of(&pair.store.larkspur);
    received.send(pair.app.address, 300, || {});
    eventually("the standby has all of it", || {
        let caught_up = "SELECT count(*) FROM pg_stat_replication \
                         WHERE replay_lsn = pg_current_wal_lsn()";
        (pair.store.number(caught_up) == 1).then_some(())
    });
    pair.standby.execute(&[
        "ALTER SYSTEM SET primary_conninfo = 'host=/nowhere'",
        "SELECT pg_reload_conf()",
    ]);
    eventually("the standby is cut off", || {
        let streaming = "SELECT count(*) FROM pg_stat_replication";
        (pair.store.number(streaming) == 0).then_some(())
    });
    let lost = Load::of(&pair.store.solo_tea);
    lost.send(pair.app.address, 90, || {});
    assert_eq!(lost.with_status(200) + lost.with_status(400), 90);
    let _ = pair.primary.stop(Shutdown::Kill);
    pair.standby.promote();
    let of_solo_tea = format!(
        "SELECT count(*) FROM requests WHERE company_id = {}",
        pair.store.solo_tea.id
    );
    assert_eq!(pair.store.number(&of_solo_tea), 0);
    received.expect_stored(&pair.store, &pair.store.larkspur);
    pair.goes_on();
}
