//! Saved views: a person's own and the company's.

use std::thread;
use std::time::Duration;

use api_status_page::clock::Clock;
use api_status_page::domain::user::Role;
use api_status_page::store::saved_views::{self, Author, Outcome, ViewRow};
use diesel::connection::SimpleConnection;
use uuid::Uuid;

use super::{INVALID, app_with_admin, page};
use crate::support::company::accepted_but;
use crate::support::page::Page;
use crate::support::people::PASSWORD;
use crate::support::{Person, TestApp};

const VIEWS: &str = "/settings/integrations/api-status/views";

fn save(person: &mut Person, name: &str, address: &str, whose: &str) -> u16 {
    let fields = [("name", name), ("address", address), ("whose", whose)];
    person.post(VIEWS, &fields).status
}

fn id(app: &TestApp, name: &str) -> String {
    let rows = app.rows(&format!("SELECT id FROM saved_views WHERE name = '{name}'"));
    rows[0]["id"].as_str().unwrap().to_owned()
}

fn change(person: &mut Person, id: &str, what: &str, name: &str) -> u16 {
    let path = format!("{VIEWS}/{id}/{what}");
    person.post(&path, &[("name", name)]).status
}

#[test]
fn a_view_keeps_the_filter_and_is_offered_on_the_status_page() {
    let (app, mut admin) = app_with_admin();
    app.production().requests(&accepted_but("/channel", "sms"));
    let address = format!("{INVALID}?range=7d&channel=sms");
    let form = page(&mut admin, &address).link("Save this list").unwrap();
    assert!(page(&mut admin, &form).0.contains("name=\"address\""));
    assert_eq!(save(&mut admin, "Text messages", &address, "own"), 303);
    let list = page(&mut admin, INVALID);
    assert_eq!(list.link("Text messages").unwrap(), address);
    let causes = format!("{INVALID}/causes?state=open");
    assert_eq!(save(&mut admin, "Open causes", &causes, "own"), 303);
    assert_eq!(page(&mut admin, VIEWS).link("Open causes").unwrap(), causes);
}

#[test]
fn it_is_renamed_and_deleted() {
    let (app, mut admin) = app_with_admin();
    assert_eq!(save(&mut admin, "First", INVALID, "own"), 303);
    assert_eq!(save(&mut admin, "Second", INVALID, "own"), 303);
    let first = id(&app, "First");
    assert_eq!(change(&mut admin, &first, "name", "second"), 422, "taken");
    assert_eq!(change(&mut admin, &first, "name", " "), 422);
    assert_eq!(change(&mut admin, &first, "name", "Third"), 303);
    let shown = page(&mut admin, VIEWS);
    assert!(shown.link("Third").is_some() && shown.link("First").is_none());
    assert_eq!(change(&mut admin, &first, "deletion", ""), 303);
    assert_eq!(change(&mut admin, &first, "deletion", ""), 404);
    assert_eq!(
        app.number("SELECT count(*) FROM audit_log WHERE action LIKE 'view.%'"),
        0
    );
}

#[test]
fn what_cannot_be_saved_says_why() {
    let (app, mut admin) = app_with_admin();
    for address in ["", "/settings", "https://elsewhere.example/", "//x", VIEWS] {
        assert_eq!(
            save(&mut admin, "Elsewhere", address, "own"),
            400,
            "{address}"
        );
    }
    assert_eq!(save(&mut admin, "", INVALID, "own"), 422);
    assert_eq!(save(&mut admin, &"x".repeat(101), INVALID, "own"), 422);
    assert_eq!(save(&mut admin, "Mine", INVALID, "own"), 303);
    let fields = [("name", "mine"), ("address", INVALID), ("whose", "own")];
    let answer = admin.post(VIEWS, &fields);
    assert_eq!(answer.status, 422);
    let words = Page(answer.text().to_owned()).words();
    assert!(words.contains("Another view has this name"), "{words}");
    for number in 1..30 {
        assert_eq!(
            save(&mut admin, &format!("View {number}"), INVALID, "own"),
            303
        );
    }
    assert_eq!(save(&mut admin, "One more", INVALID, "own"), 422);
    assert_eq!(save(&mut admin, "One more", INVALID, "company"), 303);
    assert_eq!(app.number("SELECT count(*) FROM saved_views"), 31);
}

#[test]
fn of_two_that_are_saved_at_once_one_has_the_name() {
    let (app, mut admin) = app_with_admin();
    let view = ViewRow {
        id: Uuid::new_v4(),
        user_id: None,
        name: "Shared".to_owned(),
        address: INVALID.to_owned(),
    };
    let author = Author {
        user_id: 0,
        name: "Bea Lind".to_owned(),
        at: Clock::system().now(),
    };
    let mut other = app.connection();
    other.batch_execute("BEGIN").unwrap();
    let saved = saved_views::save(&mut other, app.larkspur.id, &view, &author);
    assert_eq!(saved.unwrap(), Outcome::Saved);
    let saving = thread::spawn(move || save(&mut admin, "shared", INVALID, "company"));
    thread::sleep(Duration::from_millis(500));
    other.batch_execute("COMMIT").unwrap();
    assert_eq!(saving.join().unwrap(), 422);
    assert_eq!(app.number("SELECT count(*) FROM saved_views"), 1);
}

#[test]
fn support_keeps_its_own_and_only_looks_at_the_companys() {
    let (app, mut admin) = app_with_admin();
    let mut support = app.support();
    assert_eq!(save(&mut support, "Shared", INVALID, "company"), 403);
    assert_eq!(save(&mut support, "Mine alone", INVALID, "own"), 303);
    assert_eq!(save(&mut admin, "Shared", INVALID, "company"), 303);
    let shared = id(&app, "Shared");
    for what in ["name", "deletion"] {
        assert_eq!(change(&mut support, &shared, what, "x"), 403, "{what}");
    }
    let shown = page(&mut support, VIEWS);
    assert!(shown.link("Shared").is_some() && shown.link("Mine alone").is_some());
    assert!(!shown.0.contains(&format!("{shared}/deletion")));
    // Nobody changes, or sees, what is somebody else's.
    let own = id(&app, "Mine alone");
    for what in ["name", "deletion"] {
        assert_eq!(change(&mut admin, &own, what, "x"), 404, "{what}");
    }
    assert!(page(&mut admin, VIEWS).link("Mine alone").is_none());
    assert_eq!(change(&mut admin, &shared, "name", "For all"), 303);
    let words = page(&mut admin, "/settings/audit-log?about=view").words();
    assert!(
        words.contains("View renamed") && words.contains("For all"),
        "{words}"
    );
}

#[test]
fn another_companys_views_are_not_there() {
    let (app, mut admin) = app_with_admin();
    assert_eq!(save(&mut admin, "Larkspurs", INVALID, "company"), 303);
    let theirs = id(&app, "Larkspurs");
    app.user(&app.store().solo_tea, "admin@solotea.example", Role::Admin);
    let mut stranger = Person::new(&app);
    stranger.sign_in("admin@solotea.example", PASSWORD);
    for path in [VIEWS, INVALID] {
        assert!(page(&mut stranger, path).link("Larkspurs").is_none());
    }
    for what in ["name", "deletion"] {
        assert_eq!(change(&mut stranger, &theirs, what, "x"), 404, "{what}");
    }
}
