//! Pages to which no address alone leads: each is reached as people reach it, and looked at by
//! axe-core.

use api_status_page::clock::Clock;
use api_status_page::domain::request::RequestId;
use api_status_page::domain::user::Role;
use chrono::{DateTime, TimeDelta, Utc};

use crate::accessibility::{inject_axe, look_at};
use crate::chromium::Chromium;
use crate::journey::{ROOT, sign_in};
use crate::support::company::{accepted_but, with};
use crate::support::{Cluster, TestApp, TestStore, eventually};

const EMAIL: &str = "admin@larkspur.example";

/// What comes of forms, what others decided meanwhile, and what is still going on.
pub fn accessible(browser: &Chromium) {
    let app = TestApp::start();
    let mut admin = app.admin();
    let base = format!("http://{}", app.address);
    let go = |address: &str| browser.go(&format!("{base}{address}"));
    let outlet = accepted_but("/brand", "larkspur-outlet");
    let ids: Vec<String> = (0..20)
        .map(|_| app.production().requests(&outlet).request_id().to_string())
        .collect();
    app.production()
        .requests(&accepted_but("/brand", "nobodys"));
    let activation = "/settings/company-info/brands/larkspur-outlet/activation";
    assert_eq!(admin.fill_in(activation, &[]).status, 303);
    inject_axe(browser);
    sign_in(browser, &base);
    let mut broken = Vec::new();
    let mut look = |what: &str| broken.extend(look_at(browser, what));

    go("/settings/integrations/keys/new");
    browser.fill("name", "Zendesk");
    browser.click("main form .button.primary");
    browser.sees("h1", "The key Zendesk");
    look("a key that was made");
    let sam = app.invited(&app.larkspur, "sam@larkspur.example", Role::Support);
    go(&format!("/settings/users/{sam}"));
    browser.click_text("Make a link");
    browser.sees("h1", "A link for");
    look("a one-time link");

    go(&format!("{ROOT}/simulator"));
    let slips = with(accepted_but("/brand", "larkspur-kid"), "/tags", "one");
    browser.paste("body", &slips.to_string());
    browser.click_text("Simulate");
    browser.sees("#corrected", "every suggestion taken");
    look("a body that would be refused");
    browser.click_text("Simulate this one");
    browser.sees(".simulated", "It would be refused: 1 error");
    look("a body with every suggestion taken");

    let asking = |id: &str| format!("{ROOT}/resubmissions?id={id}");
    go(&asking(&ids[0]));
    browser.sees(".notice.good", "Sends 1 request again.");
    look("before a request is sent again");
    let sent = admin.post(&format!("{ROOT}/resubmissions"), &[("id", &ids[0])]);
    assert_eq!(sent.status, 303);
    browser.click("main form .button.primary");
    browser.sees(".notice.sender", "It was not sent.");
    look("a request that was sent meanwhile");
    go(&format!("{}&id={}", asking(&ids[0]), ids[1]));
    browser.sees(".notice.either", "1 request left out.");
    look("before some of the requests are sent again");

    go(&format!("{ROOT}/invalid-requests/causes"));
    let form = |name: &str| {
        let field = format!("return document.querySelector('.decide [name={name}]').value");
        browser.ask(&field).as_str().unwrap().to_owned()
    };
    let shown = [form("reason"), form("value")];
    let fields = [("reason", &*shown[0]), ("value", &*shown[1])];
    let decided = admin.post(&format!("{ROOT}/causes/acknowledgement"), &fields);
    assert_eq!(decided.status, 303);
    browser.click(".decide summary");
    browser.click(".decide form[action$=ignoring] button");
    browser.sees(".notice.sender", "decided about this");
    look("a cause about which was decided meanwhile");

    go(&goes_on(&app));
    browser.sees("[role=status]", "0 of about 20 checked");
    // What has the focus is not renewed under the eyes of axe-core.
    browser.ask("document.querySelector('[data-renew] form button').focus()");
    look("a run that goes on");
    eventually("the alert opens", || {
        (app.number("SELECT count(*) FROM alerts") == 1).then_some(())
    });
    go(&format!("{ROOT}/invalid-requests"));
    browser.sees(".alert-line", "Alert open since");
    browser.sees(".selection", "Checking: 0 of about 20");
    look("an open alert");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The page of a run on which no node works.
pub fn goes_on(app: &TestApp) -> String {
    let (now, day) = (Clock::system().now(), TimeDelta::days(1));
    let id = RequestId::new(now);
    let time = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    app.execute(&format!(
        "INSERT INTO bulk_runs (company_id, id, kind, user_id, actor, tab, filter, total, \
                                settings_version, state, claimed_until) \
         VALUES ({}, '{id}', 1, 1, 'Grace Hopper', 1, 'from={}&to={}', 20, 1, 1, '2100-01-01')",
        app.larkspur.id,
        time(now - day),
        time(now)
    ));
    format!("{ROOT}/runs/{id}")
}

/// A list that is read on a standby which lags.
pub fn accessible_when_behind(browser: &Chromium) {
    let primary = Cluster::alone();
    let standby = primary.standby();
    let store = TestStore::database_in(&primary);
    let database = &store.rows("SELECT current_database() AS name")[0]["name"];
    let url = standby.url(database.as_str().unwrap(), "");
    let app = TestApp::with_standby(&store, &url);
    app.user(&store.larkspur, EMAIL, Role::Admin);
    let base = format!("http://{}", app.address);
    inject_axe(browser);
    sign_in(browser, &base);
    standby.execute(&["SELECT pg_wal_replay_pause()"]);
    eventually("the page says its age", || {
        let bad = accepted_but("/brand", "nowhere");
        app.production().requests(&bad);
        browser.go(&format!("{base}{ROOT}/invalid-requests"));
        let is_said = browser.ask("return !!document.querySelector('.as-of')");
        (is_said == true).then_some(())
    });
    let broken = look_at(browser, "a list that lags");
    standby.execute(&["SELECT pg_wal_replay_resume()"]);
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
