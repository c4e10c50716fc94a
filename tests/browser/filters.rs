//! Filters, pasted searches and saved views: the ways to a list.

use crate::chromium::{Chromium, Width};
use crate::journey::{ROOT, sign_in, sign_in_as, sign_out};
use crate::support::TestApp;
use crate::support::company::{accepted_but, with};

use api_status_page::domain::user::Role;

/// A program with ten invalid requests: five of an inactive brand, two of these by sms, four of a
/// brand that nobody knows, and one by fax.
fn ten_invalid() -> (TestApp, String) {
    let app = TestApp::start();
    app.user(&app.store().larkspur, "admin@larkspur.example", Role::Admin);
    let outlet = accepted_but("/brand", "larkspur-outlet");
    let by_sms = with(outlet.clone(), "/channel", "sms");
    let nobodys = accepted_but("/brand", "nobodys");
    let by_fax = accepted_but("/channel", "fax");
    for (count, body) in [(3, outlet), (2, by_sms), (4, nobodys), (1, by_fax)] {
        for _ in 0..count {
            app.production().requests(&body);
        }
    }
    let base = format!("http://{}", app.address);
    (app, base)
}

/// Chooses two brands, excludes a channel, takes one of them back, and goes back.
pub fn panel(browser: &Chromium) {
    let (_app, base) = ten_invalid();
    sign_in(browser, &base);
    let shows = |count: usize| {
        browser.sees(".applied > .muted", &format!("{count} of 10"));
        browser.sees(".tabs a[aria-current=page]", &format!("Requests {count}"));
        browser.sees(
            ".request-table caption",
            &format!("{count} invalid requests"),
        );
        assert_eq!(browser.texts(".request-table tbody tr").len(), count);
    };
    let chips = || {
        let mut chips = browser.texts(".applied li > span");
        chips.sort();
        chips
    };
    let of_brand = |value: &str| format!(".facet tr:has([name=brand][value='{value}'])");
    browser.click(".filters details[data-panel] > summary");
    browser.click(".facet:has([name=brand]) summary");
    browser.sees(&of_brand("larkspur-outlet"), "larkspur-outlet 5");
    browser.sees(&of_brand("~unknown"), "unknown to the company 4");
    browser.click("[name=brand][value=larkspur-outlet]");
    browser.click("[name=brand][value='~unknown']");
    browser.click(".facet:has([name=channel]) summary");
    browser.click(".facet [name='-channel'][value=sms]");
    if browser.width != Width::WithoutScript {
        // A value is either chosen or excluded, whichever was ticked last.
        browser.click(".facet [name=channel][value=sms]");
        browser.click(".facet [name='-channel'][value=sms]");
    }
    browser.click_text("Apply filters");
    shows(7);
    assert_eq!(
        chips(),
        [
            "Brand is larkspur-outlet",
            "Brand is unknown to the company",
            "Channel is not sms"
        ]
    );
    browser.click(".filters details[data-panel] > summary");
    browser.click(".facet:has([name=brand]) summary");
    browser.sees(&of_brand("larkspur-outlet"), "larkspur-outlet 3");
    browser.click(".filters details[data-panel] > summary");
    let filtered = browser.path();

    browser.click("[aria-label='Remove filter: Brand is unknown to the company']");
    shows(3);
    assert_eq!(chips(), ["Brand is larkspur-outlet", "Channel is not sms"]);
    browser.click("[title='Show only these instead']");
    shows(2);
    assert_eq!(chips(), ["Brand is larkspur-outlet", "Channel is sms"]);
    browser.back();
    browser.back();
    assert_eq!(browser.path(), filtered);
    shows(7);
}

