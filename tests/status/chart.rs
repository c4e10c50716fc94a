//! The chart above the list.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;

use crate::support::TestApp;
use crate::support::company::{accepted, accepted_but, with};
use crate::support::page::Page;

const INVALID: &str = "/settings/integrations/api-status/invalid-requests";

#[test]
fn the_chart_says_the_same_as_the_headline_in_a_drawing_and_in_a_table() {
    let app = TestApp::start();
    app.production().requests(&accepted());
    app.production().requests(&accepted_but("/brand", "nobody"));
    app.trying_out().requests(&accepted_but("/brand", "nobody"));
    let page = app.admin().get(&format!("{INVALID}?range=1h"));
    let page = page.text();
    assert!(page.contains("<b>1</b> of <b>2</b>"), "{page}");
    let title = ": 1 valid, 1 invalid\n1 Invalid/inactive brand signifier</title>";
    assert!(page.contains(title), "{page}");
    assert!(page.contains("Production requests"));
    let row = r#"data-label="Requests">2</td><td class="number" data-label="Valid">1</td>"#;
    assert!(page.contains(row), "{page}");
}

#[test]
fn a_bar_leads_to_its_own_time_and_keeps_the_filter() {
    let app = TestApp::start();
    app.production().requests(&accepted_but("/brand", "nobody"));
    let mut admin = app.admin();
    let page = admin.get(&format!("{INVALID}?range=1h&kind=feedback"));
    let page = page.text();
    let (_, table) = page.split_once("chart-table").unwrap();
    let (_, link) = table.split_once("<a href=\"").unwrap();
    let link = link.split_once('"').unwrap().0.replace("&#38;", "&");
    assert!(
        link.contains("from=") && link.contains("kind=feedback"),
        "{link}"
    );
    let zoomed = admin.get(&link);
    assert!(
        zoomed.text().contains("1 invalid request,"),
        "{}",
        zoomed.text()
    );
    assert!(zoomed.text().contains("Zoom out"));
}

#[test]
fn filters_and_folding_are_the_charts_too() {
    let app = TestApp::start();
    for channel in ["email", "chat", "sms"] {
        app.production()
            .requests(&accepted_but("/channel", channel));
    }
    let mut admin = app.admin();
    let mut titles = |query: &str| {
        let page = admin.get(&format!("{INVALID}?range=1h&{query}"));
        let titles = page.text().split("<title>").skip(2);
        let drawn = titles.filter(|title| !title.contains(": 0 valid, 0 invalid"));
        let drawn = drawn.map(|t| t.split_once(": ").unwrap().1);
        let drawn = drawn.map(|t| t.split(['<', '\n']).next().unwrap().to_owned());
        drawn.collect::<Vec<_>>()
    };
    assert_eq!(titles("channel=sms"), ["0 valid, 1 invalid"]);
    assert_eq!(titles("-channel=sms"), ["2 valid, 0 invalid"]);
    assert_eq!(titles("channel=sms&channel=chat"), ["1 valid, 1 invalid"]);
    assert_eq!(titles("error=invalid_brand"), ["3 valid, 0 invalid"]);
    assert_eq!(titles("environment=test"), Vec::<String>::new());
    app.fold(app.larkspur.id);
    assert_eq!(titles("channel=sms&channel=chat"), ["1 valid, 1 invalid"]);
}

#[test]
fn changes_of_the_settings_stand_on_the_chart() {
    let app = TestApp::start();
    let company = app.larkspur.id;
    let change = |at: &str, action: &str, version: &str| {
        app.execute(&format!(
            "INSERT INTO audit_log (company_id, at, actor, action, subject, settings_version) \
             VALUES ({company}, {at}, 'Ada', '{action}', 'phone', {version})"
        ));
    };
    change("now()", "channel.disabled", "2");
    change("now()", "user.signed_in", "NULL");
    change("now() - interval '3 days'", "channel.enabled", "1");
    let mut admin = app.admin();
    let page = admin.get(&format!("{INVALID}?range=24h"));
    let page = page.text();
    assert!(page.contains("Ada switched off phone"), "{page}");
    assert!(!page.contains("switched on phone") && !page.contains("signed in phone"));
    assert!(!page.contains("settings change, the last"), "{page}");
    for _ in 0..20 {
        change("now() - interval '1 hour'", "channel.enabled", "1");
    }
    let page = admin.get(&format!("{INVALID}?range=24h"));
    assert!(page.text().contains("settings change, the last 20"));
}

#[test]
fn a_chart_that_fails_leaves_the_list_standing() {
    let app = TestApp::start();
    app.production().requests(&accepted_but("/brand", "nobody"));
    let mut admin = app.admin();
    app.execute("ALTER TABLE audit_log RENAME TO audit_log_away");
    let page = admin.get(INVALID);
    assert_eq!(page.status, 200);
    assert!(page.text().contains("1 invalid request,"));
    assert!(!page.text().contains("class=\"chart\""));
    assert!(page.text().contains("The chart could not be drawn"));
}

#[test]
fn a_list_does_not_wait_for_a_chart_that_hangs() {
    let app = TestApp::start();
    app.production().requests(&accepted_but("/brand", "nobody"));
    let mut admin = app.admin();
    let mut other = app.connection();
    other
        .batch_execute("BEGIN; LOCK TABLE audit_log IN ACCESS EXCLUSIVE MODE")
        .unwrap();
    let begun = Instant::now();
    let page = admin.get(INVALID);
    assert!(begun.elapsed() < Duration::from_secs(5), "{begun:?}");
    assert_eq!(page.status, 200);
    assert!(page.text().contains("1 invalid request,"));
    assert!(page.text().contains("The chart could not be drawn"));
}

