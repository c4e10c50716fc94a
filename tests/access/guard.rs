//! What strangers, other roles and other sites get.

use api_status_page::domain::user::Role;
use chrono::TimeDelta;

use crate::support::company::accepted_but;
use crate::support::people::PASSWORD;
use crate::support::{Answer, Person, TestApp, routes};

/// An id of nothing.
const INVENTED: &str = "01a209e2-9161-7e9f-8748-07029ae46a46";

/// The addresses behind the guard, see [`with_ids`].
fn guarded() -> Vec<String> {
    let all = routes::guarded().into_iter().chain(routes::settings());
    with_ids(all.collect())
}

/// Addresses with an id in place of each parameter, or the first of the words that it may be.
fn with_ids(addresses: Vec<String>) -> Vec<String> {
    let with_id = |address: &String| {
        let parts = address.split('/').map(|part| {
            let Some(parameter) = part.strip_prefix('{') else {
                return part;
            };
            let words = parameter.trim_end_matches('}').split_once(':');
            words.map_or(INVENTED, |(_, words)| words.split('|').next().unwrap())
        });
        parts.collect::<Vec<_>>().join("/")
    };
    addresses.iter().map(with_id).collect()
}

#[test]
fn every_page_that_is_not_public_sends_strangers_to_sign_in_and_back() {
    let app = TestApp::start();
    let addresses = guarded();
    for known in [
        "/settings",
        "/settings/employees/new",
        "/settings/integrations/channels/01a209e2-9161-7e9f-8748-07029ae46a46/integration",
        "/settings/integrations/api-status/test-requests",
    ] {
        assert!(addresses.contains(&known.to_owned()), "{addresses:?}");
    }
    for address in addresses {
        let answer = app.visitor().get(&address);
        assert_eq!(answer.status, 303, "{address}");
        let location = answer.header("location").unwrap();
        match address.as_str() {
            "/" => assert_eq!(location, "/sign-in"),
            address => assert_eq!(location, format!("/sign-in?next={address}")),
        }
        let form = Person::new(&app).post(&address, &[]);
        assert_eq!(form.header("location"), Some("/sign-in"), "{address}");
    }
}

/// What support may send: what is about nobody but whoever is signed in.
const FOR_EVERYBODY: [&str; 2] = ["/settings/password", "/settings/sign-out-everywhere"];

#[test]
fn no_form_of_the_settings_takes_anything_from_support() {
    let app = TestApp::start();
    let mut support = app.support();
    let before = app.rows("SELECT * FROM companies ORDER BY id");
    for address in with_ids(routes::settings()) {
        if FOR_EVERYBODY.contains(&address.as_str()) {
            continue;
        }
        let status = support.post(&address, &[("version", "1")]).status;
        // 404: a page that takes no form.
        let mut is_page = || [200, 403].contains(&support.get(&address).status);
        assert!(
            status == 403 || status == 404 && is_page(),
            "{address}: {status}"
        );
    }
    assert_eq!(app.rows("SELECT * FROM companies ORDER BY id"), before);
    assert!(support.is_signed_in());
}

/// The policy of an answer forbids style and script in the page; a page with some would be broken.
fn assert_nothing_inline(address: &str, answer: &Answer) {
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'self';"), "{address}: {policy}");
    assert!(policy.contains("style-src 'self';"), "{address}: {policy}");
    assert!(!policy.contains("unsafe"), "{address}: {policy}");
    assert_eq!(
        answer.header("cache-control"),
        Some("no-store"),
        "{address}"
    );
    answer.request_id();
    let is_page = answer.header("content-type") == Some("text/html; charset=utf-8");
    if !is_page {
        return;
    }
    let page = answer.text();
    assert!(page.contains("<link rel=\"icon\" href=\"/static/icon.svg?v="));
    assert!(!page.contains("rel=\"manifest\""), "{address}");
    for tag in page.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap();
        let name = tag.split_whitespace().next().unwrap_or_default();
        assert_ne!(name, "style", "{address}: <{tag}>");
        assert!(name != "script" || tag.contains(" src=\"/static/"), "{tag}");
        assert!(!tag.contains("javascript:"), "{address}: <{tag}>");
        let mut attributes = tag.split_whitespace().skip(1);
        let inline = |name: &str| name == "style" || name.starts_with("on");
        let found = attributes.find(|a| a.split_once('=').is_some_and(|(name, _)| inline(name)));
        assert_eq!(found, None, "{address}: <{tag}>");
    }
}