/// A way back shows a list whose fields say what it is filtered by, and in which no tick has gone from
/// one request to another. A garbled address is said, and what is left of it applies.
pub fn back(browser: &Chromium) {
    let (app, base) = ten_invalid();
    sign_in(browser, &base);
    let chosen = |field: &str| {
        let script = format!("return document.querySelector('.filters [name={field}]').value");
        browser.ask(&script).as_str().unwrap().to_owned()
    };
    assert_eq!(chosen("range"), "24h");
    browser.click("[name=range] option[value='1h']");
    browser.sees(".rate-line", "in the last hour");
    browser.click("[name=channel] option[value=sms]");
    browser.sees(".applied", "Channel is sms");
    assert_eq!(browser.texts(".request-table tbody tr").len(), 2);
    browser.back();
    browser.sees(".tabs a[aria-current=page]", "10");
    assert_eq!(
        (chosen("range"), chosen("channel")),
        ("1h".into(), "".into())
    );
    browser.back();
    browser.sees(".rate-line", "in the last 24 hours");
    assert_eq!(
        (chosen("range"), chosen("channel")),
        ("24h".into(), "".into())
    );
    browser.click(".filters details[data-panel] > summary");
    browser.click(".facet:has([name=channel]) summary");
    browser.click(".facet [name=channel][value=sms]");
    browser.click_text("Apply filters");
    browser.sees(".applied", "2 of 10");
    browser.back();
    browser.sees(".tabs a[aria-current=page]", "10");
    let ticked = "return document.querySelectorAll('.facet :checked').length";
    assert_eq!(browser.ask(ticked), 0);

    browser.go(&format!("{base}{ROOT}/invalid-requests"));
    let ticked = "return document.querySelector('[name=id]:checked')?.value ?? ''";
    browser.click("tbody tr:nth-child(1) [name=id]");
    browser.click("[name=range] option[value='1h']");
    browser.sees(".rate-line", "in the last hour");
    app.production().requests(&accepted_but("/brand", "newest"));
    // So many pages later a browser keeps a page no more as it was left.
    for page in 0..8 {
        browser.go(&format!("{base}/errors?page={page}"));
    }
    browser.ask("history.go(-9)");
    browser.sees(".tabs a[aria-current=page]", "11");
    assert_eq!(browser.ask(ticked), "");
    assert_eq!(chosen("range"), "24h");

    let nonsense = "channel=sms&error=nonsense&range=yesterday&from=now&colour=red";
    browser.go(&format!("{base}{ROOT}/invalid-requests?{nonsense}"));
    for said in [
        "error=nonsense",
        "range=yesterday",
        "from=now",
        "colour=red",
        "The rest of the address applies.",
    ] {
        browser.sees(".notice.info", said);
    }
    assert!(!browser.text(".notice.info").contains("sms"));
    browser.sees(".applied", "2 of 11");
}

/// An id and whatever is pasted with one in it lead to the request, a beginning to a list.
pub fn search(browser: &Chromium) {
    const ENTER: &str = "\u{e007}";
    let (app, base) = ten_invalid();
    let ticket = |id: &str| {
        let body = with(accepted_but("/channel", "sms"), "/ext_interaction_id", id);
        app.production().requests(&body)
    };
    let id = ticket("T-48211").request_id().to_string();
    ticket("T-48212");
    sign_in(browser, &base);
    let log_line = format!(
        "2026-11-23T10:41:07Z WARN POST https://api.larkspur.example/v1/requests 400 instance=/r/{id}"
    );
    let curl = "curl -i https://api.larkspur.example/v1/requests \\\n  -H 'x-api-key: YOUR KEY' \\\n  \
                --data-raw '{\"channel\": \"sms\",\n  \"ext_interaction_id\": \"T-48211\"}'";
    for pasted in [&id, &log_line, curl] {
        browser.go(&format!("{base}{ROOT}/invalid-requests"));
        browser.paste("q", pasted);
        browser.press(ENTER);
        browser.sees("h1", "Refused: 1 error");
        browser.sees(".request-id", &id);
    }
    browser.paste("q", "T-482");
    browser.press(ENTER);
    browser.sees("h1", "2 requests beginning with “T-482”");
    assert_eq!(browser.texts(".request-table tbody tr").len(), 2);
    browser.paste("q", "T-48213");
    browser.press(ENTER);
    browser.sees("h1", "Nothing found for “T-48213”");
    let key = &app.larkspur.production_key.text;
    browser.paste("q", key);
    browser.press(ENTER);
    browser.sees(".notice", "A whole key was pasted.");
    let shown = browser.ask("return document.querySelector('main').outerHTML");
    assert!(!shown.as_str().unwrap().contains(key.as_str()));
}

