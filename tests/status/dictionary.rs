//! The dictionary is public, complete, and where every link in an answer leads.

use api_status_page::domain::dictionary::ErrorCode;
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
    let answer = app.visitor().get("/v1/errors");
    let entries: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(entries.as_array().unwrap().len(), 11);
    assert_eq!(entries[0]["code"], "employee_profile_not_complete");
    let good: Vec<_> = ErrorCode::ALL.map(|code| code.entry().good_body).into();
    assert!(
        good.iter()
            .all(|body| serde_json::from_str::<Value>(body).is_ok())
    );
}

#[test]
fn the_bad_bodies_raise_their_error_and_the_good_ones_pass() {
    let app = TestApp::start();
    for code in ErrorCode::ALL {
        let send = |body: &str| {
            let call = app.production().post("/v1/requests");
            let call = call.header("content-type", "application/json").body(body);
            call.send()
        };
        let bad = send(code.entry().bad_body);
        let problem: Value = serde_json::from_slice(&bad.body).unwrap();
        assert_eq!(problem["errors"][0]["code"], code.as_str());
        assert_eq!(send(code.entry().good_body).status, 200, "{code:?}");
    }
}
