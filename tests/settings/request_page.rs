//! The way from an error to its end: from the request's page to the control and back.

use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::company::{accepted, accepted_but};
use crate::support::page::Page;
use crate::support::people::Person;

/// The address of the button with these words.
#[track_caller]
fn button(page: &str, words: &str) -> String {
    let page = page.replace("\"button primary\"", "\"button\"");
    let page = page.replace("\"button plain\"", "\"button\"");
    let buttons = page.split("<a class=\"button\" href=\"").skip(1);
    let marks = ["<span>", "</span>", "<code>", "</code>"];
    let plain = |html: &str| {
        let without = |html: String, mark: &&str| html.replace(mark, "");
        marks.iter().fold(html.to_owned(), without)
    };
    let found = buttons
        .filter_map(|rest| rest.split_once("\">"))
        .find(|(_, rest)| plain(rest.split("</a>").next().unwrap()) == words);
    let (address, _) = found.unwrap_or_else(|| panic!("no button {words}: {page}"));
    address.replace("&#38;", "&")
}

#[track_caller]
fn end(app: &TestApp, admin: &mut Person, body: &Value, words: &str, form: &[(&str, &str)]) {
    let production = app.production();
    let refused = production.requests(body);
    assert_eq!(refused.status, 400, "{words}");
    let id = refused.request_id();
    let here = format!("/settings/integrations/api-status/requests/{id}");
    let page = admin.get(&here);
    let address = button(page.text(), words);
    let saved = admin.fill_in(&address, form);
    assert_eq!(saved.location(), here, "{words}");
    let page = admin.get(&here);
    assert!(
        page.text().contains("This request would pass now."),
        "{words}: {}",
        page.text()
    );
    assert!(page.text().contains("role=\"status\""), "{words}");
    assert!(
        !page.text().contains(&format!("href=\"{address}")),
        "{words}"
    );
    assert_eq!(production.requests(body).status, 200, "{words}");
}

#[test]
fn each_error_that_settings_end_is_ended_from_its_request() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let employee = |email: &str| accepted_but("/employee", json!({"email": email}));
    let chen = employee("chen.wei@larkspur.example");
    end(
        &app,
        &mut admin,
        &chen,
        "Approve chen.wei@larkspur.example",
        &[],
    );
    let ben = employee("ben.ruiz@larkspur.example");
    end(
        &app,
        &mut admin,
        &ben,
        "Reactivate ben.ruiz@larkspur.example",
        &[],
    );
    let zoe = employee("zoe@larkspur.example");
    let form = [
        ("name", "Zoe"),
        ("email", "zoe@larkspur.example"),
        ("status", "active"),
    ];
    end(&app, &mut admin, &zoe, "Add this employee", &form);
    let new = accepted_but("/employee", json!({"custom_id": "X & 1"}));
    let form = [("name", "X"), ("custom_id", "X & 1"), ("status", "active")];
    end(&app, &mut admin, &new, "Add this employee", &form);
    let phone = accepted_but("/channel", "phone");
    end(&app, &mut admin, &phone, "Switch phone to integrated", &[]);
    let voice = accepted_but("/channel", "voice");
    let form = [("label", "voice"), ("integrated", "yes")];
    end(&app, &mut admin, &voice, "Add voice as a channel", &form);
    let outlet = accepted_but("/brand", "larkspur-outlet");
    end(&app, &mut admin, &outlet, "Activate larkspur-outlet", &[]);
    let acme = accepted_but("/brand", "Acme DE");
    end(
        &app,
        &mut admin,
        &acme,
        "Add Acme DE as a brand",
        &[("label", "Acme DE")],
    );
    let german = accepted_but("/language", "de");
    end(&app, &mut admin, &german, "Activate de", &[]);
    let english = accepted_but("/language", "en-US");
    end(
        &app,
        &mut admin,
        &english,
        "Add en-US as a language",
        &[("label", "en-US")],
    );
}

