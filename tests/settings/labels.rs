//! Channels, brands and languages: added, named, switched, and in force at once.

use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::company::{accepted, accepted_but};
use crate::support::routes;

fn codes(answer: &crate::support::Answer) -> Vec<Value> {
    match answer.status {
        200 => Vec::new(),
        _ => {
            let errors = answer.json()["errors"].as_array().unwrap().clone();
            errors.iter().map(|e| e["code"].clone()).collect()
        }
    }
}

#[test]
fn every_label_that_fails_is_ended_by_its_page_and_the_next_request_passes() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let production = app.production();
    for (field, label, page, form) in [
        (
            "/brand",
            "larkspur-outlet",
            "/settings/company-info/brands/larkspur-outlet/activation",
            vec![],
        ),
        (
            "/language",
            "de",
            "/settings/company-info/languages/de/activation",
            vec![],
        ),
        (
            "/channel",
            "phone",
            "/settings/integrations/channels/phone/integration",
            vec![],
        ),
        (
            "/brand",
            "acme-de",
            "/settings/company-info/brands/new",
            vec![("label", "acme-de"), ("name", "")],
        ),
        (
            "/language",
            "en-US",
            "/settings/company-info/languages/new",
            vec![("label", "en_us")],
        ),
        (
            "/channel",
            "voice",
            "/settings/company-info/channels/new",
            vec![
                ("label", "Voice"),
                ("name", "Telephone"),
                ("integrated", "yes"),
            ],
        ),
    ] {
        let body = accepted_but(field, label);
        assert_eq!(production.requests(&body).status, 400, "{label}");
        admin.fill_in(page, &form).location();
        let answer = production.requests(&body);
        assert_eq!(answer.status, 200, "{label}: {}", answer.text());
    }
    // Enabled, then integrated.
    let sms = accepted_but("/channel", "sms");
    admin
        .fill_in("/settings/company-info/channels/sms/activation", &[])
        .location();
    assert_eq!(
        codes(&production.requests(&sms)),
        ["channel_in_manual_mode"]
    );
    assert_eq!(app.trying_out().requests(&sms).status, 200);
    admin
        .fill_in("/settings/integrations/channels/sms/integration", &[])
        .location();
    assert_eq!(production.requests(&sms).status, 200);
}

#[test]
fn a_channel_that_is_not_enabled_is_promised_nothing_by_its_mode() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let disabled = "refused until it is enabled under Company Info";
    for verb in ["integration", "manual-mode"] {
        let page = admin.get(&format!("/settings/integrations/channels/sms/{verb}"));
        assert!(page.text().contains(disabled), "{verb}: {}", page.text());
        assert!(!page.text().contains("accepted from the next one"));
        assert!(!page.text().contains("test requests still pass"));
    }
    let page = admin.get("/settings/integrations/channels/phone/integration");
    assert!(page.text().contains("accepted from the next one"));
}

#[test]
fn what_is_switched_off_is_refused_at_once() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let production = app.production();
    let channel = "/settings/company-info/channels/email/deactivation";
    assert_eq!(production.requests(&accepted()).status, 200);
    admin.fill_in(channel, &[]).location();
    assert_eq!(
        codes(&production.requests(&accepted())),
        ["channel_not_enabled"]
    );
    // Once more is no second change.
    admin.fill_in(channel, &[]).location();
    assert_eq!(
        app.number("SELECT count(*) FROM audit_log WHERE action = 'channel.disabled'"),
        1
    );
}

#[test]
fn the_page_says_beforehand_what_it_would_refuse_and_unblock() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let production = app.production();
    for _ in 0..14 {
        assert_eq!(production.requests(&accepted()).status, 200);
    }
    for body in [
        accepted_but("/brand", "acme-de"),
        accepted_but("/brand", "ACME_de"),
    ] {
        assert_eq!(production.requests(&body).status, 400);
    }
    // Another fault as well: a brand alone does not unblock it.
    let two = accepted_but("/brand", "acme-de");
    let two = crate::support::company::with(two, "/channel", "fax");
    assert_eq!(production.requests(&two).status, 400);

    let page = admin.get("/settings/company-info/brands/larkspur/deactivation");
    let page = page.text();
    assert!(
        page.contains("This would refuse about 2 requests a day"),
        "{page}"
    );
    assert!(page.contains("from 1 key: Production …"), "{page}");
    let page = admin.get("/settings/company-info/brands/new?label=acme-de");
    let page = page.text();
    assert!(
        page.contains("This unblocks 2 requests in seven days"),
        "{page}"
    );
    assert!(page.contains("value=\"acme-de\""));
    let page = admin.get("/settings/company-info/brands/larkspur-kids/deactivation");
    assert!(page.text().contains("No request of the last seven days"));
}

