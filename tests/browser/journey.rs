//! What an admin does on the status page, from signing in to signing out.

use crate::chromium::{Chromium, Width};
use crate::support::TestApp;
use crate::support::company::{accepted, accepted_but, with};
use crate::support::people::PASSWORD;

use api_status_page::domain::user::Role;

const ROOT: &str = "/settings/integrations/api-status";

/// A program with sixty invalid requests of one cause, one of another, and a good test request.
fn traffic() -> (TestApp, String) {
    let app = TestApp::start();
    app.user(&app.store().larkspur, "admin@larkspur.example", Role::Admin);
    for _ in 0..60 {
        app.production()
            .requests(&accepted_but("/brand", "larkspur-outlet"));
    }
    let sms = with(
        accepted_but("/channel", "sms"),
        "/ext_interaction_id",
        "T-48211",
    );
    app.production().requests(&sms);
    app.trying_out().requests(&accepted());
    let base = format!("http://{}", app.address);
    (app, base)
}

fn sign_in(browser: &Chromium, base: &str) {
    browser.go(&format!("{base}{ROOT}"));
    assert_eq!(browser.path(), format!("/sign-in?next={ROOT}"));
    browser.fill("email", "admin@larkspur.example");
    browser.fill("password", PASSWORD);
    browser.click("main form button");
    browser.text(".tabs");
    assert_eq!(browser.path(), format!("{ROOT}/invalid-requests"));
}

/// Signs in, looks at both tabs, filters by the legend, opens a request, goes back, turns the page,
/// searches, signs out.
pub fn whole(browser: &Chromium) {
    let (_app, base) = traffic();
    sign_in(browser, &base);
    let rows = || browser.texts(".request-table tbody tr").len();
    assert_eq!(rows(), 50);
    assert_eq!(
        browser.text(".tabs a[aria-current=page]"),
        "Invalid Requests 61"
    );

    browser.click(".tabs a:not([aria-current])");
    assert_eq!(
        browser.text(".tabs a[aria-current=page]"),
        "Test Requests 1"
    );
    assert_eq!(browser.text(".fault-title"), "Valid");
    browser.back();

    browser.click(".legend a[href*='error=channel_not_enabled']");
    assert_eq!(
        browser.text(".applied li span"),
        "Error is Channel not enabled for company"
    );
    assert_eq!(rows(), 1);
    assert_eq!(browser.text("td.about"), "sms");

    let list = browser.path();
    browser.click("th.received a");
    assert!(
        browser.text("h1").contains("Refused: 1 error"),
        "{}",
        browser.text("h1")
    );
    assert!(browser.text(".finding").contains("sms"));
    browser.back();
    assert_eq!(browser.path(), list);
    browser.click(".applied .drop");

    browser.click("a[rel=next]");
    assert_eq!(rows(), 11);
    browser.click("a[rel=prev]");
    assert_eq!(rows(), 50);

    browser.fill("q", "T-48211\n");
    assert!(
        browser.text("h1").contains("1 request for"),
        "{}",
        browser.text("h1")
    );
    assert_eq!(rows(), 1);

    browser.click(".menu summary");
    browser.click_text("Sign out");
    assert!(
        browser.text("h1").contains("Sign in"),
        "{}",
        browser.text("h1")
    );
    browser.go(&format!("{base}{ROOT}/invalid-requests"));
    assert!(browser.path().starts_with("/sign-in?next="));
}

/// The same without a mouse: signs in with Enter, and reaches a request with Tab alone; what has
/// the focus is always visible.
pub fn by_keyboard(browser: &Chromium) {
    const TAB: &str = "\u{e004}";
    const ENTER: &str = "\u{e007}";
    let (_app, base) = traffic();
    browser.go(&format!("{base}/sign-in?next={ROOT}/invalid-requests"));
    browser.fill("email", "admin@larkspur.example");
    browser.press(TAB);
    browser.press(&format!("{PASSWORD}{ENTER}"));
    browser.text(".tabs");
    let outline = "const s = getComputedStyle(document.activeElement); \
                   return s.outlineStyle !== 'none' || s.boxShadow !== 'none';";
    for step in 0..80 {
        browser.press(TAB);
        assert_eq!(
            browser.ask(outline),
            true,
            "step {step}: the focus cannot be seen"
        );
        if browser.ask("return document.activeElement.closest('th.received') !== null") == true {
            browser.press(ENTER);
            assert!(
                browser.text("h1").contains("Refused"),
                "{}",
                browser.text("h1")
            );
            return;
        }
    }
    panic!("no request can be reached with the keyboard");
}

/// No page is wider than the phone.
pub fn no_sideways(browser: &Chromium) {
    assert_eq!(browser.width, Width::Phone);
    let (app, base) = traffic();
    let long = "a-very-long-label-without-end-".repeat(6);
    app.production()
        .requests(&accepted_but("/brand", long.as_str()));
    app.production()
        .requests(&accepted_but("/channel", "x".repeat(200)));
    sign_in(browser, &base);
    let request = browser.ask("return document.querySelector('th.received a').pathname");
    let request = request.as_str().unwrap().to_owned();
    for path in [
        &format!("{ROOT}/invalid-requests"),
        &format!("{ROOT}/test-requests"),
        &format!("{ROOT}/invalid-requests?channel=sms&environment=test"),
        &request,
        &format!("{ROOT}/search?q=T-48211"),
        "/settings",
        "/settings/integrations",
        "/errors",
        "/errors/invalid_brand",
        "/nowhere",
    ] {
        browser.go(&format!("{base}{path}"));
        let wide = browser.ask("return document.documentElement.scrollWidth");
        assert!(
            wide.as_i64().unwrap() <= 390,
            "{path} is {wide} pixels wide"
        );
    }
}