/// The arrow keys go through a select without leaving the page; Enter applies, and so does Tab.
pub fn by_keys(browser: &Chromium) {
    const TAB: &str = "\u{e004}";
    const ENTER: &str = "\u{e007}";
    const UP: &str = "\u{e013}";
    const DOWN: &str = "\u{e015}";
    let (_app, base) = ten_invalid();
    sign_in(browser, &base);
    let list = browser.path();
    let focus = |field: &str| {
        let script = format!("document.querySelector('.filters select[name={field}]').focus()");
        browser.ask(&script);
    };
    let value = "return document.activeElement.value";
    focus("range");
    let said = "return document.activeElement.getAttribute('aria-description')";
    assert_eq!(browser.ask(said), "Enter or Tab applies it.");
    for (key, expected) in [(DOWN, "7d"), (UP, "24h"), (UP, "1h")] {
        browser.press(key);
        assert_eq!(browser.ask(value), expected);
        assert_eq!(browser.path(), list);
    }
    browser.press(ENTER);
    browser.sees(".rate-line", "in the last hour");
    let list = browser.path();
    focus("channel");
    browser.press(DOWN);
    assert_ne!(browser.ask(value), "");
    assert_eq!(browser.path(), list);
    browser.press(TAB);
    browser.sees(".applied", "Channel is");
}

/// A filter that was applied in another tab leaves this page as it was.
pub fn applied_elsewhere(browser: &Chromium) {
    let (_app, base) = ten_invalid();
    sign_in(browser, &base);
    // As with Ctrl: the page stays.
    browser.ask(
        "document.addEventListener('submit', (event) => event.preventDefault(), {once: true}); \
         document.querySelector('.filters form').requestSubmit();",
    );
    let is_off = "return document.querySelector('select[name=channel]').disabled";
    assert_eq!(browser.ask(is_off), false);
}

/// An admin saves a list for everybody, support its own alone.
pub fn views(browser: &Chromium) {
    let (app, base) = ten_invalid();
    let support = "support@larkspur.example";
    app.user(&app.store().larkspur, support, Role::Support);
    let list = format!("{ROOT}/invalid-requests?channel=sms");
    let opens_views = || {
        browser.go(&format!("{base}{list}"));
        browser.click(".dropdown:has(.views) summary");
    };
    let saves = |name: &str, whose: Option<&str>| {
        opens_views();
        browser.click_text("Save this list");
        browser.fill("name", name);
        if let Some(whose) = whose {
            browser.click(&format!("[name=whose] option[value={whose}]"));
        }
        browser.click("main form .button.primary");
        browser.sees(".notice.good", &format!("Saved as {name}."));
        assert_eq!(browser.path(), list);
    };
    sign_in(browser, &base);
    saves("Texts", Some("own"));
    saves("Everybody’s texts", Some("company"));
    sign_out(browser);

    sign_in_as(browser, &base, support);
    opens_views();
    assert_eq!(browser.texts(".views strong"), ["Everybody’s"]);
    browser.go(&format!("{base}{ROOT}/test-requests"));
    browser.click(".dropdown:has(.views) summary");
    browser.click_text("Everybody’s texts");
    browser.sees(".applied", "Channel is sms");
    assert_eq!(browser.path(), list);
    opens_views();
    browser.click_text("Save this list");
    browser.sees("h1", "Saved views");
    assert!(browser.texts("[name=whose]").is_empty(), "for itself alone");
    saves("Support’s texts", None);
    opens_views();
    browser.click_text("Rename or delete");
    browser.sees("section[aria-labelledby=companys]", "Everybody’s texts");
    assert!(
        browser
            .texts("section[aria-labelledby=companys] form")
            .is_empty()
    );
    browser.click("section[aria-labelledby=own] summary");
    browser.click("section[aria-labelledby=own] .danger");
    browser.sees(".notice.good", "Deleted Support’s texts.");
    browser.sees("section[aria-labelledby=own]", "None yet.");
    sign_out(browser);

    sign_in(browser, &base);
    opens_views();
    assert_eq!(browser.texts(".views strong"), ["Mine", "Everybody’s"]);
    browser.click_text("Rename or delete");
    browser.click("section[aria-labelledby=companys] summary");
    browser.click("section[aria-labelledby=companys] .danger");
    browser.sees(".notice.good", "Deleted Everybody’s texts.");
    browser.sees("section[aria-labelledby=companys]", "None yet.");
}