#[test]
fn an_effect_told_from_the_newest_requests_alone_says_so() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let mut told = |requests: u32| {
        app.execute(&format!(
            "INSERT INTO request_findings \
             SELECT {}, now() - n * interval '1 ms', gen_random_uuid(), 0, 128, 80, '/brand', \
                    'acme-de', 2, {} FROM generate_series(1, {requests}) AS n",
            app.larkspur.id, app.larkspur.production_key.id
        ));
        let path = |label| format!("/settings/company-info/brands/new?label={label}");
        ["acme-de", "acme-fr"].map(|label| admin.get(&path(label)).text().to_owned())
    };
    let [sent, not_sent] = told(19_999);
    assert!(sent.contains("This unblocks about 2,857 requests a day"));
    assert!(sent.contains("From the requests of the last seven days."));
    assert!(not_sent.contains("No request of the last seven days would have come out otherwise."));
    let [sent, not_sent] = told(1);
    assert!(sent.contains("From the newest 20,000 requests with this error."));
    let none = "None of the newest 20,000 requests with this error would have come out otherwise.";
    assert!(not_sent.contains(none));
}

#[test]
fn a_second_brand_is_announced_as_the_end_of_requests_without_one() {
    let app = TestApp::start();
    app.user(
        &app.solo_tea,
        "admin@solotea.example",
        api_status_page::domain::user::Role::Admin,
    );
    let mut admin = crate::support::people::Person::new(&app);
    admin.sign_in("admin@solotea.example", crate::support::people::PASSWORD);
    let sender = app.sender(&app.solo_tea.production_key);
    let body = json!({"employee": {"custom_id": "S-1"}, "channel": "email",
                      "customer": {"email": "jane@customer.example"}});
    for _ in 0..7 {
        assert_eq!(sender.requests(&body).status, 200);
    }
    let page = admin.get("/settings/company-info/brands/new?label=second");
    assert!(
        page.text()
            .contains("This would refuse about 1 request a day"),
        "{}",
        page.text()
    );
}

#[test]
fn a_label_is_judged_before_it_is_added() {
    let app = TestApp::start();
    let mut admin = app.admin();
    for (kind, label, words) in [
        ("brands", "", "Type the label"),
        ("brands", "~none", "cannot begin with ~"),
        (
            "brands",
            "LARKSPUR_kids",
            "There is a brand larkspur-kids already.",
        ),
        ("channels", "E-Mail ", "saved"),
        ("languages", "french", "no language tag"),
        ("languages", "DE", "There is a language de already."),
    ] {
        let path = format!("/settings/company-info/{kind}/new");
        let answer = admin.fill_in(&path, &[("label", label)]);
        match words {
            "saved" => assert_eq!(answer.status, 303),
            words => {
                assert_eq!(answer.status, 422, "{label}");
                assert!(answer.text().contains(words), "{label}: {}", answer.text());
            }
        }
    }
    let page = admin.get("/settings/company-info/languages/new");
    assert!(
        page.text()
            .contains("<option value=\"pt-BR\">Portuguese (Brazil)</option>")
    );
    let strange = "north/west? & co.";
    let path = "/settings/company-info/brands/new";
    admin.fill_in(path, &[("label", strange)]).location();
    let page = admin.get("/settings/company-info");
    let address = "/settings/company-info/brands/north%2Fwest%3F%20%26%20co./deactivation";
    assert!(page.text().contains(address), "{}", page.text());
    admin.fill_in(address, &[]).location();
    let sent = app.production().requests(&accepted_but("/brand", strange));
    assert_eq!(codes(&sent), ["invalid_brand"]);
}

