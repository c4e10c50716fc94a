//! Which pages are looked at: those that people open every day, each filter by itself and with each
//! other, and what is found by searching.

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
}

/// All pages to be measured; `days` is how far the store goes back.
pub fn views(values: &Values, days: u64) -> Vec<View> {
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
    } = values;
    let list =
        |window: &str, query: &str| format!("{ROOT}/invalid-requests?range={window}&{query}");
    add(
        Kind::Ordinary,
        "the 1,000th page, 30d",
        list("30d", &format!("older={page_999}")),
    );
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
    add(Kind::Ordinary, "search: a log line", search(&line));
    add(
        Kind::Ordinary,
        "search: nothing is found",
        search("T-nothing"),
    );
    let request = |id: &str| format!("{ROOT}/requests/{id}");
    add(Kind::Ordinary, "a failed request", request(invalid));
    add(Kind::Ordinary, "a valid request", request(valid));
    views
}
