//! What the script adds to the status page, and what works without it.

use std::time::Duration;

use crate::chromium::Chromium;
use crate::journey::{ROOT, sign_in, traffic};
use crate::support::company::accepted_but;
use crate::support::eventually;

/// `j`, `k`, Enter, `/` and `?`, but not in a field, and not where they are switched off.
pub fn keys(browser: &Chromium) {
    const ENTER: &str = "\u{e007}";
    const ESCAPE: &str = "\u{e00c}";
    let (_app, base) = traffic();
    sign_in(browser, &base);
    let row = "const rows = [...document.querySelectorAll('.request-table tbody tr')]; \
               return rows.findIndex((row) => row.contains(document.activeElement));";
    for (key, expected) in [("j", 0), ("j", 1), ("j", 2), ("k", 1)] {
        browser.press(key);
        assert_eq!(browser.ask(row), expected, "{key}");
    }
    browser.press("?");
    browser.sees("dialog[open] h2", "Keyboard");
    browser.press("j");
    browser.press(ESCAPE);
    let is_open = "return document.querySelector('dialog').open";
    assert_eq!(browser.ask(is_open), false);
    for _ in 0..2 {
        browser.click("[data-keyboard]");
        browser.sees("dialog[open]", "find a request");
        browser.click("dialog .button");
        assert_eq!(browser.ask(is_open), false);
    }
    let typed = "return document.querySelector('[name=q]').value";
    browser.press("/");
    browser.press("j?k");
    assert_eq!(browser.ask(typed), "j?k");
    browser.go(&format!("{base}{ROOT}/invalid-requests"));
    browser.press("j");
    browser.press(ENTER);
    browser.sees("h1", "Refused");
    browser.press("j");
    browser.sees("[aria-label='In the list']", "Newer");
    let newer = browser.ask("return !!document.querySelector('a[rel=prev]')");
    assert_eq!(newer, true, "the second of the list has a newer one");
    browser.press("k");
    browser.sees(".finding", "sms");
    browser.press("/");
    browser.press("j?k");
    assert_eq!(browser.ask(typed), "j?k", "on a request as well");
    let switch = || {
        browser.click("[data-keyboard]");
        browser.click("[data-use-keys]");
        browser.click("dialog .button");
    };
    let list = format!("{base}{ROOT}/invalid-requests");
    browser.go(&list);
    switch();
    browser.go(&list);
    browser.press("j");
    assert_eq!(browser.ask(row), -1, "switched off");
    browser.press("?");
    assert_eq!(browser.ask(is_open), false);
    browser.go(&format!("{base}/settings/employees"));
    browser.press("/");
    let types = "return document.activeElement.matches('[name=q]')";
    assert_eq!(browser.ask(types), false, "where no help is");
    browser.go(&list);
    browser.in_another_tab(|| {
        browser.go(&list);
        switch();
    });
    let is_on = "return document.querySelector('[data-use-keys]').checked";
    eventually("the other tab switches them on", || {
        (browser.ask(is_on) == true).then_some(())
    });
    browser.press("j");
    assert_eq!(browser.ask(row), 0, "switched on");
    browser.press(ENTER);
    browser.sees("h1", "Refused");
    switch();
    browser.back();
    browser.sees(".request-table caption", "invalid requests");
    assert_eq!(browser.ask(is_on), false, "before the way back");
}

/// The list says what came, and stays where it is until that is wanted.
pub fn living(browser: &Chromium) {
    let (app, base) = traffic();
    sign_in(browser, &base);
    let place = "return document.querySelector('.request-table tbody tr').offsetTop";
    let (rows, top) = (browser.texts(".request-table tbody tr"), browser.ask(place));
    let is_shown = "return document.querySelector('.live a').checkVisibility()";
    assert_eq!(browser.ask(is_shown), false, "nothing is newer yet");
    for _ in 0..3 {
        app.production().requests(&accepted_but("/brand", "newest"));
    }
    std::thread::sleep(Duration::from_secs(6));
    browser.ask("document.dispatchEvent(new Event('visibilitychange'))");
    browser.sees(".live", "3 newer requests · show");
    assert_eq!(browser.texts(".request-table tbody tr"), rows);
    assert_eq!(browser.ask(place), top, "nothing moved");
    browser.click(".live a");
    browser.sees(".tabs a[aria-current=page]", "64");
    browser.sees("td.about", "newest");
}

