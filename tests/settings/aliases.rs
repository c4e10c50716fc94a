//! Aliases: a word of the sender's is read as a label of the company's, and the cause is ended.

use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::company::{accepted, accepted_but, with};
use crate::support::page::Page;
use crate::support::people::Person;

const COMPANY_INFO: &str = "/settings/company-info";

fn add(admin: &mut Person, kind: &str, label: &str, target: &str) {
    let path = format!("{COMPANY_INFO}/{kind}/aliases/new");
    let form = [("label", label), ("target", target)];
    admin.fill_in(&path, &form).location();
}

#[test]
fn a_word_of_the_sender_s_is_read_as_a_label_from_the_next_request_on() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let production = app.production();
    for (field, kind, sent, label) in [
        ("/channel", "channels", "voice", "chat"),
        ("/brand", "brands", "Larkspur Kids", "larkspur-kids"),
        ("/language", "languages", "en-UK", "en"),
    ] {
        let body = accepted_but(field, sent);
        assert_eq!(production.requests(&body).status, 400, "{sent}");
        add(&mut admin, kind, sent, label);
        let answer = production.requests(&body);
        assert_eq!(answer.status, 200, "{sent}: {}", answer.text());
        // The answer is the public one: labels as sent, and no warning, for nothing is amiss.
        assert_eq!(answer.json()[&field[1..]], sent);
        assert_eq!(answer.header("x-request-warnings"), None);
        // Written differently it is the same word.
        let shouted = sent.to_uppercase().replace('-', "_");
        let answer = production.requests(&accepted_but(field, shouted));
        assert_eq!(answer.status, 200);
        // Both are kept.
        let column = &field[1..];
        let rows = app.rows(&format!(
            "SELECT {column}_sent AS sent, {column} AS found FROM requests \
             WHERE error_mask = 0 AND {column}_sent = '{sent}'"
        ));
        assert_eq!(rows, [json!({"sent": sent, "found": label})]);
        // And it is counted as what it was read as.
        let counted = app.number(&format!(
            "SELECT coalesce(sum(count), 0)::bigint FROM request_count_deltas \
             WHERE error_mask = 0 AND {column} = '{label}'"
        ));
        assert!(counted >= 2, "{sent}: {counted}");
    }
}

#[test]
fn an_alias_is_one_step_and_never_takes_the_place_of_a_label() {
    let app = TestApp::start();
    let mut admin = app.admin();
    add(&mut admin, "channels", "voice", "chat");
    let path = format!("{COMPANY_INFO}/channels/aliases/new");
    for (label, target, words) in [
        ("Phone", "chat", "There is a channel phone"),
        ("VOICE", "email", "This is treated as chat already"),
        ("tel", "voice", "Choose one of the channels"),
        ("tel", "nowhere", "Choose one of the channels"),
        ("tel", "", "Choose one of the channels"),
        (" ", "chat", "Type the label"),
        ("~none", "chat", "cannot begin with ~"),
    ] {
        let answer = admin.fill_in(&path, &[("label", label), ("target", target)]);
        assert_eq!(answer.status, 422, "{label} as {target}");
        assert!(answer.text().contains(words), "{label}: {}", answer.text());
    }
    // The same once more, as a double click sends it, changes nothing and says what is.
    add(&mut admin, "channels", "voice", "chat");
    assert_eq!(app.number("SELECT count(*) FROM label_aliases"), 1);
    let created = "SELECT count(*) FROM audit_log WHERE action = 'alias.created'";
    assert_eq!(app.number(created), 1);
}

