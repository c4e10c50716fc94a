//! Users and roles, and one's own account.

use api_status_page::domain::user::Role;
use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use diesel::{Connection, QueryResult};

use crate::support::people::{PASSWORD, Person};
use crate::support::{TestApp, eventually};

const LIST: &str = "/settings/users";

fn link_on(page: &str) -> String {
    let (_, rest) = page
        .split_once("id=\"link\">")
        .expect("the page shows a link");
    let link = rest.split_once('<').unwrap().0;
    link.strip_prefix("https://status.example")
        .unwrap()
        .to_owned()
}

#[test]
fn one_is_invited_by_a_link_chooses_a_password_and_is_in() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let form = [
        ("name", "Sam Reyes"),
        ("email", "sam@larkspur.example"),
        ("role", "support"),
    ];
    let made = admin.post(&format!("{LIST}/new"), &form);
    assert_eq!(made.status, 200, "{}", made.text());
    let link = link_on(made.text());
    let again = admin.post(&format!("{LIST}/new"), &form);
    assert_eq!(again.status, 422);
    assert!(again.text().contains("has an account already"));
    assert!(admin.get(LIST).text().contains("invited"));

    let mut sam = Person::new(&app);
    sam.post(&link, &[("password", PASSWORD), ("again", PASSWORD)])
        .location();
    assert!(sam.is_signed_in());
    assert_eq!(sam.get(LIST).status, 403);
    let log = "SELECT count(*) FROM audit_log WHERE action = 'user.invited'";
    assert_eq!(app.number(log), 1);
}

#[test]
fn a_role_holds_from_the_next_page_on() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let mut support = app.support();
    let id = app.number("SELECT id FROM users WHERE email LIKE 'support%'");
    assert_eq!(support.get(LIST).status, 403);
    admin
        .post(&format!("{LIST}/{id}"), &[("role", "admin")])
        .location();
    assert_eq!(support.get(LIST).status, 200);
    admin
        .post(&format!("{LIST}/{id}"), &[("role", "support")])
        .location();
    assert_eq!(support.get(LIST).status, 403);
    assert_eq!(
        admin
            .post(&format!("{LIST}/{id}"), &[("role", "king")])
            .status,
        422
    );
}

#[test]
fn who_is_disabled_is_out_at_once_and_may_be_let_in_again() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let mut support = app.support();
    let id = app.number("SELECT id FROM users WHERE email LIKE 'support%'");
    let link = link_on(admin.post(&format!("{LIST}/{id}/link"), &[]).text());
    admin
        .post(&format!("{LIST}/{id}/disabling"), &[])
        .location();
    assert!(!support.is_signed_in());
    assert_eq!(
        support.sign_in("support@larkspur.example", PASSWORD).status,
        422
    );
    assert_eq!(admin.post(&format!("{LIST}/{id}/link"), &[]).status, 400);
    admin.post(&format!("{LIST}/{id}/enabling"), &[]).location();
    assert_eq!(app.visitor().get(&link).status, 404, "it is used up");
    assert_eq!(
        support.sign_in("support@larkspur.example", PASSWORD).status,
        303
    );
    admin.post(&format!("{LIST}/{id}/sign-out"), &[]).location();
    assert!(!support.is_signed_in());
    let link = link_on(admin.post(&format!("{LIST}/{id}/link"), &[]).text());
    support
        .post(
            &link,
            &[
                ("password", "another long one"),
                ("again", "another long one"),
            ],
        )
        .location();
    assert!(support.is_signed_in());
}

#[test]
fn the_last_admin_cannot_be_locked_out() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let id = app.number("SELECT id FROM users WHERE email LIKE 'admin%'");
    // Who has no password yet cannot sign in, so does not count.
    app.invited(&app.larkspur, "second@larkspur.example", Role::Admin);
    app.user(&app.solo_tea, "admin@solotea.example", Role::Admin);
    let answer = admin.post(&format!("{LIST}/{id}"), &[("role", "support")]);
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("last admin"));
    let answer = admin.post(&format!("{LIST}/{id}/disabling"), &[]);
    assert_eq!(answer.status, 409);
    assert!(admin.is_signed_in());
    app.user(&app.larkspur, "third@larkspur.example", Role::Admin);
    admin
        .post(&format!("{LIST}/{id}"), &[("role", "support")])
        .location();
    assert_eq!(admin.get(LIST).status, 403);
}

#[test]
fn another_companys_users_are_not_there() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let theirs = app.user(&app.solo_tea, "admin@solotea.example", Role::Admin);
    assert!(!admin.get(LIST).text().contains("solotea"));
    for path in ["", "/disabling"] {
        assert_eq!(admin.get(&format!("{LIST}/{theirs}{path}")).status, 404);
    }
    for path in ["", "/link", "/sign-out", "/disabling", "/enabling"] {
        let answer = admin.post(&format!("{LIST}/{theirs}{path}"), &[("role", "support")]);
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[test]
fn one_changes_ones_own_password_and_is_signed_out_elsewhere() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let mut elsewhere = Person::new(&app);
    elsewhere.sign_in("admin@larkspur.example", PASSWORD);
    let path = "/settings/password";
    assert_eq!(admin.get(path).status, 200);
    let new = "a new and long one";
    for (current, password, again, words) in [
        ("wrong one entirely", new, new, "This is not your password"),
        (PASSWORD, "short", "short", "12 are needed"),
        (PASSWORD, new, "another long one", "not the same as above"),
    ] {
        let form = [
            ("current", current),
            ("password", password),
            ("again", again),
        ];
        let answer = admin.post(path, &form);
        assert_eq!(answer.status, 422, "{words}");
        assert!(answer.text().contains(words), "{words}");
        assert!(!answer.text().contains(new));
    }
    let form = [("current", PASSWORD), ("password", new), ("again", new)];
    admin.post(path, &form).location();
    assert!(admin.is_signed_in());
    assert!(!elsewhere.is_signed_in());
    assert_eq!(
        elsewhere.sign_in("admin@larkspur.example", PASSWORD).status,
        422
    );
    assert_eq!(elsewhere.sign_in("admin@larkspur.example", new).status, 303);
    admin.post("/settings/sign-out-everywhere", &[]).location();
    assert!(!admin.is_signed_in());
    assert!(!elsewhere.is_signed_in());
}

#[test]
fn of_those_who_change_a_password_at_once_one_does_and_the_others_are_told() {
    let app = TestApp::start();
    let admin = app.admin();
    let id = app.number("SELECT id FROM users");
    let link = app.link_for(id, TimeDelta::hours(1));
    let new = "a new and long one";
    let changes = [
        "/settings/password",
        "/settings/password",
        "/settings/password",
        &link,
    ];
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let changing = app
        .connection()
        .transaction(|connection| {
            connection.batch_execute("SELECT FROM users FOR UPDATE")?;
            let changing = changes.map(|path| {
                let (mut admin, path) = (admin.clone(), path.to_owned());
                let form = [("current", PASSWORD), ("password", new), ("again", new)];
                std::thread::spawn(move || admin.post(&path, &form).status)
            });
            eventually("all have checked the password", || {
                (app.number(waiting) == 4).then_some(())
            });
            QueryResult::Ok(changing)
        })
        .unwrap();
    let mut statuses = changing.map(|change| change.join().unwrap());
    statuses[..3].sort();
    assert!(
        [[303, 422, 422, 404], [422, 422, 422, 303]].contains(&statuses),
        "{statuses:?}"
    );
}