/// A store or a program that was away for one question is asked again by itself.
pub fn living_through_an_outage(browser: &Chromium) {
    let (app, base) = traffic();
    sign_in(browser, &base);
    browser.ask(
        "const ask = window.fetch; \
         window.fetch = async () => { window.fetch = ask; return new Response('', {status: 503}); }; \
         document.dispatchEvent(new Event('visibilitychange'));",
    );
    let is_over = "return window.fetch.toString().includes('native code')";
    assert_eq!(browser.ask(is_over), true, "the outage was met");
    app.production().requests(&accepted_but("/brand", "newest"));
    std::thread::sleep(Duration::from_secs(6));
    browser.sees(".live", "1 newer request · show");
}

/// Where nothing can tell whether something came, the way to look is always there.
pub fn living_without_script(browser: &Chromium) {
    let (app, base) = traffic();
    sign_in(browser, &base);
    assert_eq!(browser.text(".live"), "Show newer requests");
    app.production().requests(&accepted_but("/brand", "newest"));
    browser.click(".live a");
    browser.sees("td.about", "newest");
}

/// A stretch drawn over the chart, and the links that do the same.
pub fn zoom(browser: &Chromium) {
    let (_app, base) = traffic();
    sign_in(browser, &base);
    let drag = "const svg = document.querySelector('.chart svg'); \
                const box = svg.getBoundingClientRect(); \
                const fire = (type, part) => svg.dispatchEvent(new PointerEvent(type, { \
                    bubbles: true, button: 0, pointerType: 'mouse', \
                    clientX: box.left + box.width * part, clientY: box.top + 40 })); \
                fire('pointerdown', 0.5); fire('pointermove', 0.8); \
                const drawn = document.querySelector('.drawn').getAttribute('width'); \
                fire('pointermove', 1); fire('pointerup', 1); return parseFloat(drawn);";
    let drawn = browser.ask(drag).as_f64().unwrap();
    assert!((drawn - 30.0).abs() < 1.0, "{drawn}");
    browser.sees(".rate-line", "failed from");
    browser.sees(".tabs a[aria-current=page]", "61");
    assert!(browser.path().contains("from="));
    browser.click_text("Zoom out");
    browser.click_text("Earlier");
    browser.sees(".zoom", "Later");
}

/// A bar leads to the requests of its time, a mark to the audit log; so do the links in the table.
pub fn bars_and_marks(browser: &Chromium) {
    let (_app, base) = traffic();
    sign_in(browser, &base);
    let deactivation = "/settings/company-info/brands/larkspur-kids/deactivation";
    browser.go(&format!("{base}{deactivation}"));
    browser.click("main form button");
    browser.sees("[role=status]", "larkspur-kids");
    browser.go(&format!("{base}{ROOT}/invalid-requests?range=1h"));
    let list = browser.path();
    // A boundary of bars may lie between the requests.
    let failed = browser.ask(
        "return document.querySelector('.chart a:has(rect.invalid) title').textContent \
             .match(/, (\\d+) invalid/)[1]",
    );
    let on_tab = format!("Invalid Requests {}", failed.as_str().unwrap());
    let leads_there = || {
        browser.sees(".rate-line", "failed from");
        browser.sees(".tabs a[aria-current=page]", &on_tab);
        browser.back();
        assert_eq!(browser.path(), list);
    };
    browser.click(".chart a:has(rect.invalid) .hit");
    leads_there();
    let unfold = || browser.ask("document.querySelector('.chart .disclosure').open = true");
    unfold();
    browser.click(".chart-table a");
    leads_there();
    let leads_to_the_log = || {
        browser.sees("h1", "Audit log");
        browser.sees("tbody tr:first-child th", "Brand deactivated larkspur-kids");
        browser.back();
    };
    browser.click(".chart .mark-flag");
    leads_to_the_log();
    unfold();
    browser.click(".changes a");
    leads_to_the_log();
}

/// Acknowledges a cause, ignores it, and looks at it again.
pub fn causes(browser: &Chromium) {
    let (_app, base) = traffic();
    sign_in(browser, &base);
    browser.go(&format!("{base}{ROOT}/invalid-requests/causes"));
    browser.click(".decide summary");
    browser.click(".decide form[action$=acknowledgement] button");
    browser.sees(".notice", "Acknowledged: Invalid/inactive brand signifier");
    browser.sees("td.state", "Acknowledged");
    browser.click(".decide summary");
    // To choose for how long is not to open the row.
    browser.ask("document.querySelector('.decide form[action$=ignoring] select').click()");
    browser.click(".decide form[action$=ignoring] button");
    browser.sees(".notice", "Ignored until");
    browser.sees(".folded summary", "1 ignored cause");
    browser.click(".folded > summary");
    browser.click(".folded td.state button");
    browser.sees(".notice", "Open again");
    browser.sees(".states", "Ignored 0");
}