#[test]
fn a_label_added_later_counts_before_the_alias_and_the_pages_say_so() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let production = app.production();
    let voice = accepted_but("/channel", "voice");
    add(&mut admin, "channels", "voice", "chat");
    assert_eq!(production.requests(&voice).status, 200);
    let path = format!("{COMPANY_INFO}/channels/new?label=Voice");
    let page = Page(admin.get(&path).text().to_owned()).words();
    assert!(page.contains("voice is an alias of chat now"), "{page}");
    assert!(
        page.contains("This would refuse 1 request in seven days from 1 key: Production"),
        "{page}"
    );
    // Typed by hand, nothing was said of it before: it is said, and saved when it is sent again.
    let path = format!("{COMPANY_INFO}/channels/new");
    let answer = admin.fill_in(&path, &[("label", "Voice")]);
    assert_eq!(answer.status, 422);
    let page = Page(answer.text().to_owned()).words();
    assert!(page.contains("Nothing is saved yet"), "{page}");
    assert!(
        page.contains("This would refuse 1 request in seven days"),
        "{page}"
    );
    assert_eq!(production.requests(&voice).status, 200);
    let told = answer.hidden("told").unwrap();
    let form = [("label", "Voice"), ("told", &told)];
    admin.fill_in(&path, &form).location();
    // The channel's own rules hold: it begins in manual mode.
    assert_eq!(production.requests(&voice).status, 400);
    assert_eq!(app.trying_out().requests(&voice).status, 200);
    let found = "SELECT channel FROM requests ORDER BY received_at DESC, id DESC LIMIT 1";
    assert_eq!(app.rows(found), [json!({"channel": "Voice"})]);
    let page = Page(admin.get(COMPANY_INFO).text().to_owned()).words();
    assert!(
        page.contains("rests: there is a channel of this label"),
        "{page}"
    );
}

#[test]
fn what_an_alias_would_do_is_said_before_it_is_added_and_before_it_is_removed() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let production = app.production();
    for _ in 0..14 {
        assert_eq!(
            production
                .requests(&accepted_but("/brand", "Larkspur Kids"))
                .status,
            400
        );
    }
    // Another fault as well: the alias alone does not end it.
    let two = with(accepted_but("/brand", "Larkspur Kids"), "/channel", "fax");
    assert_eq!(production.requests(&two).status, 400);
    let path = format!("{COMPANY_INFO}/brands/aliases/new");
    let asked = format!("{path}?label=Larkspur+Kids&target=larkspur-kids");
    let page = admin.get(&asked);
    assert!(
        page.text().contains("This unblocks about 2 requests a day"),
        "{}",
        page.text()
    );
    assert!(page.text().contains("from 1 key: Production …"));
    let page = admin.get(&format!(
        "{path}?label=Larkspur+Kids&target=larkspur-outlet"
    ));
    assert!(
        page.text().contains("No request of the last seven days"),
        "{}",
        page.text()
    );

    add(&mut admin, "brands", "Larkspur Kids", "larkspur-kids");
    for _ in 0..7 {
        assert_eq!(
            production
                .requests(&accepted_but("/brand", "larkspur kids"))
                .status,
            200
        );
        assert_eq!(
            production
                .requests(&accepted_but("/brand", "larkspur-kids"))
                .status,
            200
        );
    }
    let path = format!("{COMPANY_INFO}/brands/aliases/Larkspur%20Kids/removal");
    let page = admin.get(&path);
    assert!(
        page.text()
            .contains("This would refuse about 1 request a day"),
        "{}",
        page.text()
    );
    assert!(admin.get(COMPANY_INFO).text().contains(&path));
    admin.fill_in(&path, &[]).location();
    assert_eq!(
        production
            .requests(&accepted_but("/brand", "Larkspur Kids"))
            .status,
        400
    );
    assert_eq!(
        production
            .requests(&accepted_but("/brand", "larkspur-kids"))
            .status,
        200
    );
    // Once more does no harm, and there is nothing left to ask about.
    admin.post(&path, &[("version", "1")]).location();
    assert_eq!(admin.get(&path).status, 404);
    assert_eq!(
        app.number("SELECT count(*) FROM audit_log WHERE action = 'alias.removed'"),
        1
    );
}

#[test]
fn the_end_of_an_alias_that_lets_nothing_in_refuses_nothing() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let production = app.production();
    add(&mut admin, "channels", "voice", "chat");
    add(&mut admin, "brands", "kids", "larkspur-kids");
    for body in [
        accepted_but("/channel", "voice"),
        accepted_but("/brand", "kids"),
    ] {
        assert_eq!(production.requests(&body).status, 200);
    }
    let [voice, kids] = [("channels", "voice"), ("brands", "kids")]
        .map(|(kind, label)| format!("{COMPANY_INFO}/{kind}/aliases/{label}/removal"));
    for path in [&voice, &kids] {
        let page = admin.get(path);
        assert!(page.text().contains("This would refuse 1 request"));
    }
    // One rests from now on, and what the other means is switched off.
    let channel = [("label", "voice"), ("integrated", "yes")];
    admin
        .fill_in(&format!("{COMPANY_INFO}/channels/new"), &channel)
        .location();
    admin
        .fill_in(
            &format!("{COMPANY_INFO}/brands/larkspur-kids/deactivation"),
            &[],
        )
        .location();
    for path in [&voice, &kids] {
        let page = admin.get(path);
        assert!(
            !page.text().contains("would refuse"),
            "{path}: {}",
            page.text()
        );
    }
}