#[test]
fn no_public_page_has_style_or_script_in_it() {
    let app = TestApp::start();
    let user = app.invited(&app.larkspur, "sam@larkspur.example", Role::Support);
    let link = app.link_for(user, TimeDelta::hours(1));
    let mut addresses = routes::public();
    addresses.retain(|address| !address.contains('{'));
    addresses.extend(["/errors/invalid_brand", "/password/gone", "/nowhere"].map(str::to_owned));
    addresses.push(link);
    for address in addresses {
        assert_nothing_inline(&address, &app.visitor().get(&address));
    }
}

#[test]
fn every_page_is_drawn_for_both_roles_on_an_empty_and_on_a_full_store() {
    let app = TestApp::start();
    let (mut admin, mut support) = (app.admin(), app.support());
    let answer = app.trying_out().requests(&accepted_but("/brand", "nope"));
    let id = answer.header("x-request-id").unwrap();
    for address in guarded() {
        for person in [&mut admin, &mut support] {
            for address in [address.clone(), address.replace(INVENTED, id)] {
                let answer = person.get(&address);
                assert_nothing_inline(&address, &answer);
                let status = answer.status;
                // 405: a form's address, which takes POST alone.
                assert!(
                    [200, 303, 403, 404, 405].contains(&status),
                    "{address}: {status}"
                );
            }
        }
    }
    let request = format!("/settings/integrations/api-status/requests/{id}");
    assert_eq!(support.get(&request).status, 200);
}

#[test]
fn the_way_back_keeps_the_query() {
    let app = TestApp::start();
    let answer = app.visitor().get("/settings?a=%20b&c=d+e");
    let location = answer.header("location").unwrap();
    assert_eq!(location, "/sign-in?next=/settings?a=%2520b%26c=d%2Be");
    let page = app.visitor().get(location);
    assert!(
        page.text().contains("value=\"/settings?a=%20b&#38;c=d+e\""),
        "{}",
        page.text()
    );
}

#[test]
fn forms_from_other_sites_are_refused_before_anything_is_done() {
    let app = TestApp::start();
    let ada = app.admin();
    let cookie = ada.cookie.clone().unwrap();
    for headers in [
        vec![
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://status.example"),
        ],
        vec![("sec-fetch-site", "same-site")],
        vec![("origin", "https://elsewhere.example")],
        vec![("origin", "null")],
        vec![("origin", "http://test")],
        vec![],
    ] {
        let call = app
            .visitor()
            .call("POST", "/sign-out")
            .header("cookie", &cookie);
        let call = headers
            .iter()
            .fold(call, |call, (name, value)| call.header(name, value));
        let answer = call.send();
        assert_eq!(answer.status, 400, "{headers:?}");
        assert!(answer.text().contains("It was sent from another site"));
    }
    assert!({ ada }.is_signed_in());
    let own = app
        .visitor()
        .call("POST", "/sign-out")
        .header("cookie", &cookie);
    let answer = own.header("origin", "https://status.example").send();
    assert_eq!(answer.status, 303);
}

#[test]
fn senders_are_not_asked_where_they_come_from() {
    let app = TestApp::start();
    let call = app.production().post("/v1/requests").body("{}");
    assert_eq!(
        call.header("sec-fetch-site", "cross-site").send().status,
        400
    );
    assert_eq!(app.number("SELECT count(*) FROM requests"), 1);
}

