//! Would they pass now? Checked and simulated by everybody, sent again by admins.

use serde_json::Value;

use crate::chromium::Chromium;
use crate::journey::{ROOT, sign_in, sign_in_as};
use crate::on_the_way::goes_on;
use crate::support::company::{accepted_but, with};
use crate::support::people::PASSWORD;
use crate::support::{Person, TestApp};

use api_status_page::domain::user::Role;

/// A program with two invalid requests of an inactive brand and, before them, one of a brand that
/// nobody knows.
fn three_invalid() -> (TestApp, String) {
    let app = TestApp::start();
    app.user(&app.store().larkspur, "admin@larkspur.example", Role::Admin);
    for brand in ["nobodys", "larkspur-outlet", "larkspur-outlet"] {
        app.production().requests(&accepted_but("/brand", brand));
    }
    let base = format!("http://{}", app.address);
    (app, base)
}

/// Activates the brand of two of them.
fn activate_outlet(browser: &Chromium, base: &str) {
    let activation = "/settings/company-info/brands/larkspur-outlet/activation";
    browser.go(&format!("{base}{activation}"));
    browser.click("main form button");
    browser.sees(".notice.good", "larkspur-outlet");
}

/// Ends the cause, checks one request and then all of the list, sends what would pass again, and tries
/// one in the simulator.
pub fn checked_sent_and_simulated(browser: &Chromium) {
    let (_app, base) = three_invalid();
    sign_in(browser, &base);
    activate_outlet(browser, &base);

    browser.go(&format!("{base}{ROOT}/invalid-requests"));
    browser.click("tbody tr:nth-child(3) input[name=id]");
    browser.click_text("Check selected");
    browser.sees(".notice.good", "1 still fail for the same reason");
    browser.sees("tbody tr:nth-child(3) .chip.recheck", "same reason");

    browser.click_text("Check all 3");
    browser.sees(".figures", "2 would pass now");
    browser.sees(".actions", "Send 2 requests again");
    browser.click_text("Send 2 requests again");
    browser.sees(".notice.good", "Sends 2 requests again.");
    browser.sees(".notice.either", "1 request left out.");
    browser.click("main form .button.primary");
    browser.sees("h1", "Requests were sent again");
    browser.sees(".figures", "2 sent again");

    browser.go(&format!("{base}{ROOT}/invalid-requests"));
    browser.click("tbody tr:nth-child(2) th.received a");
    browser.sees(".notice.good", "Sent again by Ada Osei");
    browser.click_text("Try it in the simulator");
    browser.sees("h1", "Simulator");
    browser.click_text("Simulate");
    browser.sees(".simulated", "It would be accepted");
    browser.sees(".check-table caption", "5 passed");
}

/// Support learns the same, of one request, of some and of all, and is offered nothing that is an
/// admin's to do.
pub fn checked_by_support(browser: &Chromium) {
    let (app, base) = three_invalid();
    let mut admin = Person::new(&app);
    admin.sign_in("admin@larkspur.example", PASSWORD);
    let support = "support@larkspur.example";
    app.user(&app.store().larkspur, support, Role::Support);
    sign_in_as(browser, &base, support);
    let list = browser.path();
    let offers = || {
        browser
            .texts("main button, main a.button, main summary")
            .join(" · ")
    };
    let activation = "/settings/company-info/brands/larkspur-outlet/activation";
    assert_eq!(admin.fill_in(activation, &[]).status, 303);

    browser.go(&format!("{base}{list}"));
    assert!(offers().contains("Check selected"), "{}", offers());
    assert!(!offers().contains("again"), "{}", offers());
    browser.click("tbody tr:nth-child(1) th.received a");
    browser.sees(".notice.good", "This request would pass now.");
    browser.sees(".notice.good", "an admin, has to send it again");
    assert!(!offers().contains("again"), "{}", offers());
    let id = browser.text(".request-id code");

    browser.go(&format!("{base}{list}"));
    browser.click("tbody tr:nth-child(2) input[name=id]");
    browser.click("tbody tr:nth-child(3) input[name=id]");
    browser.click_text("Check selected");
    browser.sees(
        ".notice.good",
        "1 would pass now, 1 still fail for the same reason",
    );
    browser.sees("tbody tr:nth-child(2) .chip.recheck", "would pass now");
    browser.click_text("Check all 3");
    browser.sees(".figures", "2 would pass now");
    assert!(!offers().contains("Send"), "{}", offers());

    browser.go(&format!("{base}{list}/causes"));
    browser.sees(".cause-table caption", "2 causes");
    assert!(browser.texts(".decide").is_empty());
    browser.go(&format!("{base}{ROOT}/resubmissions?id={id}"));
    browser.sees(".error-page .status", "403");
}

