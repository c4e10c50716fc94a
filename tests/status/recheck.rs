//! Would they pass now? Checked on a list or by a run, beside the verdict, which never changes.

use api_status_page::clock::Clock;
use api_status_page::domain::request::RequestId;
use api_status_page::domain::run::{RunState, Sum};
use api_status_page::store::runs::{self, Step};
use api_status_page::web::shell::Role;
use uuid::Uuid;

use super::{INVALID, TEST, app_with_admin, page};
use crate::support::company::{accepted, accepted_but};
use crate::support::people::PASSWORD;
use crate::support::{Person, TestApp, eventually, id_at};

pub const ROOT: &str = "/settings/integrations/api-status";

/// Sends a request that is refused because the brand is off.
pub fn refused(app: &TestApp) -> Uuid {
    let body = accepted_but("/brand", "larkspur-outlet");
    app.production().requests(&body).request_id()
}

/// Switches the brand on, and waits until this node judges by it.
pub fn activate_outlet(app: &TestApp) {
    let version = app.larkspur.change(
        &mut app.connection(),
        &format!(
            "UPDATE brands SET active = true WHERE company_id = {} AND label = 'larkspur-outlet'",
            app.larkspur.id
        ),
    );
    follow(app, version);
}

/// Waits until this node judges by a version of the settings.
pub fn follow(app: &TestApp, version: i64) {
    eventually("the node follows", || {
        let id = app.trying_out().requests(&accepted()).request_id();
        (app.row_of("requests", id)["settings_version"] == version).then_some(())
    });
}

/// Makes so many more requests that are like one of the store, each a millisecond older.
pub fn multiply(app: &TestApp, id: Uuid, more: u32) {
    let copied = "received_at - n * interval '1 millisecond'";
    let new_id = id_at(copied, "n::text");
    for (table, columns) in [
        (
            "requests",
            "kind, environment, key_id, http_status, error_mask, warning_count, settings_version, \
             employee_id, employee_sent, channel_sent, channel, brand_sent, brand, language_sent, \
             language, duration_us, channel_unknown, brand_unknown, language_unknown",
        ),
        (
            "request_documents",
            "body, body_cut, content_type, answer, customer_name, customer_email",
        ),
        (
            "request_findings",
            "position, code, reason, pointer, value, environment, key_id",
        ),
    ] {
        app.execute(&format!(
            "INSERT INTO {table} (company_id, received_at, id, {columns}) \
             SELECT company_id, {copied}, {new_id}, {columns} \
             FROM {table}, generate_series(1, {more}) AS n WHERE id = '{id}'"
        ));
    }
}

/// Starts a run over all on a tab and returns its page's address.
#[track_caller]
pub fn check_all(person: &mut Person, tab: &str) -> String {
    let list = frozen(person, tab);
    let form = [("all", "yes"), ("list", list.as_str())];
    person
        .post(&format!("{ROOT}/rechecks"), &form)
        .location()
        .to_owned()
}

/// The address of a list, its time fixed, as its form sends it.
#[track_caller]
fn frozen(person: &mut Person, tab: &str) -> String {
    person
        .get(tab)
        .hidden("list")
        .expect("a form over the list")
}

/// The words of a run's page when it is over.
#[track_caller]
pub fn finished(person: &mut Person, run: &str) -> String {
    eventually("the run ends", || {
        let answer = person.get(run);
        assert_eq!(answer.status, 200);
        (!answer.text().contains("data-renew")).then(|| page(person, run).words())
    })
}

