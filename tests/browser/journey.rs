//! What an admin does on the status page, from signing in to signing out.

use crate::chromium::{Chromium, Width};
use crate::support::TestApp;
use crate::support::company::{accepted, accepted_but, with};
use crate::support::people::PASSWORD;

use api_status_page::domain::user::Role;

pub const ROOT: &str = "/settings/integrations/api-status";

/// A program with sixty invalid requests of one cause, one of another, and a good test request.
pub fn traffic() -> (TestApp, String) {
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

/// Signs in as the admin, at the first tab.
pub fn sign_in(browser: &Chromium, base: &str) {
    sign_in_as(browser, base, "admin@larkspur.example");
}

/// Signs in, at the first tab.
pub fn sign_in_as(browser: &Chromium, base: &str, email: &str) {
    browser.go(&format!("{base}{ROOT}"));
    assert_eq!(browser.path(), format!("/sign-in?next={ROOT}"));
    browser.fill("email", email);
    browser.fill("password", PASSWORD);
    browser.click("main form button");
    browser.sees(".tabs", "Invalid Requests");
    assert_eq!(browser.path(), format!("{ROOT}/invalid-requests"));
}

/// Signs out.
pub fn sign_out(browser: &Chromium) {
    browser.click(".menu summary");
    browser.click_text("Sign out");
    browser.sees("h1", "Sign in");
}

/// Signs in, looks at both tabs, filters by the legend, opens a request, goes back, turns the page,
/// searches, signs out.
pub fn whole(browser: &Chromium) {
    let (_app, base) = traffic();
    sign_in(browser, &base);
    let rows = || browser.texts(".request-table tbody tr").len();
    assert_eq!(rows(), 50);
    browser.sees(".tabs a[aria-current=page]", "Invalid Requests 61");

    browser.click(".tabs a:not([aria-current])");
    browser.sees(".tabs a[aria-current=page]", "Test Requests 1");
    browser.sees(".fault-title", "Valid");
    browser.back();

    browser.click(".legend a[href*='error=channel_not_enabled']");
    browser.sees(
        ".applied li span",
        "Error is Channel not enabled for company",
    );
    assert_eq!(rows(), 1);
    browser.sees("td.about", "sms");

    let list = browser.path();
    browser.click("th.received a");
    browser.sees("h1", "Refused: 1 error");
    browser.sees(".finding", "sms");
    browser.back();
    assert_eq!(browser.path(), list);
    browser.click(".applied .drop");

    browser.click("a[rel=next]");
    browser.sees(".pager", "11 on this page");
    assert_eq!(rows(), 11);
    browser.click("a[rel=prev]");
    browser.sees(".pager", "50 on this page");

    browser.fill("q", "T-48211\n");
    browser.sees("h1", "Refused: 1 error");
    browser.sees(".facts", "T-48211");

    sign_out(browser);
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
        if browser.ask("return document.activeElement.matches('th.received a')") == true {
            browser.press(ENTER);
            browser.sees("h1", "Refused");
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
    let word = "w".repeat(64);
    app.execute(&format!(
        "INSERT INTO label_aliases (company_id, kind, label, folded, target) \
         VALUES ({}, 2, '{word}', '{word}', 'larkspur')",
        app.larkspur.id
    ));
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
        "/settings/company-info",
        "/settings/company-info/languages/new",
        &format!("/settings/company-info/brands/aliases/new?label={word}&target=larkspur"),
        &format!("/settings/company-info/brands/aliases/{word}/removal"),
        "/settings/employees",
        "/settings/employees/new",
        "/settings/audit-log",
        "/errors",
        "/errors/invalid_brand",
        "/docs",
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