#[test]
fn a_finding_with_a_suggestion_offers_the_alias_and_the_request_says_how_it_was_read() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let body = accepted_but("/brand", "Larkspur Kids");
    let id = app.production().requests(&body).request_id();
    let here = format!("/settings/integrations/api-status/requests/{id}");
    let page = Page(admin.get(&here).text().to_owned());
    let address = page.link("Treat Larkspur Kids as larkspur-kids").unwrap();
    assert!(page.link("Add Larkspur Kids as a brand").is_some());
    let form = [("label", "Larkspur Kids"), ("target", "larkspur-kids")];
    assert_eq!(admin.fill_in(&address, &form).location(), here);
    let page = admin.get(&here);
    assert!(
        page.text().contains("This request would pass now."),
        "{}",
        page.text()
    );
    assert!(!page.text().contains("aliases/new"));

    let id = app.production().requests(&body).request_id();
    let page = admin.get(&format!("/settings/integrations/api-status/requests/{id}"));
    let words = Page(page.text().to_owned()).words();
    assert!(
        words.contains("Larkspur Kids read as larkspur-kids by an alias"),
        "{words}"
    );
    // What differs in spelling alone was read by no alias.
    let id = app
        .production()
        .requests(&accepted_but("/brand", "LARKSPUR_kids"))
        .request_id();
    let page = admin.get(&format!("/settings/integrations/api-status/requests/{id}"));
    assert!(!page.text().contains("by an alias"));
}

#[test]
fn without_a_suggestion_the_admin_picks_and_support_gets_words_for_both_ways() {
    let app = TestApp::start();
    let (mut admin, mut support) = (app.admin(), app.support());
    let body = accepted_but("/channel", "voice");
    let id = app.production().requests(&body).request_id();
    let here = format!("/settings/integrations/api-status/requests/{id}");
    let page = Page(admin.get(&here).text().to_owned());
    let address = page.link("Treat voice as another one …").unwrap();
    let form = admin.get(&address);
    assert!(form.text().contains("value=\"voice\""), "{}", form.text());
    assert!(
        form.text()
            .contains("<option value=\"phone\">phone (manual mode)")
    );
    let filled_in = [("label", "voice"), ("target", "chat")];
    assert_eq!(admin.fill_in(&address, &filled_in).location(), here);

    let body = accepted_but("/language", "en-US");
    let id = app.production().requests(&body).request_id();
    let page = support.get(&format!("/settings/integrations/api-status/requests/{id}"));
    let page = page.text();
    assert!(page.contains("Ask an admin: Treat en-US as en"), "{page}");
    let alias = "https://status.example/settings/company-info/languages/aliases/new?label=en-US&#38;target=en";
    assert!(
        page.contains(&format!("Treat en-US as en, please: {alias}")),
        "{page}"
    );
    assert!(page.contains("Or: Add en-US as a language: "));
    assert!(!page.contains("return_to="));
}

#[test]
fn an_alias_of_a_channel_in_manual_mode_is_offered_to_test_requests_alone() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let body = accepted_but("/channel", "phon");
    for (sender, offered) in [
        (app.production(), "Treat phon as another one …"),
        (app.trying_out(), "Treat phon as phone"),
    ] {
        let id = sender.requests(&body).request_id();
        let page = admin.get(&format!("/settings/integrations/api-status/requests/{id}"));
        let page = Page(page.text().to_owned());
        assert!(page.link(offered).is_some(), "{}", page.words());
    }
}