#[test]
fn support_does_not_see_keys() {
    let app = TestApp::start();
    let tail = &app.larkspur.production_key.text[35..];
    let shown = format!("acs_live_…{tail}");
    let (mut admin, mut support) = (app.admin(), app.support());
    let page = admin.get("/settings/integrations");
    assert!(page.text().contains(&shown));
    let page = support.get("/settings/integrations");
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("acs_live"));
    assert!(page.text().contains("/settings/integrations/api-status"));
    // Nor do they get a button that leads to keys, where nothing was received yet.
    let empty = "/settings/integrations/api-status/invalid-requests";
    for (mut person, sees) in [(admin, true), (support, false)] {
        let page = person.get(empty);
        assert!(page.text().contains("Nothing has been received yet"));
        assert_eq!(page.text().contains("Keys under Integrations"), sees);
    }
}

#[test]
fn calls_with_a_revoked_key_are_shown_to_admins_of_its_company() {
    let app = TestApp::start();
    let key = app.larkspur.production_key.id;
    app.execute(&format!(
        "UPDATE api_keys SET revoked_at = now() WHERE id = {key}; \
         INSERT INTO revoked_key_calls \
         SELECT company_id, id, date_trunc('hour', now()), 1214, now() FROM api_keys WHERE id = {key}; \
         UPDATE companies SET time_zone = 'Asia/Kolkata'",
    ));
    let page = app.admin().get("/settings/integrations");
    let tail = &app.larkspur.production_key.text[35..];
    assert!(page.text().contains(&format!(
        "Revoked key <code>…{tail}</code>: 1,214 calls since "
    )));
    app.user(&app.solo_tea, "other@solotea.example", Role::Admin);
    let mut other = Person::new(&app);
    other.sign_in("other@solotea.example", PASSWORD);
    assert!(!other.get("/settings/integrations").text().contains(tail));
}

#[test]
fn pages_that_cannot_be_shown_name_the_call() {
    let app = TestApp::start();
    let mut ada = app.admin();
    for path in ["/nowhere", "/settings/nowhere", "/static/nowhere.css"] {
        assert_eq!(ada.get(path).status, 404, "{path}");
    }
    let answer = ada.get("/settings/nowhere");
    assert!(answer.text().contains(&answer.request_id().to_string()));
    let unreadable = app
        .visitor()
        .call("POST", "/sign-in")
        .json(&serde_json::json!({}));
    let answer = unreadable.header("sec-fetch-site", "same-origin").send();
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("The form could not be read"));
    let answer = app
        .visitor()
        .call("PUT", "/sign-in")
        .header("sec-fetch-site", "none")
        .send();
    assert_eq!(answer.status, 405);
    assert!(answer.text().contains(&answer.request_id().to_string()));
}

#[test]
fn without_sessions_the_store_is_away_and_the_page_says_so() {
    let app = TestApp::start();
    let mut ada = app.admin();
    app.execute("ALTER TABLE sessions RENAME TO elsewhere");
    // The one cannot be loaded, the other cannot be ended.
    for answer in [
        ada.get("/settings"),
        ada.get("/r/1"),
        ada.clone().post("/sign-out", &[]),
    ] {
        assert_eq!(answer.status, 503);
        assert_eq!(answer.header("retry-after"), Some("5"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(answer.header("content-security-policy").is_some());
        assert!(answer.header("strict-transport-security").is_some());
        assert!(answer.text().contains("The store does not answer"));
        assert!(answer.text().contains(&answer.request_id().to_string()));
    }
    app.execute("ALTER TABLE elsewhere RENAME TO sessions");
    assert!(ada.is_signed_in());
}

#[test]
fn pages_for_everybody_are_shown_also_when_nobody_can_be_recognised() {
    let app = TestApp::start();
    let mut ada = app.admin();
    for table in ["sessions", "users"] {
        app.execute(&format!("ALTER TABLE {table} RENAME TO elsewhere"));
        for path in ["/errors", "/errors/invalid_brand", "/docs", "/sign-in"] {
            let answer = ada.get(path);
            assert_eq!(answer.status, 200, "{table}: {path}");
            assert!(!answer.text().contains("Ada Osei"), "{path}");
            assert_eq!(answer.header("set-cookie"), None, "{path}");
        }
        app.execute(&format!("ALTER TABLE elsewhere RENAME TO {table}"));
    }
    assert!(ada.get("/errors").text().contains("Sign out"));
    assert!(ada.is_signed_in());
}