#[test]
fn chosen_requests_are_checked_and_their_rows_say_it() {
    let app = TestApp::start();
    let mut support = app.support();
    let ended = refused(&app);
    let other = app.production().requests(&accepted_but("/channel", "fax"));
    let other = other.request_id();
    let before = app.row_of("requests", ended);
    activate_outlet(&app);
    let (ended_id, other_id) = (ended.to_string(), other.to_string());
    let form = [
        ("id", ended_id.as_str()),
        ("id", other_id.as_str()),
        ("return_to", INVALID),
    ];
    let answer = support.post(&format!("{ROOT}/rechecks"), &form);
    assert_eq!(answer.location(), INVALID);
    let list = page(&mut support, INVALID);
    let words = list.words();
    assert!(
        words.contains("1 would pass now, 1 still fail for the same reason, 0 fail for another"),
        "{words}"
    );
    let rows = list.rows();
    assert!(
        rows[0].error.contains("still fails: same reason"),
        "{rows:?}"
    );
    assert!(rows[1].error.contains("would pass now"), "{rows:?}");
    assert_eq!(app.row_of("requests", ended), before);
    let kept = app.row_of("request_rechecks", ended);
    assert_eq!(
        (&kept["result"], &kept["error_mask"]),
        (&1.into(), &0.into())
    );
}

#[test]
fn what_was_accepted_then_has_no_other_reason() {
    let (app, mut admin) = app_with_admin();
    let valid = app.trying_out().requests(&accepted()).request_id();
    let invalid = app
        .trying_out()
        .requests(&accepted_but("/channel", "fax"))
        .request_id();
    admin
        .fill_in("/settings/company-info/brands/larkspur/deactivation", &[])
        .location();
    let (valid, invalid) = (valid.to_string(), invalid.to_string());
    let form = [("id", valid.as_str()), ("id", invalid.as_str())];
    admin.post(&format!("{ROOT}/rechecks"), &form).location();
    let rows = page(&mut admin, TEST).rows();
    assert!(
        rows[0].error.contains("fails for another reason"),
        "{rows:?}"
    );
    assert!(
        rows[1].error.ends_with("Valid would be refused now"),
        "{rows:?}"
    );
    let words = page(&mut admin, &format!("{ROOT}/requests/{valid}")).words();
    assert!(words.contains("would be refused now"), "{words}");
    assert!(!words.contains("another reason"), "{words}");
}

#[test]
fn the_latest_check_is_kept_per_version_of_the_settings() {
    let (app, mut admin) = app_with_admin();
    let id = refused(&app);
    let text = id.to_string();
    let check = |admin: &mut Person| {
        admin.post(&format!("{ROOT}/rechecks"), &[("id", text.as_str())]);
    };
    check(&mut admin);
    check(&mut admin);
    assert_eq!(app.number("SELECT count(*) FROM request_rechecks"), 1);
    activate_outlet(&app);
    let rows = page(&mut admin, INVALID).rows();
    assert!(
        !rows[0].error.contains("still fails"),
        "an old answer is none: {rows:?}"
    );
    check(&mut admin);
    let results = app.rows("SELECT result FROM request_rechecks ORDER BY settings_version");
    assert_eq!(
        results
            .iter()
            .map(|r| r["result"].as_i64())
            .collect::<Vec<_>>(),
        [Some(2), Some(1)]
    );
}

#[test]
fn after_the_expunge_the_answer_is_as_far_as_known() {
    let (app, mut admin) = app_with_admin();
    let id = refused(&app).to_string();
    activate_outlet(&app);
    app.execute("DELETE FROM request_documents");
    admin.post(&format!("{ROOT}/rechecks"), &[("id", id.as_str())]);
    let rows = page(&mut admin, INVALID).rows();
    assert!(
        rows[0].error.contains("would pass now, as far as known"),
        "{rows:?}"
    );
    let words = page(&mut admin, &format!("{ROOT}/requests/{id}")).words();
    assert!(words.contains("would pass now, as far as known"), "{words}");
    assert!(words.contains("is not checked"), "{words}");
}