/// What the sender should have sent is offered, copied, and accepted.
pub fn corrected_in_the_simulator(browser: &Chromium) {
    let (app, base) = three_invalid();
    let slips = accepted_but("/brand", "larkspur-kid");
    let slips = with(slips, "/langauge", "en");
    app.production()
        .requests(&with(slips, "/language", Value::Null));
    sign_in(browser, &base);
    browser.click("tbody tr:nth-child(1) th.received a");
    browser.click_text("Try it in the simulator");
    browser.sees("h1", "Simulator");
    let typed = browser.ask("return document.querySelector('[name=body]').value");
    assert!(typed.as_str().unwrap().contains("larkspur-kid"), "{typed}");
    browser.click_text("Simulate");
    browser.sees(".simulated", "It would be refused");
    let corrected = "section[aria-labelledby=corrected]";
    browser.click(&format!("{corrected} .code button"));
    browser.sees(&format!("{corrected} .code button"), "Copied");
    let copied: Value = serde_json::from_str(&browser.copied()).unwrap();
    assert_eq!(copied["brand"], "larkspur-kids");
    assert_eq!(copied["language"], "en");
    browser.click_text("Simulate this one");
    browser.sees(".simulated", "It would be accepted");
    assert_eq!(app.production().requests(&copied).status, 200);
}

/// The page of a run renews itself; what was said on it stays, and so does the focus.
pub fn followed_to_its_end(browser: &Chromium) {
    let (app, base) = three_invalid();
    goes_on(&app);
    sign_in(browser, &base);
    browser.click_text("Check all 3");
    browser.sees("main > .notice", "nothing was started");
    browser.ask("document.querySelector('.breadcrumb a').focus()");
    app.execute("UPDATE bulk_runs SET state = 3, ended_at = now()");
    browser.sees("h1", "Stopped early");
    browser.sees(".breadcrumb [aria-current]", "Stopped early");
    browser.sees("main > .notice", "nothing was started");
    let has_focus = "return document.activeElement.matches('.breadcrumb a')";
    assert_eq!(browser.ask(has_focus), true);

    // A button on it is kept while the run goes on; then the heading says that it ended.
    app.execute("UPDATE bulk_runs SET state = 1, ended_at = NULL");
    browser.go(&format!("{base}{}", browser.path()));
    browser.ask(
        "window.held = document.querySelector('[data-renew] form button'); window.held.focus();",
    );
    app.execute("UPDATE bulk_runs SET same = 7");
    browser.sees("[role=status]", "7 of about 20");
    let is_kept = "return document.activeElement === window.held";
    assert_eq!(browser.ask(is_kept), true);
    app.execute("UPDATE bulk_runs SET state = 3, ended_at = now()");
    browser.sees("h1", "Stopped early");
    let has_focus = "return document.activeElement.matches('h1')";
    assert_eq!(browser.ask(has_focus), true);
}

/// What was done in another tab meanwhile is not done once more, and nothing happens again on the way
/// back.
pub fn in_two_tabs(browser: &Chromium) {
    let (app, base) = three_invalid();
    sign_in(browser, &base);
    activate_outlet(browser, &base);
    let list = format!("{base}{ROOT}/invalid-requests");
    browser.go(&list);
    browser.click("tbody tr:nth-child(1) th.received a");
    browser.click_text("Send it again");
    browser.sees("h1", "Send this request again?");
    let ask = format!("{base}{}", browser.path());
    browser.in_another_tab(|| {
        browser.go(&ask);
        browser.click("main form .button.primary");
        browser.sees("[role=status]", "Sent again: this is the new request.");
        browser.back();
        browser.sees(".notice.either", "There is nothing to send.");
    });
    browser.click("main form .button.primary");
    browser.sees(".notice.sender", "It was not sent.");
    let sent = "SELECT count(*) FROM resubmissions";
    assert_eq!(app.number(sent), 1);

    browser.go(&list);
    for row in [1, 2, 3] {
        browser.click(&format!("tbody tr:nth-child({row}) input[name=id]"));
    }
    browser.in_another_tab(|| {
        browser.go(&list);
        browser.click("tbody tr:nth-child(2) input[name=id]");
        browser.click_text("Send selected again");
        browser.sees("h1", "Send this request again?");
        browser.click("main form .button.primary");
        browser.sees("[role=status]", "Sent again: this is the new request.");
    });
    browser.click_text("Send selected again");
    browser.sees(".notice.either", "There is nothing to send.");
    browser.click_text("Back");
    browser.sees(".tabs", "Invalid Requests 3");
    assert_eq!(app.number(sent), 2);

    browser.go(&format!("{list}/causes"));
    browser.in_another_tab(|| {
        browser.go(&format!("{list}/causes"));
        browser.click(".decide summary");
        browser.click(".decide form[action$=acknowledgement] button");
        browser.sees(".notice.good", "Acknowledged");
    });
    browser.click(".decide summary");
    browser.click(".decide form[action$=ignoring] button");
    browser.sees(".notice.sender", "You decided about this");
    browser.click_text("Leave it as it is");
    browser.sees("td.state", "Acknowledged");
    let decided = "SELECT count(*) FROM audit_log WHERE action LIKE 'cause.%'";
    assert_eq!(app.number(decided), 1);
}