#[test]
fn failures_are_stacked_by_their_first_error() {
    let app = TestApp::start();
    let both = with(accepted_but("/brand", "nobody"), "/channel", "sms");
    app.production().requests(&both);
    app.production().requests(&accepted_but("/brand", "nobody"));
    let mut admin = app.admin();
    let mut stacks = |query: &str| {
        let page = admin.get(&format!("{INVALID}?range=1h{query}"));
        let (_, table) = page.text().split_once("chart-table").unwrap();
        let cells: Vec<_> = table.split("</tr>").skip(1).collect();
        let (_, cell) = cells[0].rsplit_once("<td>").unwrap();
        cell.split_once("</td>").unwrap().0.to_owned()
    };
    let channel = "1 Channel not enabled for company";
    let each = format!("{channel}, 1 Invalid/inactive brand signifier");
    assert_eq!(stacks(""), each);
    // Drawn is what the filter asks for.
    assert_eq!(
        stacks("&error=invalid_brand"),
        "2 Invalid/inactive brand signifier"
    );
}

#[test]
fn links_lead_closer_wider_earlier_and_later() {
    let app = TestApp::start();
    app.production().requests(&accepted_but("/brand", "nobody"));
    let mut admin = app.admin();
    let mut look = |path: &str| Page(admin.get(path).text().to_owned());
    let day = look(&format!("{INVALID}?kind=feedback"));
    assert_eq!(day.link("Later"), None, "after now there is nothing");
    let wider = day.link("Zoom out").unwrap();
    assert_eq!(wider, format!("{INVALID}?range=7d&kind=feedback"));
    let earlier = look(&day.link("Earlier").unwrap());
    assert!(earlier.words().contains("No request matches this filter"));
    let back = look(&earlier.link("Later").unwrap());
    assert_eq!(back.rows().len(), 1);
    let closer = look(&back.link("Zoom in").unwrap());
    assert!(
        closer.rows().is_empty(),
        "it is not in the middle of the day"
    );
    let out = look(&closer.link("Zoom out").unwrap());
    assert_eq!(out.rows().len(), 1);
}

#[test]
fn a_filter_that_the_counters_do_not_know_says_why_there_is_no_chart() {
    let app = TestApp::start();
    app.production().requests(&accepted_but("/brand", "nobody"));
    let page = app.admin().get(&format!("{INVALID}?brand=nobody"));
    let page = page.text();
    assert!(page.contains("No chart of this filter"), "{page}");
    assert!(page.contains("1 invalid request,"));
}

/// The bars of the chart of 30 days: from when to when, and how many requests.
fn bars(page: &str) -> Vec<(DateTime<Utc>, Option<DateTime<Utc>>, i64)> {
    let (_, table) = page.split_once("chart-table").unwrap();
    let rows = table.split("<tr><th scope=\"row\">").skip(1);
    let between = |text: &str, before: &str, after: char| {
        let (_, rest) = text.split_once(before)?;
        Some(rest.split(after).next().unwrap().to_owned())
    };
    rows.map(|row| {
        let link = between(row, "href=\"", '"').unwrap();
        let link = link.replace("&#38;", "&").replace("%3A", ":");
        let time = |name| between(&link, name, '&').map(|time| time.parse().unwrap());
        let total = between(row, "data-label=\"Requests\">", '<').unwrap();
        (
            time("from=").unwrap(),
            time("to="),
            total.replace(',', "").parse().unwrap(),
        )
    })
    .collect()
}

#[test]
fn the_days_of_a_chart_are_the_company_s_and_count_what_came_in_them() {
    let now: DateTime<Utc> = "2026-11-24T17:42:00Z".parse().unwrap();
    let app = TestApp::start();
    app.clock.stand_at(now);
    let mut admin = app.admin();
    let requests: Vec<(DateTime<Utc>, i64)> = (1..=250)
        .map(|place| (now - TimeDelta::minutes(2 + 175 * place), place))
        .collect();
    let company = app.larkspur.id;
    let row = |(time, count): &(DateTime<Utc>, i64)| {
        format!(
            "({company}, '{time}', gen_random_uuid(), 2, 1, 1, 'email', '~none', '~none', 0, {count})"
        )
    };
    for (place, zone) in ["UTC", "America/Toronto", "Asia/Kolkata"]
        .iter()
        .enumerate()
    {
        app.execute(&format!("UPDATE companies SET time_zone = '{zone}'"));
        // Some are folded and some are not.
        let some: Vec<String> = requests.iter().skip(place).step_by(3).map(row).collect();
        let some = some.join(", ");
        app.execute(&format!("INSERT INTO request_count_deltas VALUES {some}"));
        let sent = || {
            let all = requests.iter().enumerate();
            all.filter(|(at, _)| at % 3 <= place)
                .map(|(_, request)| request)
        };
        let page = admin.get(&format!("{INVALID}?range=30d"));
        let bars = bars(page.text());
        assert_eq!(bars.len(), 31, "{zone}");
        for (from, to, total) in &bars {
            let inside = |at: DateTime<Utc>| at >= *from && to.is_none_or(|to| at < to);
            let came = sent().filter(|(at, _)| inside(*at));
            let came: i64 = came.map(|(_, count)| count).sum();
            assert_eq!(*total, came, "{zone}: {from}");
        }
        let window = now - TimeDelta::minutes(42) - TimeDelta::days(30);
        let all = sent().filter(|(at, _)| *at >= window);
        let all: i64 = all.map(|(_, count)| count).sum();
        assert_eq!(bars.iter().map(|(.., total)| total).sum::<i64>(), all);
    }
}