#[test]
fn a_list_of_thousands_is_checked_by_a_run_and_summed_up() {
    let (app, mut admin) = app_with_admin();
    multiply(&app, refused(&app), 2_999);
    app.production().requests(&accepted_but("/channel", "fax"));
    activate_outlet(&app);
    let run = check_all(&mut admin, INVALID);
    let words = finished(&mut admin, &run);
    assert!(words.contains("3,001 requests checked"), "{words}");
    assert!(words.contains("3,000 would pass now"), "{words}");
    assert!(words.contains("1 still fail: same reason"), "{words}");
    assert!(words.contains("Send 3,000 requests again"), "{words}");
    assert_eq!(app.number("SELECT count(*) FROM request_rechecks"), 3_001);
    assert_eq!(
        app.number("SELECT count(*) FROM requests WHERE error_mask <> 0 AND settings_version = 1"),
        3_001
    );
    let list = page(&mut admin, INVALID).words();
    assert!(list.contains("3,000 of 3,001 would"), "{list}");
}

#[test]
fn a_run_is_about_what_the_filter_matches() {
    let (app, mut admin) = app_with_admin();
    refused(&app);
    app.production().requests(&accepted_but("/channel", "fax"));
    let run = check_all(&mut admin, &format!("{INVALID}?channel=fax"));
    let words = finished(&mut admin, &run);
    assert!(words.contains("1 request checked"), "{words}");
}

#[test]
fn the_test_tab_is_checked_with_its_valid_requests() {
    let (app, mut admin) = app_with_admin();
    app.trying_out().requests(&accepted());
    app.trying_out().requests(&accepted_but("/channel", "fax"));
    let run = check_all(&mut admin, TEST);
    let words = finished(&mut admin, &run);
    assert!(words.contains("1 would pass now"), "{words}");
    assert!(
        !words.contains("Send 1 request again"),
        "it was accepted: {words}"
    );
}

/// A run that no node of the test works on, as another would have left it.
fn left_behind(app: &TestApp, admin: &mut Person, claimed: &str) -> String {
    let list = frozen(admin, INVALID);
    let (_, filter) = list.split_once('?').unwrap();
    let id = RequestId::new(Clock::system().now());
    app.execute(&format!(
        "INSERT INTO bulk_runs (company_id, id, kind, user_id, actor, tab, filter, total, \
                                settings_version, state, claimed_until) \
         VALUES ({}, '{id}', 1, 1, 'Grace Hopper', 1, '{filter}', 3, 1, 1, {claimed})",
        app.larkspur.id
    ));
    format!("{ROOT}/runs/{id}")
}

#[test]
fn one_run_at_a_time_and_it_can_be_stopped() {
    let (app, mut admin) = app_with_admin();
    refused(&app);
    let run = left_behind(&app, &mut admin, "'2100-01-01'");
    assert_eq!(check_all(&mut admin, INVALID), run);
    let words = page(&mut admin, &run).words();
    assert!(words.contains("one at a time"), "{words}");
    assert!(words.contains("0 of about 3 checked"), "{words}");
    let stopped = admin.post(&format!("{run}/cancellation"), &[]);
    assert_eq!(stopped.location(), run);
    let words = finished(&mut admin, &run);
    assert!(words.contains("Stopped early"), "{words}");
    admin.post(&format!("{run}/cancellation"), &[]).location();
    let words = page(&mut admin, &run).words();
    assert!(words.contains("It had ended before"), "{words}");
    assert_ne!(check_all(&mut admin, INVALID), run);
}

#[test]
fn what_a_chunk_under_way_did_is_counted_though_the_run_was_stopped() {
    let (app, mut admin) = app_with_admin();
    refused(&app);
    let run = left_behind(&app, &mut admin, "'2100-01-01'");
    let id: RequestId = run.rsplit('/').next().unwrap().parse().unwrap();
    let (company, now) = (app.larkspur.id, Clock::system().now());
    let mut connection = app.connection();
    let claimed = runs::find(&mut connection, company, id).unwrap().unwrap();
    admin.post(&format!("{run}/cancellation"), &[]).location();
    let sum = Sum {
        passing: 2,
        sent: 2,
        ..Sum::default()
    };
    runs::advance(&mut connection, company, &claimed, Step::Done(sum), now).unwrap();
    let stopped = runs::find(&mut connection, company, id).unwrap().unwrap();
    assert_eq!((stopped.state(), stopped.sum()), (RunState::Cancelled, sum));
}

