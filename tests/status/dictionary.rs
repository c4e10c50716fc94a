//! The dictionary is public, complete, and where every link in an answer leads.

use api_status_page::domain::dictionary::{ErrorCode, GOOD_BODY, Reason};
use serde_json::Value;

use crate::support::TestApp;
use crate::support::company::accepted_but;
use crate::support::page::Page;

#[test]
fn every_error_has_a_page_for_everybody() {
    let app = TestApp::start();
    let index = app.visitor().get("/errors");
    assert_eq!(index.status, 200);
    let index = Page(String::from_utf8(index.body).unwrap()).words();
    for code in ErrorCode::ALL {
        assert!(index.contains(code.title()), "{code:?}");
        let answer = app.visitor().get(&format!("/errors/{}", code.as_str()));
        assert_eq!(answer.status, 200, "{code:?}");
        let words = Page(String::from_utf8(answer.body).unwrap()).words();
        assert!(words.contains(code.entry().explanation), "{code:?}");
        for reason in code.reasons() {
            assert!(words.contains(reason.sentence()), "{reason:?}");
        }
    }
    assert_eq!(app.visitor().get("/errors/nonsense").status, 404);
}

#[test]
fn every_link_in_an_answer_leads_somewhere() {
    let app = TestApp::start();
    let answer = app.production().requests(&accepted_but("/brand", "nope"));
    let problem: Value = serde_json::from_slice(&answer.body).unwrap();
    let path = |url: &Value| url.as_str().unwrap().replace("https://status.example", "");
    assert_eq!(app.visitor().get(&path(&problem["type"])).status, 200);
    let documentation = path(&problem["errors"][0]["documentation_url"]);
    assert_eq!(app.visitor().get(&documentation).status, 200);
    assert_eq!(app.admin().get(&path(&problem["instance"])).status, 303);
}

#[test]
fn programs_read_it_as_json() {
    let app = TestApp::start();
    let entries = app.visitor().get("/v1/errors").json();
    let entries = entries.as_array().unwrap();
    assert_eq!(entries.len(), 11);
    for (code, entry) in ErrorCode::ALL.into_iter().zip(entries) {
        assert_eq!(entry["code"], code.as_str());
        assert_eq!(entry["title"], code.title());
        assert_eq!(entry["retry"], code.entry().retry);
        let variants = entry["variants"].as_array().unwrap();
        for (reason, variant) in code.reasons().zip(variants) {
            assert_eq!(variant["variant"], serde_json::json!(reason.variant()));
            assert_eq!(variant["bad_body"], reason.bad_body());
            assert_eq!(variant["good_body"], GOOD_BODY);
        }
    }
}

#[test]
fn the_bad_bodies_are_answered_with_their_error_and_the_good_one_is_accepted() {
    let app = TestApp::start();
    let send = |body: &str| {
        let call = app.production().post("/v1/requests");
        let call = call.header("content-type", "application/json").body(body);
        call.send()
    };
    assert_eq!(send(GOOD_BODY).status, 200);
    for reason in Reason::ALL {
        let body = match reason {
            Reason::TooLarge => reason.bad_body().replace('…', &"x".repeat(256 * 1024)),
            _ => reason.bad_body().to_owned(),
        };
        let errors = &send(&body).json()["errors"];
        assert_eq!(errors.as_array().map(Vec::len), Some(1), "{reason:?}");
        assert_eq!(errors[0]["code"], reason.code().as_str());
        assert_eq!(errors[0]["variant"], serde_json::json!(reason.variant()));
    }
}

#[test]
fn a_page_shows_for_each_variant_what_is_bad_and_what_is_good_about_a_body() {
    let app = TestApp::start();
    let answer = app.visitor().get("/errors/employee_not_found");
    let page = answer.text();
    assert_eq!(page.matches("A bad body").count(), 2);
    assert!(page.contains("<mark>&#34;email&#34;: &#34;paul@larkspur.example&#34;</mark>"));
    assert!(page.contains("<mark>&#34;custom_id&#34;: &#34;L-1001&#34;</mark>"));
    assert!(!page.contains("in the last seven days"));
}

#[test]
fn who_is_signed_in_is_told_how_often_and_led_to_them() {
    let app = TestApp::start();
    for _ in 0..3 {
        app.production().requests(&accepted_but("/brand", "nope"));
    }
    for mut person in [app.admin(), app.support()] {
        let page = Page(person.get("/errors/invalid_brand").text().to_owned());
        let words = page.words();
        assert!(words.contains("You had 3 of these in the last seven days, the last at"));
        let list = person.get(&page.link("Show them").unwrap());
        assert_eq!(Page(list.text().to_owned()).rows().len(), 3);
        let none = Page(person.get("/errors/invalid_customer").text().to_owned());
        assert!(none.words().contains("You had none of these"));
        let index = Page(person.get("/errors").text().to_owned()).words();
        assert!(index.contains("invalid_brand · 3 in seven days"), "{index}");
    }
}
