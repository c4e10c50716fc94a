//! Where causes stand: what admins decide about them, and how they end by themselves.

use std::thread;
use std::time::Duration;

use api_status_page::clock::Clock;
use api_status_page::domain::user::Role;
use chrono::TimeDelta;
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;

use super::{INVALID, app_with_admin, page};
use crate::support::company::{accepted, accepted_but};
use crate::support::page::Page;
use crate::support::people::PASSWORD;
use crate::support::{Person, TestApp, eventually};

const CAUSES: &str = "/settings/integrations/api-status/invalid-requests/causes";
const DECIDE: &str = "/settings/integrations/api-status/causes";

fn fail(app: &TestApp, brand: &str) {
    let answer = app.production().requests(&accepted_but("/brand", brand));
    assert_eq!(answer.status, 400);
}

/// The words of the table's cell about where the only cause stands.
fn stands(page: &Page) -> String {
    let cells: Vec<&str> = page.0.split(r#"<td class="state">"#).skip(1).collect();
    assert_eq!(cells.len(), 1, "{}", page.words());
    let cell = cells[0].split("<details").next().unwrap();
    Page(cell.split("</td>").next().unwrap().to_owned()).words()
}

/// How many causes the page counts: all, open, acknowledged, resolved, ignored.
fn counts(page: &Page) -> String {
    let (_, nav) = page.0.split_once(r#"<nav class="states""#).unwrap();
    let nav = nav.split("</nav>").next().unwrap();
    Page(nav.split_once('>').unwrap().1.to_owned()).words()
}

/// Sends the form of the cause of this brand as the page has it.
fn decide(person: &mut Person, shown: &Page, verb: &str, days: &str) -> u16 {
    let field = |name: &str| {
        let start = format!(r#"name="{name}" value=""#);
        let (_, value) = shown.0.split_once(&start).unwrap();
        value.split('"').next().unwrap().replace("&#38;", "&")
    };
    let fields = ["reason", "value", "seen", "return_to"].map(|name| (name, field(name)));
    let mut fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    fields.push(("days", days));
    person.post(&format!("{DECIDE}/{verb}"), &fields).status
}

fn someone(app: &TestApp, email: &str, role: Role) -> Person {
    app.user(&app.store().larkspur, email, role);
    let mut person = Person::new(app);
    assert_eq!(person.sign_in(email, PASSWORD).status, 303);
    person
}

fn again(app: &TestApp) -> Person {
    let mut person = Person::new(app);
    let answer = person.sign_in("admin@larkspur.example", PASSWORD);
    assert_eq!(answer.status, 303);
    person
}

#[test]
fn an_acknowledged_cause_says_by_whom_and_since_when() {
    let (app, mut admin) = app_with_admin();
    fail(&app, "outlet");
    let shown = page(&mut admin, CAUSES);
    assert_eq!(stands(&shown), "Open");
    assert_eq!(decide(&mut admin, &shown, "acknowledgement", ""), 303);
    let shown = page(&mut admin, CAUSES);
    let said = "Acknowledged: Invalid/inactive brand signifier · outlet.";
    assert!(shown.words().contains(said), "{}", shown.words());
    assert!(stands(&shown).starts_with("Acknowledged Ada Osei, "));
    assert_eq!(
        counts(&shown),
        "All 1 Open 0 Acknowledged 1 Resolved 0 Ignored 0"
    );
    let log = app.rows("SELECT actor, subject, after FROM audit_log WHERE action LIKE 'cause.%'");
    assert_eq!(log.len(), 1);
    assert_eq!(
        log[0]["subject"],
        "Invalid/inactive brand signifier · outlet"
    );
    let words = page(&mut admin, "/settings/audit-log?about=cause").words();
    assert!(words.contains("Cause acknowledged"), "{words}");
    assert_eq!(decide(&mut admin, &shown, "reopening", ""), 303);
    assert_eq!(stands(&page(&mut admin, CAUSES)), "Open");
}

#[test]
fn what_was_decided_about_a_rare_cause_is_found_and_leads_back_to_its_page() {
    let (app, mut admin) = app_with_admin();
    for number in 0..26 {
        fail(&app, &format!("brand-{number:02}"));
    }
    let second = format!("{CAUSES}?page=2");
    let shown = page(&mut admin, &second);
    assert_eq!(stands(&shown), "Open");
    assert!(
        shown
            .0
            .contains(&format!(r#"name="return_to" value="{second}""#))
    );
    assert_eq!(decide(&mut admin, &shown, "acknowledgement", ""), 303);
    assert!(stands(&page(&mut admin, &second)).starts_with("Acknowledged Ada Osei, "));
    let acknowledged = page(&mut admin, &format!("{CAUSES}?state=acknowledged"));
    assert!(stands(&acknowledged).starts_with("Acknowledged Ada Osei, "));
    assert!(
        acknowledged
            .words()
            .contains("1 acknowledged cause, most frequent first")
    );
    assert_eq!(
        counts(&acknowledged),
        "All Open Acknowledged Resolved Ignored"
    );
    let ignored = page(&mut admin, &format!("{CAUSES}?state=ignored"));
    assert!(ignored.words().contains("No cause here is ignored."));
    let resolved = page(&mut admin, &format!("{CAUSES}?state=resolved"));
    assert!(
        resolved
            .words()
            .contains("No cause on this page is resolved.")
    );
    assert!(resolved.words().contains("Causes 1 to 25 of 26"));
}

#[test]
fn an_ignored_cause_is_folded_away_but_counted_until_its_end() {
    let (app, mut admin) = app_with_admin();
    let now = Clock::system().now();
    app.clock.stand_at(now);
    fail(&app, "outlet");
    let shown = page(&mut admin, CAUSES);
    assert_eq!(decide(&mut admin, &shown, "ignoring", "2"), 400);
    assert_eq!(decide(&mut admin, &shown, "ignoring", "1"), 303);
    let shown = page(&mut admin, CAUSES);
    assert!(shown.words().contains("Every cause here is ignored."));
    let (_, folded) = shown.0.split_once(r#"<details class="folded">"#).unwrap();
    assert!(folded.contains("outlet"));
    assert_eq!(
        counts(&shown),
        "All 1 Open 0 Acknowledged 0 Resolved 0 Ignored 1"
    );
    assert!(stands(&shown).starts_with("Ignored until "));
    app.clock.stand_at(now + TimeDelta::hours(24));
    fail(&app, "outlet");
    let shown = page(&mut again(&app), CAUSES);
    assert_eq!(stands(&shown), "Open");
}

#[test]
fn a_cause_ends_when_its_latest_request_would_pass_and_is_open_again_when_it_recurs() {
    let (app, mut admin) = app_with_admin();
    fail(&app, "larkspur-outlet");
    let company = app.larkspur.id;
    let switch = |active: bool| {
        let statement = format!(
            "UPDATE brands SET active = {active} \
             WHERE company_id = {company} AND label = 'larkspur-outlet'"
        );
        app.larkspur.change(&mut app.connection(), &statement);
    };
    switch(true);
    eventually("the cause is resolved", || {
        let stands = stands(&page(&mut admin, CAUSES));
        (stands == "Resolved its latest request would pass now").then_some(())
    });
    switch(false);
    eventually("the brand is off again", || {
        let answer = app
            .production()
            .requests(&accepted_but("/brand", "larkspur-outlet"));
        (answer.status == 400).then_some(())
    });
    assert_eq!(stands(&page(&mut admin, CAUSES)), "Open");
}

#[test]
fn an_acknowledged_cause_that_a_change_begins_again_is_open_when_it_recurs() {
    let (app, mut admin) = app_with_admin();
    let now = Clock::system().now();
    let minute = |minutes| now + TimeDelta::minutes(minutes);
    app.clock.stand_at(now);
    fail(&app, "larkspur-outlet");
    let shown = page(&mut admin, CAUSES);
    assert_eq!(decide(&mut admin, &shown, "acknowledgement", ""), 303);
    let switched = |action: &str, minutes| {
        app.execute(&format!(
            "INSERT INTO audit_log (company_id, at, actor, action, subject, settings_version) \
             VALUES ({}, '{}', 'Ada', 'brand.{action}', 'larkspur-outlet', 2)",
            app.larkspur.id,
            minute(minutes)
        ));
    };
    switched("activated", 1);
    switched("deactivated", 2);
    assert!(stands(&page(&mut admin, CAUSES)).starts_with("Acknowledged"));
    app.clock.stand_at(minute(3));
    fail(&app, "larkspur-outlet");
    let shown = page(&mut admin, CAUSES);
    assert_eq!(stands(&shown), "Open");
    // Whoever sees to it now sees to what began again.
    assert_eq!(decide(&mut admin, &shown, "acknowledgement", ""), 303);
    app.clock.stand_at(minute(4));
    fail(&app, "larkspur-outlet");
    assert!(stands(&page(&mut admin, CAUSES)).starts_with("Acknowledged"));
}

#[test]
fn a_cause_ends_when_its_keys_sent_fifty_requests_over_a_day_without_it() {
    let (app, mut admin) = app_with_admin();
    let now = Clock::system().now();
    app.clock.stand_at(now - TimeDelta::days(4));
    fail(&app, "outlet");
    app.clock.stand_at(now - TimeDelta::days(3));
    for _ in 0..49 {
        app.production().requests(&accepted());
    }
    for _ in 0..60 {
        // Another key's requests say nothing about this one's.
        app.trying_out().requests(&accepted());
    }
    app.clock.stand_at(now);
    let week = format!("{CAUSES}?range=7d");
    let quiet = stands(&page(&mut admin, &week));
    assert!(quiet.starts_with("Open quiet since "), "{quiet}");
    app.production().requests(&accepted());
    let ended = stands(&page(&mut admin, &week));
    assert!(
        ended.starts_with("Resolved its keys sent 50 requests without it since "),
        "{ended}"
    );
    app.fold(app.larkspur.id);
    assert_eq!(stands(&page(&mut admin, &week)), ended);
    fail(&app, "outlet");
    assert_eq!(stands(&page(&mut admin, &week)), "Open");
    let before = format!("{CAUSES}?from=2020-01-01T00:00&to={}", {
        let end = now - TimeDelta::days(2);
        end.format("%Y-%m-%dT%H:%MZ")
    });
    let by_then = stands(&page(&mut admin, &before));
    assert_eq!(by_then, "Open", "it recurred after this window");
}

#[test]
fn an_acknowledgement_ends_with_what_it_was_about() {
    let (app, mut admin) = app_with_admin();
    let now = Clock::system().now();
    app.clock.stand_at(now - TimeDelta::days(3));
    fail(&app, "outlet");
    let shown = page(&mut admin, CAUSES);
    assert_eq!(decide(&mut admin, &shown, "acknowledgement", ""), 303);
    app.clock.stand_at(now - TimeDelta::hours(60));
    fail(&app, "outlet");
    app.clock.stand_at(now);
    let week = format!("{CAUSES}?range=7d");
    let stood = stands(&page(&mut again(&app), &week));
    assert!(stood.starts_with("Acknowledged Ada Osei"), "{stood}");
    assert!(stood.contains("quiet since"), "{stood}");
    fail(&app, "outlet");
    assert_eq!(stands(&page(&mut again(&app), &week)), "Open");
}

#[test]
fn who_was_too_late_is_told_and_nothing_is_overwritten() {
    let (app, mut admin) = app_with_admin();
    let mut other = someone(&app, "other@larkspur.example", Role::Admin);
    fail(&app, "outlet");
    let shown = page(&mut admin, CAUSES);
    assert_eq!(decide(&mut other, &shown, "ignoring", "30"), 303);
    assert_eq!(decide(&mut admin, &shown, "acknowledgement", ""), 409);
    let stands = stands(&page(&mut admin, CAUSES));
    assert!(stands.starts_with("Ignored until"), "{stands}");
    // A double click is no second decision.
    assert_eq!(decide(&mut other, &shown, "ignoring", "30"), 303);
    let logged = app.number("SELECT count(*) FROM audit_log WHERE action LIKE 'cause.%'");
    assert_eq!(logged, 1);
}

#[test]
fn ignoring_for_another_time_from_a_page_made_before_is_told_and_changes_nothing() {
    let (app, mut admin) = app_with_admin();
    fail(&app, "outlet");
    let shown = page(&mut admin, CAUSES);
    assert_eq!(decide(&mut admin, &shown, "ignoring", "7"), 303);
    let until = "SELECT until FROM cause_decisions";
    let before = app.rows(until);
    assert_eq!(decide(&mut admin, &shown, "ignoring", "30"), 409);
    assert_eq!(app.rows(until), before);
}

#[test]
fn what_is_opened_again_too_late_stays_as_it_was_decided_since() {
    let (app, mut admin) = app_with_admin();
    let mut other = someone(&app, "other@larkspur.example", Role::Admin);
    fail(&app, "outlet");
    let open = page(&mut admin, CAUSES);
    assert_eq!(decide(&mut admin, &open, "acknowledgement", ""), 303);
    let shown = page(&mut admin, CAUSES);
    assert_eq!(decide(&mut other, &shown, "ignoring", "30"), 303);
    assert_eq!(decide(&mut admin, &shown, "reopening", ""), 409);
    let ignored = page(&mut admin, CAUSES);
    assert!(stands(&ignored).starts_with("Ignored until"));
    assert_eq!(decide(&mut admin, &ignored, "reopening", ""), 303);
    // A double click is no second decision.
    assert_eq!(decide(&mut admin, &ignored, "reopening", ""), 303);
    assert_eq!(stands(&page(&mut admin, CAUSES)), "Open");
}

#[test]
fn of_two_first_decisions_at_once_the_second_is_told() {
    let (app, mut admin) = app_with_admin();
    fail(&app, "outlet");
    let shown = page(&mut admin, CAUSES);
    let mut other = app.connection();
    other.batch_execute("BEGIN").unwrap();
    diesel::sql_query(
        "INSERT INTO cause_decisions (company_id, reason, value, kind, user_id, actor, at) \
         SELECT company_id, reason, value, 1, 0, 'Bea Lind', now() FROM request_findings",
    )
    .execute(&mut other)
    .unwrap();
    let deciding = thread::spawn(move || decide(&mut admin, &shown, "ignoring", "30"));
    thread::sleep(Duration::from_millis(500));
    other.batch_execute("COMMIT").unwrap();
    assert_eq!(deciding.join().unwrap(), 409);
    let theirs = "SELECT count(*) FROM cause_decisions WHERE kind = 1 AND actor = 'Bea Lind'";
    assert_eq!(app.number(theirs), 1);
}

#[test]
fn the_causes_of_a_state_can_be_asked_for() {
    let (app, mut admin) = app_with_admin();
    fail(&app, "outlet");
    let shown = page(&mut admin, CAUSES);
    assert_eq!(decide(&mut admin, &shown, "acknowledgement", ""), 303);
    fail(&app, "nobody");
    let of = |person: &mut Person, state: &str| {
        let shown = page(person, &format!("{CAUSES}?state={state}"));
        let words = shown.words();
        let (outlet, nobody) = (
            words.contains("signifier outlet"),
            words.contains("signifier nobody"),
        );
        (outlet, nobody, words.contains("Not understood"))
    };
    assert_eq!(of(&mut admin, "open"), (false, true, false));
    assert_eq!(of(&mut admin, "acknowledged"), (true, false, false));
    assert_eq!(of(&mut admin, "ignored"), (false, false, false));
    assert_eq!(of(&mut admin, "gone"), (true, true, true));
    let words = page(&mut admin, &format!("{INVALID}?state=open")).words();
    assert!(words.contains("Not understood"), "a request has no state");
}

#[test]
fn support_sees_where_causes_stand_and_decides_nothing() {
    let (app, mut admin) = app_with_admin();
    fail(&app, "outlet");
    let shown = page(&mut admin, CAUSES);
    let mut support = app.support();
    for verb in ["acknowledgement", "ignoring", "reopening"] {
        assert_eq!(decide(&mut support, &shown, verb, "1"), 403, "{verb}");
    }
    let shown = page(&mut support, CAUSES);
    assert_eq!(stands(&shown), "Open");
    let main = shown.0.split_once("<main").unwrap().1;
    assert!(!main.contains("method=\"post\""));
    assert_eq!(app.number("SELECT count(*) FROM cause_decisions"), 0);
}

#[test]
fn what_one_company_decides_is_nothing_to_another() {
    let (app, mut admin) = app_with_admin();
    fail(&app, "outlet");
    let solo = app.sender(&app.solo_tea.production_key);
    solo.requests(&accepted_but("/brand", "outlet"));
    let shown = page(&mut admin, CAUSES);
    assert_eq!(decide(&mut admin, &shown, "ignoring", "7"), 303);
    app.user(&app.store().solo_tea, "admin@solotea.example", Role::Admin);
    let mut stranger = Person::new(&app);
    stranger.sign_in("admin@solotea.example", PASSWORD);
    let words = page(&mut stranger, CAUSES).words();
    assert!(
        words.contains("outlet") && words.contains("Ignored 0"),
        "{words}"
    );
}

#[test]
fn a_decision_about_nothing_that_can_be_is_refused() {
    let (_app, mut admin) = app_with_admin();
    let mut post = |verb: &str, fields: &[(&str, &str)]| {
        admin.post(&format!("{DECIDE}/{verb}"), fields).status
    };
    assert_eq!(post("acknowledgement", &[("reason", "12")]), 404);
    assert_eq!(post("praise", &[("reason", "80")]), 404);
    assert_eq!(post("acknowledgement", &[]), 400);
    let long = "x".repeat(256);
    let fields = [("reason", "80"), ("value", long.as_str())];
    assert_eq!(post("acknowledgement", &fields), 404);
}

#[test]
fn a_request_leads_to_its_cause() {
    let (app, mut admin) = app_with_admin();
    fail(&app, "outlet");
    fail(&app, "nobody");
    let id = page(&mut admin, INVALID).ids().remove(1);
    let request = format!("/settings/integrations/api-status/requests/{id}");
    let cause = page(&mut admin, &request).link("Since when").unwrap();
    let shown = page(&mut admin, &cause);
    assert_eq!(stands(&shown), "Open");
    assert!(shown.words().contains("signifier outlet"));
}
