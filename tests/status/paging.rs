//! Keyset pages: each row once, in order, also among equal times and while rows arrive.

use std::collections::HashSet;

use api_status_page::clock::Clock;
use chrono::TimeDelta;

use super::{INVALID, app_with_admin, page};
use crate::support::company::accepted_but;
use crate::support::people::PASSWORD;
use crate::support::{Person, TestApp, id_at};

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

/// An admin of Larkspur, which had one invalid test request, and after it so many of real traffic.
fn one_of_test_before(others: u32) -> (TestApp, Person) {
    let (app, admin) = app_with_admin();
    let now = Clock::system().now();
    app.clock.stand_at(now - TimeDelta::minutes(20));
    app.trying_out().requests(&accepted_but("/brand", "rare"));
    app.clock.stand_at(now);
    fail_unseen(&app, others);
    (app, admin)
}

/// So many invalid production requests of Larkspur, a few of each millisecond of the last ten minutes,
/// and their counters.
fn fail_unseen(app: &TestApp, count: u32) {
    let (company, key) = (app.larkspur.id, app.larkspur.production_key.id);
    let at = "(date_trunc('second', now()) - interval '10 minutes' \
               + n / 50 * interval '1 millisecond')";
    let id = id_at(at, "n::text");
    app.execute(&format!(
        "INSERT INTO requests (company_id, received_at, id, kind, environment, key_id, http_status, \
             error_mask, warning_count, settings_version, brand_sent, brand_unknown, duration_us) \
         SELECT {company}, {at}, {id}, 1, 2, {key}, 400, 128, 0, 1, 'nope', 'nope', 90 \
         FROM generate_series(1, {count}) AS n; \
         INSERT INTO request_count_deltas (company_id, bucket, id, environment, kind, key_id, channel, \
             brand, language, error_mask, count) \
         SELECT company_id, date_bin('5 minutes', received_at, 'epoch'), id, 2, 1, {key}, '~none', \
                '~unknown', '~none', 128, {count} \
         FROM requests WHERE company_id = {company} AND brand_sent = 'nope' \
         ORDER BY received_at, id LIMIT 1; \
         ANALYZE requests"
    ));
}

#[test]
fn the_few_that_match_are_all_there_is_and_the_page_says_so() {
    let (_app, mut admin) = one_of_test_before(2_500);
    // Behind all that counters need not be asked about.
    let of_test = page(&mut admin, &format!("{INVALID}?environment=test"));
    assert_eq!(of_test.ids().len(), 1);
    assert!(!of_test.words().contains("Searched back"));
    let of_any = page(&mut admin, &format!("{INVALID}?kind=recovery"));
    assert!(of_any.words().contains("No request matches this filter"));
    assert!(!of_any.words().contains("Searched back"));
}

#[test]
fn a_search_ends_after_twenty_thousand_entries_and_goes_on_from_there() {
    let (app, mut admin) = one_of_test_before(20_500);
    // The counters know of one, so the search may not end with nothing …
    for filter in ["environment=test", "-employee=nobody&environment=test"] {
        let first = page(&mut admin, &format!("{INVALID}?{filter}"));
        assert_eq!(first.ids(), [""; 0], "{filter}");
        let words = first.words();
        assert!(words.contains("so far Searched back to"), "{words}");
        let next = page(&mut admin, &first.link("Continue").unwrap());
        assert_eq!(next.ids().len(), 1, "{filter}");
        assert!(!next.words().contains("Searched back"));
    }
    // … and of when it came, to the hour and then to five minutes.
    let mut shown = page(&mut admin, &format!("{INVALID}?environment=test"));
    for _ in 0..2 {
        let Some(newest) = shown.link("Show those from") else {
            break;
        };
        shown = page(&mut admin, &newest);
    }
    assert_eq!(shown.ids().len(), 1);
    // What they do not know is searched for to the end as well.
    let unknown = page(&mut admin, &format!("{INVALID}?-brand=nope"));
    assert!(unknown.words().contains("so far Searched back to"));
    // So do causes that are looked for request by request.
    let causes = format!("{INVALID}/causes?environment=test&kind=feedback");
    let causes = page(&mut admin, &causes).words();
    assert!(causes.contains("so far Searched back to"), "{causes}");
    app.production().requests(&accepted_but("/brand", "nobody"));
    let causes = page(&mut admin, &format!("{INVALID}/causes?kind=feedback")).words();
    assert!(causes.contains("1 cause, most frequent"), "{causes}");
    assert!(
        causes.contains("what failed before is not shown"),
        "{causes}"
    );
    // And they know of none.
    let none = page(&mut admin, &format!("{INVALID}?kind=recovery"));
    assert!(!none.words().contains("Searched back"));
}
