//! Signing in and out, and what ends a session.

use api_status_page::access::passwords;
use api_status_page::clock::Clock;
use api_status_page::domain::user::Role;
use api_status_page::store::users;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::{Connection, QueryResult};

use crate::support::company::accepted_but;
use crate::support::people::PASSWORD;
use crate::support::{Person, TestApp, TestClock, TestStore, eventually};

const ADMIN: &str = "admin@larkspur.example";

#[test]
fn someone_signs_in_looks_and_signs_out() {
    let app = TestApp::start();
    app.user(&app.larkspur, ADMIN, Role::Admin);
    let mut ada = Person::new(&app);
    assert!(!ada.is_signed_in());
    let answer = ada.sign_in(" Admin@Larkspur.example ", PASSWORD);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    let page = ada.get("/settings");
    assert!(page.text().contains("Larkspur Outdoor"));
    assert!(page.text().contains("Ada Osei"));
    let kept = ada.clone();
    assert_eq!(
        ada.post("/sign-out", &[]).header("location"),
        Some("/sign-in")
    );
    assert_eq!(ada.cookie, None);
    // The cookie is worth nothing to whoever kept it.
    assert!(!{ kept }.is_signed_in());
    assert_eq!(app.number("SELECT count(*) FROM sessions"), 0);
}

#[test]
fn the_cookie_is_bound_to_this_host_and_names_no_row() {
    let app = TestApp::start();
    app.user(&app.larkspur, ADMIN, Role::Admin);
    let mut ada = Person::new(&app);
    let answer = ada.sign_in(ADMIN, PASSWORD);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-session="), "{cookie}");
    for attribute in ["; HttpOnly", "; Secure", "; SameSite=Lax", "; Path=/"] {
        assert!(cookie.contains(attribute), "{attribute}: {cookie}");
    }
    assert!(!cookie.contains("Domain"));
    let found = "SELECT count(*) FROM sessions WHERE position(encode(token_hash, 'escape') in '";
    assert_eq!(app.number(&format!("{found}{cookie}') > 0")), 0);
}

#[test]
fn a_session_gets_a_new_id_when_someone_signs_in() {
    let app = TestApp::start();
    let mut ada = app.admin();
    let before = ada.clone();
    assert_eq!(ada.sign_in(ADMIN, PASSWORD).status, 303);
    assert_ne!(ada.cookie, before.cookie);
    assert!(ada.is_signed_in());
    assert!(!{ before }.is_signed_in());
}

#[test]
fn visitors_leave_no_row_and_get_no_cookie() {
    let app = TestApp::start();
    let mut stranger = Person::new(&app);
    for path in ["/sign-in", "/settings", "/nowhere", "/password/x"] {
        assert_eq!(stranger.get(path).header("set-cookie"), None, "{path}");
    }
    assert_eq!(stranger.sign_in(ADMIN, "wrong").header("set-cookie"), None);
    assert_eq!(stranger.post("/sign-out", &[]).header("set-cookie"), None);
    assert_eq!(app.number("SELECT count(*) FROM sessions"), 0);
}

#[test]
fn every_reason_not_to_sign_in_gets_the_same_words() {
    let app = TestApp::start();
    app.user(&app.larkspur, ADMIN, Role::Admin);
    app.invited(&app.larkspur, "new@larkspur.example", Role::Support);
    let left = app.user(&app.larkspur, "left@larkspur.example", Role::Support);
    users::disable(&mut app.connection(), left, now()).unwrap();
    let mut person = Person::new(&app);
    let mut words = |email: &str, password: &str| {
        let answer = person.sign_in(email, password);
        assert_eq!(answer.status, 422);
        assert!(answer.text().contains(email), "the e-mail is kept");
        assert!(!answer.text().contains(password), "the password is not");
        answer.text().replace(email, "")
    };
    let wrong = words(ADMIN, "not the password");
    assert!(wrong.contains("do not go together"));
    assert_eq!(words("nobody@larkspur.example", "not the password"), wrong);
    assert_eq!(words("left@larkspur.example", PASSWORD), wrong);
    assert_eq!(words("new@larkspur.example", "not the password"), wrong);
}

#[test]
fn what_no_database_would_take_is_nobodys_e_mail_either() {
    let app = TestApp::start();
    app.user(&app.larkspur, ADMIN, Role::Admin);
    let mut person = Person::new(&app);
    let long = format!("{}@larkspur.example", "a".repeat(10_000));
    for email in ["a\0b", "\0", &format!("{ADMIN}\0"), &long] {
        let answer = person.sign_in(email, PASSWORD);
        assert_eq!(answer.status, 422, "{email:?}");
        assert!(answer.text().contains("do not go together"));
    }
    assert_eq!(app.number("SELECT count(*) FROM sign_in_attempts"), 4);
    assert_eq!(person.sign_in(ADMIN, &format!("{PASSWORD}\0")).status, 422);
    assert_eq!(person.get("/password/a%00b").status, 404);
    assert_eq!(person.get("/sign-in?next=/a%00b").status, 200);
    let fields = [("email", ADMIN), ("password", PASSWORD), ("next", "/a\0b")];
    assert_eq!(person.post("/sign-in", &fields).location(), "/");
}

