//! Which pages are looked at: those that people open every day, each filter by itself and with each
//! other, and what is found by searching.

use api_status_page::domain::window::Range;
use chrono::{DateTime, TimeDelta, Utc};

/// The root of the status page.
const ROOT: &str = "/settings/integrations/api-status";

/// A page to be measured.
pub struct View {
    /// What it shows.
    pub name: String,
    pub path: String,
    pub kind: Kind,
}

/// How often a page is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Every day.
    Ordinary,
    /// Values that hardly any request has: the list looks far back for them.
    Rare,
}

/// What in a filled store can be asked for.
pub struct Values {
    /// Requests of the company, as the address names them.
    pub invalid: String,
    pub valid: String,
    pub ticket: String,
    pub customer: String,
    pub employee: String,
    /// The last row of the 999th page in 30 days.
    pub page_999: String,
    pub production_key: i64,
    pub test_key: i64,
    /// The address of a run that checked all that failed in a day.
    pub run: String,
}

/// Where a form goes that checks all that failed in the last day, and what is in it.
pub fn recheck(now: DateTime<Utc>) -> (String, String) {
    let mut list = form_urlencoded::Serializer::new(format!("{ROOT}/invalid-requests?"));
    list.extend_pairs(Range::Between(now - TimeDelta::days(1), now).to_parameters());
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("all", "yes");
    form.append_pair("list", &list.finish());
    (format!("{ROOT}/rechecks"), form.finish())
}

/// All pages to be measured; `days` is how far the store goes back.
pub fn all(values: &Values, days: u64) -> Vec<View> {
    let mut views = Vec::new();
    let mut add = |kind, name: &str, path: String| {
        views.push(View {
            name: name.to_owned(),
            path,
            kind,
        });
    };
    let windows = ["24h", "7d", "30d", "90d"];
    let windows = &windows[..if days > 30 { 4 } else { 3 }];
    for window in windows {
        for (tab, name) in [("invalid-requests", "invalid"), ("test-requests", "test")] {
            let path = format!("{ROOT}/{tab}?range={window}");
            add(Kind::Ordinary, &format!("{name}, {window}"), path);
        }
        let path = format!("{ROOT}/invalid-requests/causes?range={window}");
        add(Kind::Ordinary, &format!("causes, {window}"), path);
        let path = format!("{ROOT}/invalid-requests/causes?range={window}&error=invalid_brand");
        add(Kind::Ordinary, &format!("few causes, {window}"), path);
        let path = format!("{ROOT}/test-requests/causes?range={window}");
        add(Kind::Ordinary, &format!("causes, test, {window}"), path);
    }
    for (name, query) in [
        ("page 2", "page=2"),
        ("open", "state=open"),
        ("acknowledged", "state=acknowledged"),
    ] {
        let path = format!("{ROOT}/invalid-requests/causes?range=30d&{query}");
        add(Kind::Ordinary, &format!("causes, 30d, {name}"), path);
    }
    let Values {
        invalid,
        valid,
        ticket,
        customer,
        employee,
        page_999,
        production_key,
        test_key,
        run,
    } = values;
    let list =
        |window: &str, query: &str| format!("{ROOT}/invalid-requests?range={window}&{query}");
    add(
        Kind::Ordinary,
        "the 1,000th page, 30d",
        list("30d", &format!("older={page_999}")),
    );
    add(
        Kind::Ordinary,
        "the page before it, 30d",
        list("30d", &format!("newer={page_999}")),
    );
    for (window, id) in [("24h", invalid), ("30d", page_999)] {
        let path = format!("{ROOT}/invalid-requests/newer?range={window}&newer={id}");
        add(
            Kind::Ordinary,
            &format!("how many are newer, {window}"),
            path,
        );
    }
    let keys = [production_key, test_key].map(|key| format!("key={key}"));
    let common = [
        "error=employee_not_found",
        "environment=production",
        "channel=email",
        "brand=north",
        "language=en",
        "employee=gone0@company1.example",
        &keys[0],
        "kind=feedback",
        "result=invalid",
    ];
    for window in ["24h", "30d"] {
        for filter in common {
            add(
                Kind::Ordinary,
                &format!("{filter}, {window}"),
                list(window, filter),
            );
        }
    }
    for filter in ["error=employee_not_found", "channel=email", "result=valid"] {
        let path = format!("{ROOT}/test-requests?range=30d&{filter}");
        add(Kind::Ordinary, &format!("test, {filter}, 30d"), path);
    }
    for (place, one) in common.iter().enumerate() {
        for other in &common[place + 1..] {
            let both = format!("{one}&{other}");
            add(
                Kind::Ordinary,
                &format!("{one} {other}, 30d"),
                list("30d", &both),
            );
        }
    }
    let rare = [
        "error=employee_profile_not_complete",
        "error=malformed_request",
        "environment=test",
        "channel=~unknown",
        "channel=phone",
        "brand=outlet",
        "brand=nord",
        "language=de",
        "employee=agent1999@company1.example",
        "employee=nobody@company1.example",
        &keys[1],
        "kind=recovery",
        "-error=employee_not_found",
        "-channel=email",
    ];
    for window in ["24h", "30d"] {
        for filter in rare {
            add(
                Kind::Rare,
                &format!("{filter}, {window}"),
                list(window, filter),
            );
        }
    }
    for both in [
        "brand=outlet&language=de",
        "brand=outlet&environment=test",
        "brand=nord&employee=gone0@company1.example",
        "channel=~unknown&language=~none",
        "error=malformed_request&brand=outlet",
    ] {
        add(Kind::Rare, &format!("{both}, 30d"), list("30d", both));
    }
    let search = |text: &str| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        format!("{ROOT}/search?{}", query.append_pair("q", text).finish())
    };
    let line = format!("17:02:11 WARN webhook failed id={invalid} ticket {ticket} took 12 ms");
    add(Kind::Ordinary, "search: a request id", search(valid));
    add(Kind::Ordinary, "search: a ticket", search(ticket));
    add(Kind::Ordinary, "search: a customer", search(customer));
    add(Kind::Ordinary, "search: an employee", search(employee));
    add(
        Kind::Ordinary,
        "search: a common employee",
        search("gone0@company1.example"),
    );
    add(Kind::Ordinary, "search: a log line", search(&line));
    add(
        Kind::Ordinary,
        "search: nothing is found",
        search("T-nothing"),
    );
    let request = |id: &str| format!("{ROOT}/requests/{id}");
    add(Kind::Ordinary, "a failed request", request(invalid));
    add(Kind::Ordinary, "a valid request", request(valid));
    let within = format!("{}?range=30d&channel=email", request(invalid));
    add(Kind::Ordinary, "a failed request within a filter", within);
    for (name, path) in [
        ("a run of checks", run.clone()),
        (
            "before sending a run again",
            format!("{ROOT}/resubmissions?run={}", id_of(run)),
        ),
        (
            "before sending one again",
            format!("{ROOT}/resubmissions?id={invalid}"),
        ),
        (
            "the simulator, prefilled",
            format!("{ROOT}/simulator?request={invalid}"),
        ),
        ("saved views", format!("{ROOT}/views")),
        ("the dictionary", "/errors".to_owned()),
        ("an error's page", "/errors/employee_not_found".to_owned()),
    ] {
        add(Kind::Ordinary, name, path);
    }
    views
}

fn id_of(run: &str) -> &str {
    run.rsplit('/').next().unwrap_or(run)
}
