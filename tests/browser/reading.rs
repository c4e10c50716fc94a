//! What is taken along from the pages, for a ticket, a colleague or a spreadsheet, and what is read
//! beside them.

use std::path::PathBuf;

use api_status_page::clock::Clock;
use chrono::{DateTime, TimeDelta, Utc};

use crate::chromium::Chromium;
use crate::journey::{ROOT, sign_in, traffic};
use crate::support::eventually;

/// A request for a ticket, a request for a terminal, and the link to a list.
pub fn copied(browser: &Chromium) {
    let (app, base) = traffic();
    sign_in(browser, &base);
    browser.fill("q", "T-48211\n");
    browser.sees("h1", "Refused: 1 error");
    let id = browser.text(".request-id code");
    let copies = |number: u32| {
        let block = format!("aside details:nth-of-type({number})");
        browser.click(&format!("{block} > summary"));
        browser.click(&format!("{block} .code button"));
        browser.sees(&format!("{block} .code button"), "Copied");
        browser.copied()
    };
    let ticket = copies(1);
    assert_eq!(ticket.lines().count(), 5, "{ticket}");
    let short_link = format!("https://status.example/r/{id}");
    for part in [&id, "sms", "Ticket: T-48211", "To end it: ", &short_link] {
        assert!(ticket.contains(part), "{ticket}");
    }
    let curl = copies(2);
    assert!(curl.starts_with("curl -i https://status.example/v1/requests"));
    assert!(curl.contains("x-api-key: YOUR KEY") && curl.contains("T-48211"));
    assert!(!curl.contains(&app.larkspur.production_key.text), "{curl}");

    browser.go(&format!(
        "{base}{ROOT}/invalid-requests?range=1h&channel=sms"
    ));
    browser.click("[data-copy-link]");
    browser.sees("[data-copy-link]", "Link copied");
    let link = browser.copied();
    assert!(
        link.starts_with(&base) && link.contains("channel=sms"),
        "{link}"
    );
    assert!(link.contains("from=") && link.contains("to="), "{link}");
    assert!(!link.contains("range="), "{link}");
    app.clock
        .stand_at(Clock::system().now() + TimeDelta::hours(5));
    browser.go(&link);
    browser.sees(".rate-line", "failed from");
    browser.sees(".tabs a[aria-current=page]", "Invalid Requests 1");
}

/// The button says how many, and so many are in the file.
pub fn exported(browser: &Chromium) {
    let (app, base) = traffic();
    let folder = tempfile::tempdir().unwrap();
    browser.save_in(folder.path());
    sign_in(browser, &base);
    // What came in the last five seconds is in the next file.
    app.clock
        .stand_at(Clock::system().now() + TimeDelta::seconds(6));
    for (query, count) in [("", 61), ("?channel=sms", 1)] {
        browser.go(&format!("{base}{ROOT}/invalid-requests{query}"));
        let button = ".dropdown:has([download]) summary";
        browser.sees(button, &format!("Export {count}"));
        browser.click(button);
        browser.click_text("CSV, for spreadsheets");
        // A browser keeps the name with an empty file until it has the whole one.
        let is_whole = |path: &PathBuf| {
            path.extension().is_some_and(|e| e == "csv")
                && path.metadata().is_ok_and(|file| file.len() > 0)
        };
        let file = eventually("the file is there", || {
            let files = std::fs::read_dir(folder.path()).unwrap();
            files.map(|file| file.unwrap().path()).find(is_whole)
        });
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let times = rows.headers().unwrap().iter().take(2).collect::<Vec<_>>();
        assert_eq!(times, ["received_at_utc", "received_at_local"]);
        let rows: Vec<_> = rows.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), count, "{text}");
        let time = |cell: &str| cell.parse::<DateTime<Utc>>().unwrap();
        for row in &rows {
            assert_eq!(time(&row[0]), time(&row[1]));
        }
    }
}

/// What the errors mean and how the API is used can be read by anybody; who is signed in is told how
/// often each came.
pub fn read_beside(browser: &Chromium) {
    let (_app, base) = traffic();
    browser.go(&format!("{base}/errors"));
    browser.click_text("Invalid/inactive brand signifier");
    browser.sees("h1", "Invalid/inactive brand signifier");
    assert!(!browser.text("main").contains("in the last seven days"));
    browser.click_text("API documentation");
    browser.sees("main", "/v1/recoveries");
    browser.sees(".code button", "Copy");

    sign_in(browser, &base);
    browser.go(&format!("{base}/errors"));
    browser.sees("main", "invalid_brand · 60");
    browser.click_text("Invalid/inactive brand signifier");
    browser.sees(".notice.info", "You had 60 of these in the last seven days");
    browser.click_text("Show them");
    browser.sees(".applied", "Error is Invalid/inactive brand signifier");
    browser.sees(".tabs a[aria-current=page]", "Invalid Requests 60");
    browser.go(&format!("{base}/errors/deactivated_employee"));
    browser.sees(".notice.good", "You had none of these");
    browser.go(&format!("{base}/docs"));
    browser.sees("main", "/v1/recoveries");
}