#[test]
fn empty_fields_are_told_at_the_field() {
    let app = TestApp::start();
    let mut person = Person::new(&app);
    let answer = person.sign_in("", "x");
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("id=\"email-problem\""));
    let answer = person.sign_in(ADMIN, "");
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("id=\"password-problem\""));
    assert_eq!(app.number("SELECT count(*) FROM sign_in_attempts"), 0);
}

#[test]
fn an_account_waits_after_ten_failures_however_many_come_at_once() {
    let clock = TestClock::default();
    let store = TestStore::new();
    let app = TestApp::at(&store, &store.url, clock.clone());
    app.user(&app.larkspur, ADMIN, Role::Admin);
    let now = now();
    clock.stand_at(now);
    let attempts: Vec<_> = (0..14)
        .map(|_| {
            let mut person = Person::new(&app);
            std::thread::spawn(move || person.sign_in(ADMIN, "wrong").status)
        })
        .collect();
    let statuses: Vec<u16> = attempts.into_iter().map(|t| t.join().unwrap()).collect();
    let checked = statuses.iter().filter(|status| **status == 422).count();
    assert!(checked <= 10, "{statuses:?}");
    let mut ada = Person::new(&app);
    for _ in checked..10 {
        assert_eq!(ada.sign_in(ADMIN, "wrong").status, 422);
    }
    let answer = ada.sign_in(ADMIN, PASSWORD);
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("retry-after"), Some("600"));
    assert!(answer.text().contains("Try again in"));
    clock.stand_at(now + TimeDelta::minutes(10) + TimeDelta::seconds(1));
    assert_eq!(ada.sign_in(ADMIN, PASSWORD).status, 303);
}

#[test]
fn an_address_waits_after_thirty_failures() {
    let app = TestApp::start();
    app.user(&app.larkspur, ADMIN, Role::Admin);
    app.execute(
        "INSERT INTO sign_in_attempts (account, address, at) \
         SELECT n::text, '127.0.0.1', now() FROM generate_series(1, 30) n",
    );
    assert_eq!(Person::new(&app).sign_in(ADMIN, PASSWORD).status, 429);
}

#[test]
fn a_success_is_not_counted_as_an_attempt() {
    let app = TestApp::start();
    let mut ada = app.admin();
    for _ in 0..12 {
        assert_eq!(ada.sign_in(ADMIN, PASSWORD).status, 303);
    }
    assert_eq!(app.number("SELECT count(*) FROM sign_in_attempts"), 0);
}

#[test]
fn sessions_end_at_once_when_a_user_is_disabled() {
    let app = TestApp::start();
    let mut ada = app.admin();
    let mut sam = app.support();
    let id = app.number(&format!("SELECT id FROM users WHERE email = '{ADMIN}'"));
    users::disable(&mut app.connection(), id, now()).unwrap();
    assert!(!ada.is_signed_in());
    assert!(sam.is_signed_in());
    assert_eq!(ada.sign_in(ADMIN, PASSWORD).status, 422);
}

#[test]
fn a_session_that_begins_while_the_password_is_changed_does_not_outlive_the_change() {
    let app = TestApp::start();
    let ada = app.admin();
    let id = app.number(&format!("SELECT id FROM users WHERE email = '{ADMIN}'"));
    let signed_in = "SELECT count(*) FROM audit_log WHERE action = 'user.signed_in'";
    let hash = passwords::hash("another long password").unwrap();
    let signing_in = app
        .connection()
        .transaction(|connection| {
            // The password can be checked, but no session can end or begin.
            connection.batch_execute("LOCK TABLE sessions IN SHARE MODE")?;
            let mut again = ada.clone();
            let signing_in = std::thread::spawn(move || {
                let answer = again.sign_in(ADMIN, PASSWORD);
                (answer.status, again)
            });
            eventually("the password was right", || {
                (app.number(signed_in) == 2).then_some(())
            });
            users::set_password(connection, id, &hash)?;
            QueryResult::Ok(signing_in)
        })
        .unwrap();
    let (status, mut again) = signing_in.join().unwrap();
    assert_eq!(status, 303);
    assert!(!again.is_signed_in());
    assert!(!{ ada }.is_signed_in());
    assert_eq!(app.number("SELECT count(*) FROM sessions"), 0);
}