#[test]
fn an_alias_of_a_label_that_is_off_is_refused_as_that_label_is() {
    let app = TestApp::start();
    let mut admin = app.admin();
    add(&mut admin, "brands", "outlet", "larkspur-outlet");
    let answer = app.production().requests(&accepted_but("/brand", "outlet"));
    assert_eq!(answer.json()["errors"][0]["variant"], "inactive");
    assert_eq!(answer.json()["errors"][0]["value"], "outlet");
    let id = answer.request_id();
    let here = format!("/settings/integrations/api-status/requests/{id}");
    let page = Page(admin.get(&here).text().to_owned());
    assert!(
        page.words().contains("Same cause: no others in 7 days"),
        "{}",
        page.words()
    );
    // The list of the cause finds it by what was sent.
    let list = page.link("Same cause").unwrap();
    assert_eq!(
        Page(admin.get(&list).text().to_owned()).ids(),
        [id.to_string()]
    );
    let address = page.link("Activate larkspur-outlet").unwrap();
    assert_eq!(admin.fill_in(&address, &[]).location(), here);
    assert_eq!(
        app.production()
            .requests(&accepted_but("/brand", "outlet"))
            .status,
        200
    );
}

#[test]
fn a_filter_by_an_alias_finds_those_refused_before_and_those_read_since() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let sender = app.trying_out();
    let voice = accepted_but("/channel", "voice");
    let refused = sender.requests(&voice).request_id().to_string();
    add(&mut admin, "channels", "voice", "chat");
    let read = sender.requests(&voice).request_id().to_string();
    sender.requests(&accepted_but("/channel", "chat"));
    let list = |admin: &mut Person, channel: &str| {
        let path = "/settings/integrations/api-status/test-requests";
        Page(
            admin
                .get(&format!("{path}?channel={channel}"))
                .text()
                .to_owned(),
        )
        .ids()
    };
    assert_eq!(list(&mut admin, "voice"), [read.clone(), refused]);
    let chat = list(&mut admin, "chat");
    assert!(chat.len() == 2 && chat.contains(&read), "{chat:?}");
}

#[test]
fn aliases_are_in_the_audit_log_and_support_sees_them_without_a_button() {
    let app = TestApp::start();
    let (mut admin, mut support) = (app.admin(), app.support());
    add(&mut admin, "channels", "voice", "chat");
    let page = admin.get("/settings/audit-log?about=alias");
    let words = Page(page.text().to_owned()).words();
    assert!(words.contains("Alias created voice"), "{words}");
    assert!(words.contains("read as: chat"), "{words}");
    let page = support.get(COMPANY_INFO);
    let words = Page(page.text().to_owned()).words();
    assert!(words.contains("voice chat"), "{words}");
    assert!(!page.text().contains("/aliases/"));
    for path in ["channels/aliases/new", "channels/aliases/voice/removal"] {
        let path = format!("{COMPANY_INFO}/{path}");
        assert_eq!(support.get(&path).status, 403, "{path}");
        assert_eq!(support.post(&path, &[("label", "x")]).status, 403, "{path}");
    }
}

#[test]
fn the_second_of_two_admins_is_told_that_the_alias_changed() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let path = format!("{COMPANY_INFO}/channels/aliases/voice/removal");
    add(&mut admin, "channels", "voice", "chat");
    let seen = admin.get(&path).hidden("version").unwrap();
    admin.fill_in(&path, &[]).location();
    add(&mut admin, "channels", "voice", "email");
    // Another alias by now: the old page asks about one that is gone.
    let answer = admin.post(&path, &[("version", &seen)]);
    assert_eq!(answer.status, 409);
    assert!(answer.text().contains("Nothing was saved"));
    assert_eq!(app.number("SELECT count(*) FROM label_aliases"), 1);
}

#[test]
fn another_company_s_aliases_are_nobody_else_s() {
    let app = TestApp::start();
    let mut admin = app.admin();
    add(&mut admin, "channels", "voice", "chat");
    let body = json!({"employee": {"custom_id": "S-1"}, "channel": "voice",
                      "customer": {"email": "jane@customer.example"}});
    let sender = app.sender(&app.solo_tea.production_key);
    let answer: Value = sender.requests(&body).json().clone();
    assert_eq!(answer["errors"][0]["code"], "channel_not_enabled");
    assert_eq!(app.production().requests(&accepted()).status, 200);
}