#[test]
fn a_form_sent_twice_adds_one_and_says_so_twice() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let employee = [
        ("name", "Zoe"),
        ("email", "zoe@larkspur.example"),
        ("custom_id", ""),
        ("status", "active"),
    ];
    let channel = [("label", "voice"), ("integrated", "yes")];
    for (path, form, words) in [
        (
            "/settings/company-info/brands/new",
            &[("label", "north")][..],
            "The brand north is active.",
        ),
        (
            "/settings/company-info/channels/new",
            &channel,
            "The channel voice is enabled.",
        ),
        ("/settings/employees/new", &employee, "Zoe is added."),
    ] {
        let version = admin.get(path).hidden("version").unwrap();
        let mut form = form.to_vec();
        form.push(("version", &version));
        for _ in 0..2 {
            let list = admin.post(path, &form).location().to_owned();
            assert!(admin.get(&list).text().contains(words), "{path}");
        }
    }
    // Another form with the same label is told that there is one.
    let form = [("label", "voice"), ("name", "Telephone")];
    let answer = admin.fill_in("/settings/company-info/channels/new", &form);
    assert_eq!(answer.status, 422);
    let made = "SELECT count(*) FROM audit_log WHERE action LIKE '%.created'";
    assert_eq!(app.number(made), 3);
}

#[test]
fn names_change_and_labels_do_not() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let path = "/settings/company-info/brands/larkspur/name";
    admin
        .fill_in(path, &[("name", "Larkspur & Sons")])
        .location();
    let page = admin.get("/settings/company-info");
    assert!(page.text().contains("Larkspur &#38; Sons"));
    assert_eq!(app.production().requests(&accepted()).status, 200);
    assert_eq!(admin.fill_in(path, &[("name", " ")]).status, 422);
    for address in [
        "/settings/company-info/brands/nobody/name",
        "/settings/company-info/moods/larkspur/name",
        "/settings/company-info/brands/larkspur/integration",
        "/settings/integrations/brands/larkspur/integration",
    ] {
        assert_eq!(admin.get(address).status, 404, "{address}");
    }
}

#[test]
fn the_second_switch_of_one_brand_is_told() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let path = "/settings/company-info/brands/larkspur/deactivation";
    let seen = admin.get(path).hidden("version").unwrap();
    admin.fill_in(path, &[]).location();
    let back = "/settings/company-info/brands/larkspur/activation";
    admin.fill_in(back, &[]).location();
    let answer = admin.post(path, &[("version", &seen)]);
    assert_eq!(answer.status, 409);
    assert!(answer.text().contains("Nothing was saved"));
    assert_eq!(app.production().requests(&accepted()).status, 200);
}

/// An address of the table with a NUL for whatever it names.
fn with_nul(address: &str, kind: &str) -> String {
    let fill = |segment: &str| {
        let place = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'));
        let Some(place) = place else {
            return segment.to_owned();
        };
        let (name, choices) = place.split_once(':').unwrap_or((place, place));
        match name {
            "kind" => kind.to_owned(),
            "verb" => choices.split('|').next().unwrap().to_owned(),
            _ => "a%00b".to_owned(),
        }
    };
    let segments: Vec<String> = address.split('/').map(fill).collect();
    segments.join("/")
}

#[test]
fn what_no_database_would_take_is_nobody_s_label_or_name() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let nul = "a\0b";
    let names = [
        "q",
        "label",
        "target",
        "name",
        "email",
        "custom_id",
        "status",
        "about",
        "return_to",
    ];
    let query: Vec<String> = names.iter().map(|name| format!("{name}=a%00b")).collect();
    let query = query.join("&");
    let form = names.map(|name| (name, nul));
    let mut addresses = routes::settings();
    addresses.retain(|address| !address.ends_with("/sign-out-everywhere"));
    for kind in ["channels", "brands", "languages"] {
        for address in &addresses {
            let path = with_nul(address, kind);
            let looked = admin.get(&format!("{path}?{query}")).status;
            assert!(looked < 500, "{path}: {looked}");
            let sent = admin.post(&path, &form).status;
            assert!(sent < 500, "{path}: {sent}");
        }
        let new = format!("/settings/company-info/{kind}/new");
        assert_eq!(admin.post(&new, &[("label", nul)]).status, 422);
        let alias = format!("/settings/company-info/{kind}/aliases/new");
        for (label, target) in [(nul, "email"), ("word", nul)] {
            let form = [("label", label), ("target", target)];
            assert_eq!(admin.post(&alias, &form).status, 422);
        }
    }
    assert!(admin.is_signed_in());
    let found = admin.get("/settings/employees?q=%00");
    assert_eq!(found.status, 200);
    assert!(!found.text().contains("ada.osei"), "{}", found.text());
}
