//! One-time links by which a password is chosen.

use api_status_page::domain::user::Role;
use chrono::TimeDelta;

use crate::support::people::PASSWORD;
use crate::support::{Person, TestApp};

const NEW: &str = "four words are better";
const SAM: &str = "sam@larkspur.example";

#[test]
fn an_invited_user_chooses_a_password_once_and_is_signed_in() {
    let app = TestApp::start();
    let user = app.invited(&app.larkspur, SAM, Role::Support);
    let link = app.link_for(user, TimeDelta::hours(72));
    let mut sam = Person::new(&app);
    for _ in 0..2 {
        let page = sam.get(&link);
        assert_eq!(page.status, 200, "looking does not use it up");
        assert!(page.text().contains(SAM));
        assert!(page.text().contains("Larkspur Outdoor"));
    }
    assert_eq!(choose(&mut sam, &link, NEW).header("location"), Some("/"));
    assert!(sam.is_signed_in());
    let mut other = Person::new(&app);
    assert_eq!(other.get(&link).status, 404);
    assert_eq!(choose(&mut other, &link, "another password").status, 404);
    assert!(!other.is_signed_in());
    assert_eq!(other.sign_in(SAM, NEW).status, 303);
    let entries = app.rows("SELECT * FROM audit_log WHERE action = 'user.password_chosen'");
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["subject"], SAM);
}

#[test]
fn a_new_password_ends_all_sessions_and_links_of_the_user() {
    let app = TestApp::start();
    let user = app.user(&app.larkspur, SAM, Role::Support);
    let (mut here, mut there, mut ada) = (Person::new(&app), Person::new(&app), app.admin());
    there.sign_in(SAM, PASSWORD);
    assert!(there.is_signed_in());
    let other_link = app.link_for(user, TimeDelta::hours(72));
    let link = app.link_for(user, TimeDelta::hours(72));
    assert_eq!(choose(&mut here, &link, NEW).status, 303);
    assert!(here.is_signed_in());
    assert!(!there.is_signed_in());
    assert!(ada.is_signed_in());
    assert_eq!(there.get(&other_link).status, 404);
    assert_eq!(there.sign_in(SAM, PASSWORD).status, 422);
}

#[test]
fn of_two_who_use_a_link_at_once_one_does() {
    let app = TestApp::start();
    let user = app.invited(&app.larkspur, SAM, Role::Support);
    let link = app.link_for(user, TimeDelta::hours(72));
    let both = ["the first password", "the second password"].map(|password| {
        let (mut person, link) = (Person::new(&app), link.clone());
        std::thread::spawn(move || choose(&mut person, &link, password).status)
    });
    let mut statuses = both.map(|thread| thread.join().unwrap());
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404]);
}

#[test]
fn links_end_and_disabled_users_have_none() {
    let app = TestApp::start();
    let user = app.invited(&app.larkspur, SAM, Role::Support);
    let late = app.link_for(user, TimeDelta::seconds(-1));
    let mut sam = Person::new(&app);
    let answer = sam.get(&late);
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("This link does not work"));
    let link = app.link_for(user, TimeDelta::hours(1));
    app.execute("UPDATE users SET disabled_at = now()");
    assert_eq!(sam.get(&link).status, 404);
    assert_eq!(choose(&mut sam, &link, NEW).status, 404);
}

#[test]
fn a_password_that_will_not_do_is_told_at_the_field() {
    let app = TestApp::start();
    let user = app.invited(&app.larkspur, SAM, Role::Support);
    let link = app.link_for(user, TimeDelta::hours(72));
    let mut sam = Person::new(&app);
    for (password, words) in [
        ("eight ch", "This password has 8 characters; 12 are needed."),
        ("Sam@Larkspur.example", "This is your e-mail."),
        (&"a".repeat(129), "At most 128 bytes"),
    ] {
        let answer = choose(&mut sam, &link, password);
        assert_eq!(answer.status, 422);
        assert!(answer.text().contains("id=\"password-problem\""));
        assert!(answer.text().contains(words), "{words}");
    }
    let unlike = [("password", NEW), ("again", "something else")];
    let answer = sam.post(&link, &unlike);
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("id=\"again-problem\""));
    assert_eq!(choose(&mut sam, &link, NEW).status, 303);
}

#[track_caller]
fn choose(person: &mut Person, link: &str, password: &str) -> crate::support::Answer {
    person.post(link, &[("password", password), ("again", password)])
}