#[test]
fn who_was_meant_is_said_to_those_who_signed_in_and_never_to_the_sender() {
    let app = TestApp::start();
    let (mut admin, mut support) = (app.admin(), app.support());
    let slip = accepted_but("/employee", json!({"email": "Ada.Osie@larkspur.example"}));
    let refused = app.production().requests(&slip);
    assert!(!refused.text().contains("ada.osei"), "{}", refused.text());
    let id = refused.request_id();
    let here = format!("/settings/integrations/api-status/requests/{id}");
    let page = support.get(&here);
    let words = Page(page.text().to_owned()).words();
    assert!(
        words.contains("Did the sender mean ada.osei@larkspur.example Active"),
        "{words}"
    );
    assert!(!page.text().contains("Give them"));
    let page = Page(admin.get(&here).text().to_owned());
    let profile = page.link("Give them this e-mail").unwrap();
    let form = admin.get(&profile);
    assert!(
        form.text()
            .contains("This unblocks 1 request in seven days"),
        "{}",
        form.text()
    );
    assert!(
        form.text().contains("value=\"Ada.Osie@larkspur.example\""),
        "{}",
        form.text()
    );
    let filled_in = [
        ("name", "Ada Osei"),
        ("email", "ada.osie@larkspur.example"),
        ("custom_id", "L-1001"),
    ];
    assert_eq!(admin.fill_in(&profile, &filled_in).location(), here);
    assert!(!admin.get(&here).text().contains("Did the sender mean"));
    assert_eq!(app.production().requests(&slip).status, 200);
}

#[test]
fn two_steps_of_one_channel_follow_each_other() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let sms = accepted_but("/channel", "sms");
    let id = app.production().requests(&sms).request_id();
    let here = format!("/settings/integrations/api-status/requests/{id}");
    for words in ["Enable sms", "Switch sms to integrated"] {
        let address = button(admin.get(&here).text(), words);
        assert_eq!(admin.fill_in(&address, &[]).location(), here);
    }
    assert!(
        admin
            .get(&here)
            .text()
            .contains("This request would pass now.")
    );
}

#[test]
fn what_the_sender_must_end_has_no_button() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let body = accepted_but("/language", Value::Null);
    let id = app.production().requests(&body).request_id();
    let page = admin.get(&format!("/r/{id}")).location().to_owned();
    let page = admin.get(&page);
    assert!(!page.text().contains("return_to="));
    assert!(!page.text().contains("would pass now"));
}

#[test]
fn support_gets_words_to_send_to_an_admin_and_no_button() {
    let app = TestApp::start();
    let mut support = app.support();
    let body = accepted_but("/brand", "larkspur-outlet");
    let id = app.production().requests(&body).request_id();
    let page = support.get(&format!("/settings/integrations/api-status/requests/{id}"));
    let page = page.text();
    assert!(
        page.contains("Ask an admin: Activate larkspur-outlet"),
        "{page}"
    );
    let address = "https://status.example/settings/company-info/brands/larkspur-outlet/activation";
    assert!(
        page.contains(&format!("Activate larkspur-outlet, please: {address}")),
        "{page}"
    );
    assert!(page.contains(&format!("https://status.example/r/{id}")));
    assert!(!page.contains("return_to="));
}

#[test]
fn what_passed_then_and_would_not_now_says_so() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let id = app.production().requests(&accepted()).request_id();
    let here = format!("/settings/integrations/api-status/requests/{id}");
    assert!(!admin.get(&here).text().contains("It would be refused now"));
    admin
        .fill_in("/settings/company-info/brands/larkspur/deactivation", &[])
        .location();
    let page = admin.get(&here);
    assert!(
        page.text()
            .contains("It would be refused now:</b> 1 error: Invalid/inactive brand"),
        "{}",
        page.text()
    );
}

#[test]
fn the_way_back_never_leads_elsewhere() {
    let app = TestApp::start();
    let mut admin = app.admin();
    for elsewhere in [
        "https://evil.example/",
        "//evil.example",
        "/%5cevil.example/..//evil.example",
    ] {
        let path = "/settings/company-info/brands/larkspur-kids/deactivation";
        let page = admin.get(&format!("{path}?return_to={elsewhere}"));
        assert!(!page.text().contains("evil.example"), "{elsewhere}");
        let version = page.hidden("version").unwrap();
        let sent = admin.post(path, &[("version", &version), ("return_to", elsewhere)]);
        assert_eq!(
            sent.location(),
            "/settings/company-info#brands",
            "{elsewhere}"
        );
    }
}

#[test]
fn pages_that_sentences_name_are_links() {
    let app = TestApp::start();
    let page = app.visitor().get("/errors/channel_in_manual_mode");
    let link = "<a href=\"/settings/integrations#channels\">";
    assert!(page.text().contains(link), "{}", page.text());
}
