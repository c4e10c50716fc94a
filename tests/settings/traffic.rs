//! Settings change while requests come in: none is judged by half a change, and the next one after
//! the answer of a form is judged by it.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::support::TestApp;
use crate::support::company::{accepted, accepted_but};

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
fn a_file_changes_everybody_at_once() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for custom_id in ["L-1001", "L-1002"] {
            let (app, stop) = (&app, &stop);
            scope.spawn(move || {
                let body = accepted_but("/employee", json!({"custom_id": custom_id}));
                while !stop.load(Ordering::Relaxed) {
                    app.production().requests(&body);
                }
            });
        }
        // Of Ada and Ben one is active, before each file and after it.
        for turn in 0..6 {
            let [ada_is, ben_is] = match turn % 2 {
                0 => ["deactivated", "active"],
                _ => ["active", "deactivated"],
            };
            let file = format!("custom_id,status\nL-1001,{ada_is}\nL-1002,{ben_is}\n");
            let sent = admin.upload("/settings/employees/imports/new", "f.csv", file.as_bytes());
            let preview = sent.location().to_owned();
            admin.fill_in(&preview, &[]).location();
            let ben = accepted_but("/employee", json!({"custom_id": "L-1002"}));
            let expected = if turn % 2 == 0 { 200 } else { 400 };
            assert_eq!(app.production().requests(&ben).status, expected);
        }
        stop.store(true, Ordering::Relaxed);
    });
    let both_or_none = "SELECT count(*) FROM requests ada \
                        JOIN requests ben USING (company_id, settings_version) \
                        WHERE ada.employee_id < ben.employee_id \
                              AND (ada.error_mask = 0) = (ben.error_mask = 0)";
    assert_eq!(app.number(both_or_none), 0);
    let versions = "SELECT count(DISTINCT settings_version) FROM requests";
    assert!(app.number(versions) >= 6);
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