#[test]
fn another_node_goes_on_where_one_died() {
    let (app, mut admin) = app_with_admin();
    multiply(&app, refused(&app), 249);
    let run = left_behind(&app, &mut admin, "'2000-01-01'");
    let id = run.rsplit('/').next().unwrap().to_owned();
    finished(&mut admin, &run);
    assert_eq!(app.number("SELECT same FROM bulk_runs"), 250);
    // As if it had died after the first 100: those are not counted twice.
    app.execute(&format!(
        "UPDATE bulk_runs SET state = 1, ended_at = NULL, same = 100, claimed_until = '2000-01-01', \
                reached = (SELECT id FROM requests ORDER BY received_at DESC, id DESC OFFSET 99 LIMIT 1) \
         WHERE id = '{id}'"
    ));
    finished(&mut admin, &run);
    assert_eq!(app.number("SELECT same FROM bulk_runs"), 250);
    assert_eq!(app.number("SELECT count(*) FROM request_rechecks"), 250);
}

#[test]
fn a_run_begins_anew_when_the_settings_change() {
    let (app, mut admin) = app_with_admin();
    multiply(&app, refused(&app), 9);
    activate_outlet(&app);
    let run = left_behind(&app, &mut admin, "'2100-01-01'");
    // Half of it was done by the settings before.
    app.execute(
        "UPDATE bulk_runs SET same = 5, claimed_until = '2000-01-01', \
                reached = (SELECT id FROM requests WHERE error_mask <> 0 \
                           ORDER BY received_at DESC, id DESC OFFSET 4 LIMIT 1)",
    );
    let words = finished(&mut admin, &run);
    assert!(words.contains("10 would pass now"), "{words}");
    assert_eq!(app.number("SELECT settings_version FROM bulk_runs"), 2);
}

#[test]
fn nothing_of_another_company_is_checked_or_seen() {
    let app = TestApp::start();
    let id = refused(&app).to_string();
    let mut admin = app.admin();
    let run = check_all(&mut admin, INVALID);
    finished(&mut admin, &run);
    app.execute("DELETE FROM request_rechecks");
    app.user(&app.solo_tea, "admin@solotea.example", Role::Admin);
    let mut stranger = Person::new(&app);
    stranger.sign_in("admin@solotea.example", PASSWORD);
    stranger
        .post(&format!("{ROOT}/rechecks"), &[("id", id.as_str())])
        .location();
    assert_eq!(app.number("SELECT count(*) FROM request_rechecks"), 0);
    assert_eq!(stranger.get(&run).status, 404);
    assert_eq!(
        stranger.post(&format!("{run}/cancellation"), &[]).status,
        404
    );
    assert_eq!(
        stranger
            .get(&format!("{ROOT}/resubmissions?id={id}"))
            .status,
        404
    );
    let sent = stranger.post(&format!("{ROOT}/resubmissions"), &[("id", id.as_str())]);
    assert_eq!(sent.status, 404);
    let run_id = run.rsplit('/').next().unwrap();
    let sent = stranger.post(&format!("{ROOT}/resubmissions"), &[("run", run_id)]);
    assert_eq!(sent.status, 404);
}

#[test]
fn what_is_no_address_of_a_list_starts_nothing() {
    let (app, mut admin) = app_with_admin();
    for list in [
        "",
        "/settings",
        "//elsewhere.example?from=x",
        &format!("{INVALID}?range=24h"),
    ] {
        let answer = admin.post(
            &format!("{ROOT}/rechecks"),
            &[("all", "yes"), ("list", list)],
        );
        assert_eq!(answer.status, 404, "{list}");
    }
    assert_eq!(app.number("SELECT count(*) FROM bulk_runs"), 0);
}