#[test]
fn a_disabled_user_is_refused_even_where_the_session_is_left() {
    let app = TestApp::start();
    let mut ada = app.admin();
    app.execute("UPDATE users SET disabled_at = now()");
    assert!(!ada.is_signed_in());
    assert_eq!(app.number("SELECT count(*) FROM sessions"), 0);
}

#[test]
fn sessions_end_when_idle_and_in_the_end_anyway() {
    let clock = TestClock::default();
    let store = TestStore::new();
    let app = TestApp::at(&store, &store.url, clock.clone());
    let start = now();
    clock.stand_at(start);
    let mut idle = app.admin();
    let mut busy = app.support();
    let mut hours = 0;
    while hours < 7 * 24 - 11 {
        hours += 11;
        clock.stand_at(start + TimeDelta::hours(hours));
        assert!(busy.is_signed_in(), "after {hours} hours");
        if hours == 11 {
            assert!(idle.is_signed_in());
        }
    }
    assert!(!idle.is_signed_in());
    clock.stand_at(start + TimeDelta::days(7));
    assert!(!busy.is_signed_in());
}

#[test]
fn a_page_that_is_left_open_and_asks_by_itself_keeps_nobody_signed_in() {
    let (store, clock) = (TestStore::new(), TestClock::default());
    let app = TestApp::at(&store, &store.url, clock.clone());
    let start = now();
    clock.stand_at(start);
    let mut left = app.admin();
    let id = app
        .production()
        .requests(&accepted_but("/brand", "nope"))
        .request_id();
    let list = "/settings/integrations/api-status/invalid-requests";
    let asks = format!("{list}/newer?newer={id}");
    for hours in 1..12 {
        clock.stand_at(start + TimeDelta::hours(hours));
        assert_eq!(left.get(&asks).status, 200, "after {hours} hours");
    }
    clock.stand_at(start + TimeDelta::hours(12));
    assert_eq!(left.get(&asks).status, 303);
    assert!(!left.is_signed_in());
}

#[test]
fn signing_in_leads_on_to_our_own_pages_only() {
    let app = TestApp::start();
    app.user(&app.larkspur, ADMIN, Role::Admin);
    let next = |next: &str| {
        let mut ada = Person::new(&app);
        let fields = [("email", ADMIN), ("password", PASSWORD), ("next", next)];
        let answer = ada.post("/sign-in", &fields);
        assert_eq!(answer.status, 303);
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("next", next)
            .finish();
        // Who is signed in already is led on the same way.
        let again = ada.get(&format!("/sign-in?{query}"));
        assert_eq!(again.header("location"), answer.header("location"));
        answer.header("location").unwrap().to_owned()
    };
    assert_eq!(next("/r/1?a=b&c=d"), "/r/1?a=b&c=d");
    for elsewhere in [
        "//elsewhere.example",
        "/\\elsewhere.example",
        "https://elsewhere.example/settings",
        "javascript:alert(1)",
        "/.//elsewhere.example",
        "/\t/elsewhere.example",
    ] {
        assert_eq!(next(elsewhere), "/", "{elsewhere}");
    }
}

#[test]
fn signing_in_and_failing_to_is_in_the_audit_log() {
    let app = TestApp::start();
    let mut ada = app.admin();
    ada.sign_in(ADMIN, "wrong");
    ada.sign_in("nobody@larkspur.example", "wrong");
    let entries = eventually("both are written", || {
        let entries = app.rows("SELECT * FROM audit_log ORDER BY at, id");
        (entries.len() > 1).then_some(entries)
    });
    let actions: Vec<_> = entries
        .iter()
        .map(|e| e["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["user.signed_in", "user.sign_in_failed"]);
    assert_eq!(entries[0]["actor"], "Ada Osei");
    assert_eq!(entries[1]["actor"], "not signed in");
    for entry in entries {
        assert_eq!(entry["company_id"], app.larkspur.id.0);
        assert_eq!(entry["subject"], ADMIN);
        assert_eq!(entry["after"]["address"], "127.0.0.1");
    }
}

#[test]
fn no_failure_waits_for_the_audit_log_of_a_company() {
    let app = TestApp::start();
    app.user(&app.larkspur, ADMIN, Role::Admin);
    let mut person = Person::new(&app);
    let failures = "SELECT count(*) FROM audit_log WHERE action = 'user.sign_in_failed'";
    let mut connection = app.connection();
    connection
        .transaction(|connection| {
            connection.batch_execute("LOCK TABLE audit_log IN SHARE MODE")?;
            assert_eq!(person.sign_in(ADMIN, "wrong").status, 422);
            assert_eq!(person.sign_in("nobody@larkspur.example", "x").status, 422);
            assert_eq!(app.number(failures), 0);
            QueryResult::Ok(())
        })
        .unwrap();
    eventually("it is written in the end", || {
        (app.number(failures) == 1).then_some(())
    });
}

fn now() -> DateTime<Utc> {
    Clock::system().now()
}
