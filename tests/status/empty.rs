//! Each empty list says why it is empty, and what to do.

use api_status_page::clock::Clock;
use chrono::TimeDelta;

use super::{INVALID, TEST, app_with_admin, page};
use crate::support::company::{accepted, accepted_but};
use crate::support::{TestApp, TestClock, TestStore};

#[test]
fn a_company_that_never_received_anything_gets_a_line_to_paste() {
    let (_app, mut admin) = app_with_admin();
    let ignored = &format!("{INVALID}/causes?state=ignored");
    for list in [INVALID, TEST, ignored] {
        let words = page(&mut admin, list).words();
        assert!(words.contains("Nothing has been received yet"), "{words}");
        assert!(words.contains("curl -i https://status.example/v1/requests"));
    }
}

#[test]
fn nothing_failed_says_of_how_many() {
    let (app, mut admin) = app_with_admin();
    app.production().requests(&accepted());
    for list in [INVALID, &format!("{INVALID}/causes?state=ignored")] {
        let words = page(&mut admin, list).words();
        assert!(words.contains("Nothing failed 0 of 1 requests failed in the last 24 hours."));
    }
    let words = page(&mut admin, TEST).words();
    assert!(
        words.contains("No test request has been received yet"),
        "{words}"
    );
}

#[test]
fn an_older_request_is_one_click_away() {
    let (app, mut admin) = app_with_admin();
    let three_days_ago = Clock::system().now() - TimeDelta::days(3);
    app.clock.stand_at(three_days_ago);
    app.production().requests(&accepted_but("/brand", "nope"));
    app.clock.stand_at(Clock::system().now());
    let list = page(&mut admin, INVALID);
    assert!(
        list.words().contains("No requests in the last 24 hours"),
        "{}",
        list.words()
    );
    assert!(list.words().contains("The last one came 3 days ago"));
    let that_day = list.link("Show that day").unwrap();
    assert_eq!(page(&mut admin, &that_day).rows().len(), 1);
}

#[test]
fn of_test_requests_the_last_test_request_is_told() {
    let (app, mut admin) = app_with_admin();
    let now = Clock::system().now();
    app.clock.stand_at(now - TimeDelta::days(20));
    app.trying_out().requests(&accepted());
    app.clock.stand_at(now);
    app.production().requests(&accepted());
    let list = page(&mut admin, TEST);
    let words = list.words();
    assert!(
        words.contains("No test requests in the last 7 days The last one came 20 days ago"),
        "{words}"
    );
    let that_day = list.link("Show that day").unwrap();
    assert_eq!(page(&mut admin, &that_day).rows().len(), 1);
    let longest = list.link("Last 90 days").unwrap();
    assert_eq!(page(&mut admin, &longest).rows().len(), 1);
}

#[test]
fn test_requests_that_passed_have_no_causes() {
    let (app, mut admin) = app_with_admin();
    app.trying_out().requests(&accepted());
    app.production().requests(&accepted());
    let words = page(&mut admin, &format!("{TEST}/causes")).words();
    assert!(
        words.contains("Nothing failed 0 of 1 test requests failed in the last 7 days."),
        "{words}"
    );
    assert!(!words.contains("The last failure"), "{words}");
}

#[test]
fn a_filter_that_lets_only_good_test_requests_through_says_that_nothing_failed() {
    let (app, mut admin) = app_with_admin();
    for body in [accepted(), accepted(), accepted_but("/channel", "sms")] {
        app.trying_out().requests(&body);
    }
    let words = page(&mut admin, &format!("{TEST}/causes?channel=email")).words();
    assert!(
        words.contains("Nothing failed 0 of 2 test requests failed in the last 7 days."),
        "{words}"
    );
    let words = page(&mut admin, &format!("{TEST}/causes?channel=chat")).words();
    assert!(words.contains("No request matches this filter"), "{words}");
}

#[test]
fn nothing_is_longer_than_the_longest_window() {
    let store = TestStore::new();
    let kept = ["--retention-days", "365"];
    let app = TestApp::configured(&store, &store.url, TestClock::default(), &kept);
    let mut admin = app.admin();
    let now = Clock::system().now();
    app.clock.stand_at(now - TimeDelta::days(100));
    app.production().requests(&accepted());
    app.clock.stand_at(now);
    let longest = page(&mut admin, INVALID).link("Last 90 days").unwrap();
    let list = page(&mut admin, &longest);
    assert!(list.words().contains("No requests in the last 90 days"));
    assert_eq!(list.link("Last 90 days"), None);
}

#[test]
fn a_filter_that_matches_nothing_says_which_to_drop() {
    let (app, mut admin) = app_with_admin();
    app.production().requests(&accepted_but("/channel", "sms"));
    let list = page(
        &mut admin,
        &format!("{INVALID}?channel=sms&environment=test"),
    );
    assert!(
        list.words().contains("No request matches both filters"),
        "{}",
        list.words()
    );
    let dropped = list.link("Without environment test: 1").unwrap();
    assert_eq!(page(&mut admin, &dropped).rows().len(), 1);
}

#[test]
fn what_a_filter_excludes_can_be_let_in_again() {
    let (app, mut admin) = app_with_admin();
    app.production().requests(&accepted_but("/channel", "sms"));
    let list = page(&mut admin, &format!("{INVALID}?-channel=sms"));
    let let_in = list.link("With channel sms too: 1").unwrap();
    assert_eq!(page(&mut admin, &let_in).rows().len(), 1);
}

#[test]
fn a_page_beyond_the_last_one_leads_back_to_the_newest() {
    let (app, mut admin) = app_with_admin();
    app.production().requests(&accepted_but("/channel", "sms"));
    let id = page(&mut admin, INVALID).ids().remove(0);
    let beyond = page(&mut admin, &format!("{INVALID}?older={id}"));
    assert!(
        beyond.words().contains("Nothing further in this window"),
        "{}",
        beyond.words()
    );
    let newest = beyond.link("To the newest").unwrap();
    assert_eq!(page(&mut admin, &newest).ids(), [id]);
}
