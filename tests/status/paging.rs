//! Keyset pages: each row once, in order, also among equal times and while rows arrive.

use std::collections::HashSet;

use api_status_page::clock::Clock;
use chrono::TimeDelta;

use super::{INVALID, app_with_admin, page};
use crate::support::company::accepted_but;
use crate::support::people::PASSWORD;
use crate::support::{Person, TestApp};

fn send(app: &TestApp, count: usize) -> HashSet<String> {
    let body = accepted_but("/brand", "nope");
    let sent = (0..count).map(|_| {
        let answer = app.production().requests(&body);
        assert_eq!(answer.status, 400);
        answer.header("x-request-id").unwrap().to_owned()
    });
    sent.collect()
}

/// Follows a link through all pages and returns the ids in the order met.
fn follow(admin: &mut Person, start: &str, text: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut next = Some(start.to_owned());
    while let Some(url) = next {
        let list = page(admin, &url);
        next = list.link(text);
        pages.push(list.ids());
        assert!(pages.len() < 20, "pages without an end");
    }
    pages
}

#[test]
fn many_requests_of_one_millisecond_are_each_shown_once() {
    let (app, mut admin) = app_with_admin();
    let now = Clock::system().now();
    app.clock.stand_at(now);
    let sent = send(&app, 120);
    let pages = follow(&mut admin, INVALID, "Older");
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 20]);
    let shown: Vec<String> = pages.concat();
    let mut sorted = shown.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    assert_eq!(
        shown, sorted,
        "newest first, and by id within a millisecond"
    );
    assert_eq!(shown.into_iter().collect::<HashSet<_>>(), sent);
}

#[test]
fn the_way_back_shows_the_same_pages() {
    let (app, mut admin) = app_with_admin();
    send(&app, 120);
    let first = page(&mut admin, INVALID);
    let second = page(&mut admin, &first.link("Older").unwrap());
    let third = page(&mut admin, &second.link("Older").unwrap());
    assert_eq!(third.link("Older"), None);
    assert_eq!(first.link("Newer"), None);
    let back = page(&mut admin, &third.link("Newer").unwrap());
    assert_eq!(back.ids(), second.ids());
    let back = page(&mut admin, &back.link("Newer").unwrap());
    assert_eq!(back.ids(), first.ids());
}

#[test]
fn the_way_from_a_request_leads_back_to_its_page() {
    let (app, mut admin) = app_with_admin();
    send(&app, 120);
    let first = page(&mut admin, INVALID);
    let second = page(&mut admin, &first.link("Older").unwrap());
    let request = page(&mut admin, &second.rows()[7].url);
    let next = page(&mut admin, &request.link("Older").unwrap());
    for opened in [request, next] {
        let back = page(&mut admin, &opened.link("The list").unwrap());
        assert_eq!(back.ids(), second.ids());
    }
}

#[test]
fn rows_that_arrive_meanwhile_move_nothing() {
    let (app, mut admin) = app_with_admin();
    let sent = send(&app, 110);
    let mut shown = Vec::new();
    let mut next = Some(INVALID.to_owned());
    while let Some(url) = next {
        let list = page(&mut admin, &url);
        shown.extend(list.ids());
        next = list.link("Older");
        send(&app, 7);
    }
    assert_eq!(shown.len(), sent.len());
    assert_eq!(shown.into_iter().collect::<HashSet<_>>(), sent);
}

#[test]
fn a_link_to_a_page_is_stable() {
    let (app, mut admin) = app_with_admin();
    send(&app, 60);
    let older = page(&mut admin, INVALID).link("Older").unwrap();
    let before = page(&mut admin, &older).ids();
    send(&app, 60);
    assert_eq!(page(&mut admin, &older).ids(), before);
}

#[test]
fn the_pages_of_a_rolling_window_are_the_same_tomorrow() {
    let (app, mut admin) = app_with_admin();
    send(&app, 120);
    let first = page(&mut admin, &format!("{INVALID}?kind=feedback"));
    let older = first.link("Older").unwrap();
    let second = page(&mut admin, &older);
    assert_eq!(second.tabs(), first.tabs());
    let newer = second.link("Newer").unwrap();
    app.clock
        .stand_at(Clock::system().now() + TimeDelta::hours(25));
    let mut tomorrow = Person::new(&app);
    tomorrow.sign_in("admin@larkspur.example", PASSWORD);
    assert!(page(&mut tomorrow, INVALID).ids().is_empty());
    let again = page(&mut tomorrow, &older);
    assert_eq!((again.ids(), again.tabs()), (second.ids(), second.tabs()));
    assert_eq!(page(&mut tomorrow, &newer).ids(), first.ids());
}
