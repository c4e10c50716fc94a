//! A list that goes on: what came since it was opened.

use api_status_page::clock::Clock;
use chrono::TimeDelta;
use serde_json::Value;

use super::{INVALID, TEST, app_with_admin, page};
use crate::support::company::{accepted, accepted_but};
use crate::support::page::Page;
use crate::support::{Person, TestApp};

fn fail(app: &TestApp, brand: &str) {
    app.production().requests(&accepted_but("/brand", brand));
}

/// Where the script of a page asks.
fn asks(page: &Page) -> Option<String> {
    let (_, rest) = page.0.split_once("data-newer=\"")?;
    Some(rest.split('"').next().unwrap().replace("&#38;", "&"))
}

fn newer(person: &mut Person, address: &str) -> (i64, String) {
    let answer = person.get(address);
    assert_eq!(answer.status, 200, "{address}");
    let newer: Value = serde_json::from_slice(&answer.body).unwrap();
    let words = newer["words"].as_str().unwrap().to_owned();
    (newer["count"].as_i64().unwrap(), words)
}

#[test]
fn what_came_since_is_counted_with_the_lists_filter_once_it_has_settled() {
    let (app, mut admin) = app_with_admin();
    let now = Clock::system().now();
    app.clock.stand_at(now);
    fail(&app, "nope");
    let list = page(&mut admin, &format!("{INVALID}?brand=nope"));
    let address = asks(&list).unwrap();
    assert_eq!(newer(&mut admin, &address), (0, String::new()));
    app.clock.stand_at(now + TimeDelta::seconds(1));
    fail(&app, "nope");
    fail(&app, "other");
    app.production().requests(&accepted());
    assert_eq!(newer(&mut admin, &address).0, 0, "it may not be all yet");
    app.clock.stand_at(now + TimeDelta::seconds(7));
    let one = (1, "1 newer request".to_owned());
    assert_eq!(newer(&mut admin, &address), one);
    let every = asks(&page(&mut admin, INVALID)).unwrap();
    fail(&app, "nope");
    fail(&app, "nope");
    app.clock.stand_at(now + TimeDelta::seconds(13));
    let two = (2, "2 newer requests".to_owned());
    assert_eq!(newer(&mut admin, &every), two);
}

#[test]
fn an_empty_list_and_causes_ask_what_came_since_they_were_opened() {
    let (app, mut admin) = app_with_admin();
    let now = Clock::system().now();
    app.clock.stand_at(now);
    let empty = asks(&page(&mut admin, &format!("{INVALID}?brand=nope"))).unwrap();
    fail(&app, "other");
    app.clock.stand_at(now + TimeDelta::seconds(1));
    let causes = asks(&page(&mut admin, &format!("{INVALID}/causes"))).unwrap();
    app.clock.stand_at(now + TimeDelta::seconds(2));
    fail(&app, "nope");
    app.clock.stand_at(now + TimeDelta::seconds(8));
    let one = (1, "1 newer request".to_owned());
    assert_eq!(newer(&mut admin, &empty), one);
    assert_eq!(newer(&mut admin, &causes), one);
}

#[test]
fn only_the_newest_page_of_a_window_that_goes_on_asks() {
    let (app, mut admin) = app_with_admin();
    for _ in 0..51 {
        fail(&app, "nope");
    }
    let first = page(&mut admin, INVALID);
    let newest = first.link("Show newer requests").unwrap();
    assert_eq!(newest, INVALID, "without script it is a plain link");
    let second = page(&mut admin, &first.link("Older").unwrap());
    assert_eq!(asks(&second), None);
    let past = format!("{INVALID}?from=2020-01-01T00:00&to=2020-01-02T00:00");
    assert_eq!(asks(&page(&mut admin, &past)), None);
}

#[test]
fn without_a_request_there_is_nothing_newer_than_it() {
    let (_app, mut admin) = app_with_admin();
    for tab in [INVALID, TEST] {
        assert_eq!(admin.get(&format!("{tab}/newer")).status, 404);
        assert_eq!(admin.get(&format!("{tab}/newer?newer=x")).status, 404);
    }
}
