//! Settings change while requests come in: none is judged by half a change, and the next one after
//! the answer of a form is judged by it.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::TestApp;
use crate::support::company::accepted;

#[test]
fn every_request_is_judged_by_one_version_and_the_next_by_the_new_one() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let path = |verb| format!("/settings/company-info/brands/larkspur/{verb}");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let status = app.production().requests(&accepted()).status;
                    assert!(status == 200 || status == 400, "{status}");
                }
            });
        }
        for turn in 0..10 {
            let (verb, expected) = match turn % 2 {
                0 => ("deactivation", 400),
                _ => ("activation", 200),
            };
            admin.fill_in(&path(verb), &[]).location();
            let next = app.production().requests(&accepted());
            assert_eq!(next.status, expected, "turn {turn}");
        }
        stop.store(true, Ordering::Relaxed);
    });
    // Version 1 is the company as it was made, 2 the first change: even versions are without the
    // brand.
    let odd = "SELECT count(*) FROM requests WHERE (settings_version % 2 = 0) <> (error_mask <> 0)";
    assert_eq!(app.number(odd), 0);
    let versions = "SELECT count(DISTINCT settings_version) FROM requests";
    assert!(app.number(versions) >= 10);
}

#[test]
fn another_node_follows_within_a_second() {
    let store = crate::support::TestStore::new();
    let (here, there) = (TestApp::on(&store), TestApp::on(&store));
    assert_eq!(there.production().requests(&accepted()).status, 200);
    let mut admin = here.admin();
    let path = "/settings/company-info/brands/larkspur/deactivation";
    admin.fill_in(path, &[]).location();
    let answered = std::time::Instant::now();
    while there.production().requests(&accepted()).status == 200 {
        let waited = answered.elapsed();
        assert!(waited < std::time::Duration::from_secs(5), "{waited:?}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
