//! The failures of a tab grouped by cause.

use api_status_page::domain::dictionary::Reason;
use serde_json::json;

use super::page;
use super::recheck::{check_all, finished, follow};
use crate::support::TestApp;
use crate::support::company::{accepted, accepted_but, with};

const INVALID: &str = "/settings/integrations/api-status/invalid-requests";
const CAUSES: &str = "/settings/integrations/api-status/invalid-requests/causes";
const OF_TEST: &str = "/settings/integrations/api-status/test-requests/causes";

/// The causes of a page: title, value, count, in order; and each one's link.
fn causes(page: &str) -> Vec<(String, String)> {
    let rows = page.split(r#"<a class="fault-title" href=""#).skip(1);
    let text = |html: &str| {
        let mut text = String::new();
        let mut inside = true;
        for c in html.chars() {
            match c {
                '<' => inside = false,
                '>' => inside = true,
                c if inside => text.push(c),
                _ => {}
            }
        }
        text
    };
    rows.map(|row| {
        let (url, row) = row.split_once('"').unwrap();
        let (head, rest) = row.split_once(r#"<span class="fault-ends">"#).unwrap();
        let (_, count) = rest.split_once("<b>").unwrap();
        let count = count.split_once("</b>").unwrap().0;
        let head = text(head.trim_start_matches('>'));
        let head = head.split_whitespace().collect::<Vec<_>>().join(" ");
        (format!("{head}: {count}"), url.replace("&#38;", "&"))
    })
    .collect()
}

fn words(page: &str) -> Vec<String> {
    causes(page).into_iter().map(|(words, _)| words).collect()
}

#[test]
fn failures_are_grouped_by_error_and_decisive_value_the_most_frequent_first() {
    let app = TestApp::start();
    for _ in 0..3 {
        app.production()
            .requests(&accepted_but("/brand", "larkspur-outlet"));
    }
    app.production().requests(&accepted_but("/brand", "nobody"));
    let unknown = accepted_but("/employee/email", "paul@larkspur.example");
    let both = with(unknown.clone(), "/brand", "larkspur-outlet");
    app.production().requests(&unknown);
    app.production().requests(&both);
    app.production().requests(&accepted());
    let mut admin = app.admin();
    let page = admin.get(&format!("{CAUSES}?range=1h"));
    let page = page.text();
    let expected = [
        "Invalid/inactive brand signifier larkspur-outlet: 4",
        "Employee not found paul@larkspur.example: 2",
        "Invalid/inactive brand signifier nobody: 1",
    ];
    assert_eq!(words(page), expected);
    // A request with two errors counts at both, so shares are of the six failures.
    assert!(page.contains("67\u{a0}% of failures"), "{page}");
    assert!(page.contains(r#"aria-current="page">Causes</a>"#));
    for ((_, url), count) in causes(page).iter().zip(["4", "2", "1"]) {
        let list = admin.get(url);
        let requests = if count == "1" { "request" } else { "requests" };
        let caption = format!("<caption>{count} invalid {requests}, newest first");
        assert!(list.text().contains(&caption), "{url}: {}", list.text());
    }
}

#[test]
fn shares_are_of_the_failures_also_where_only_the_index_knows_them() {
    let app = TestApp::start();
    let unknown = accepted_but("/employee/email", "paul@larkspur.example");
    app.production().requests(&unknown);
    app.production()
        .requests(&with(unknown, "/brand", "nobody"));
    let mut admin = app.admin();
    for filter in ["employee=paul@larkspur.example", "-brand=other&-brand=else"] {
        let page = admin.get(&format!("{CAUSES}?{filter}"));
        for share in ["100", "50"] {
            let share = format!("{share}\u{a0}% of failures");
            assert!(page.text().contains(&share), "{filter}: {}", page.text());
        }
    }
}

#[test]
fn the_link_of_every_cause_leads_to_its_requests_alone() {
    let app = TestApp::start();
    let sender = app.production();
    for (place, reason) in Reason::ALL.into_iter().enumerate() {
        let body = reason.bad_body().replace('…', &"a".repeat(300_000));
        for _ in 0..=place % 3 {
            sender.post("/v1/requests").body(body.as_str()).send();
        }
    }
    let mut admin = app.admin();
    let causes = causes(admin.get(CAUSES).text());
    assert!(causes.len() >= Reason::ALL.len() - 1, "{causes:?}");
    for (words, url) in causes {
        let (_, count) = words.rsplit_once(": ").unwrap();
        let list = page(&mut admin, &url);
        assert_eq!(list.rows().len().to_string(), count, "{words}: {url}");
        assert_eq!(list.tabs().0, count, "{words}: {url}");
        // The same causes, seen from the list, and the same number at each request.
        let of_list = page(&mut admin, &list.link("Causes").unwrap());
        assert!(self::words(&of_list.0).contains(&words), "{words}: {url}");
        let request = page(&mut admin, &list.rows()[0].url).words();
        let same = match count {
            "1" => "Same cause: no others in 7 days".to_owned(),
            "2" => "Same cause: 1 other in 7 days".to_owned(),
            _ => "Same cause: 2 others in 7 days".to_owned(),
        };
        assert!(request.contains(&same), "{words}: {url}: {request}");
    }
}

#[test]
fn what_settings_do_not_tell_apart_is_one_cause_however_it_is_spelled() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let new_alias = "/settings/company-info/brands/aliases/new";
    let alias = [("label", "factory shop"), ("target", "larkspur-outlet")];
    admin.fill_in(new_alias, &alias).location();
    for (field, spellings) in [
        (
            "/brand",
            &["larkspur-outlet", "LARKSPUR_Outlet", "Factory Shop"][..],
        ),
        (
            "/employee/email",
            &["ben.ruiz@larkspur.example", "Ben.Ruiz@Larkspur.example"],
        ),
        ("/employee/email", &["PAUL@larkspur.example"]),
        ("/channel", &["SMS"]),
        ("/language", &["DE"]),
        // Nor is a label that nobody has.
        ("/brand", &["Nobody", "nobody", "NO BODY"]),
        ("/channel", &["fax-line", "FAX_Line"]),
        ("/language", &["pt-BR", "PT_br"]),
    ] {
        for sent in spellings {
            let answer = app.production().requests(&accepted_but(field, *sent));
            assert_eq!(answer.json()["errors"][0]["value"], *sent);
        }
    }
    let by_custom_id = with(accepted(), "/employee", json!({"custom_id": "L-1002"}));
    app.production().requests(&by_custom_id);
    let found = causes(admin.get(CAUSES).text());
    // What nobody has is told as the latest request spelled it.
    let expected = [
        "Invalid/inactive brand signifier NO BODY: 3",
        "Invalid/inactive brand signifier larkspur-outlet: 3",
        "Deactivated employee ben.ruiz@larkspur.example: 2",
        "Channel not enabled for company FAX_Line: 2",
        "Language not available/active PT_br: 2",
        "Deactivated employee L-1002: 1",
        "Employee not found paul@larkspur.example: 1",
        "Channel not enabled for company sms: 1",
        "Language not available/active de: 1",
    ];
    let told: Vec<&str> = found.iter().map(|(words, _)| &words[..]).collect();
    assert_eq!(told, expected);
    for (words, url) in &found {
        let list = page(&mut admin, url);
        let (_, count) = words.rsplit_once(": ").unwrap();
        assert_eq!(list.rows().len().to_string(), count, "{words}: {url}");
        assert_eq!(list.tabs().0, count, "{words}: {url}");
    }
    // A list and a request show what was sent.
    for (place, spellings, others) in [
        (0, &["NO BODY", "nobody", "Nobody"][..], 2),
        (
            1,
            &["Factory Shop", "LARKSPUR_Outlet", "larkspur-outlet"],
            2,
        ),
        (4, &["PT_br", "pt-BR"], 1),
    ] {
        let rows = page(&mut admin, &found[place].1).rows();
        let about: Vec<&str> = rows.iter().map(|row| &row.about[..]).collect();
        assert_eq!(about, spellings);
        let request = page(&mut admin, &rows[0].url).words();
        let same = format!("Same cause: {others} other");
        for said in [&same[..], spellings[0]] {
            assert!(request.contains(said), "{said}: {request}");
        }
    }
    // Whoever adds it is given the label as it was sent, and finds all by any spelling.
    let rows = page(&mut admin, &found[0].1).rows();
    let request = page(&mut admin, &rows[0].url).words();
    assert!(request.contains("Add NO BODY as a brand"), "{request}");
    let by_name = page(&mut admin, &format!("{INVALID}?brand=no_Body"));
    assert_eq!(by_name.rows().len(), 0);
    let by_name = page(&mut admin, &format!("{INVALID}?brand=No+Body"));
    assert_eq!(by_name.rows().len(), 3);
    let but_it = page(&mut admin, &format!("{INVALID}?-brand=NoBody"));
    assert_eq!(but_it.tabs().0, "13");
}

#[test]
fn a_label_that_is_added_keeps_the_failures_from_before() {
    let app = TestApp::start();
    let misses = accepted_but("/brand", "Larkspur_Shoes");
    for body in [&misses, &misses, &accepted_but("/brand", "nobody")] {
        assert_eq!(app.production().requests(body).status, 400);
    }
    let mut admin = app.admin();
    let list = "/settings/integrations/api-status/invalid-requests?brand=Larkspur_Shoes";
    let run = check_all(&mut admin, list);
    let said = finished(&mut admin, &run);
    assert!(said.contains("2 requests checked"), "{said}");
    let (_, of_cause) = causes(admin.get(CAUSES).text()).remove(0);
    let version = app.larkspur.change(
        &mut app.connection(),
        &format!(
            "INSERT INTO brands (company_id, label, folded, name, active) \
             VALUES ({}, 'larkspur-shoes', 'larkspur-shoes', 'Larkspur Shoes', true)",
            app.larkspur.id
        ),
    );
    follow(&app, version);
    let seen = page(&mut admin, &of_cause);
    assert_eq!(seen.rows().len(), 2, "{of_cause}");
    assert_eq!(seen.tabs().0, "2");
    let request = page(&mut admin, &seen.rows()[0].url).words();
    assert!(request.contains("Same cause: 1 other"), "{request}");
    // What was checked before is found again, and can be sent again.
    let again = check_all(&mut admin, &run);
    let said = finished(&mut admin, &again);
    assert!(said.contains("Send 2 requests again"), "{said}");
}

#[test]
fn a_malformed_field_is_a_cause_by_its_name_at_which_a_request_counts_once() {
    let app = TestApp::start();
    let mut without_channel = accepted();
    without_channel.as_object_mut().unwrap().remove("channel");
    let in_french = accepted_but("/language", json!(["fr"]));
    let properties = json!({"jane@acme.example": [], "b": {}});
    for body in [
        with(in_french.clone(), "/custom_properties", properties),
        in_french,
        with(accepted(), "/tags", json!([["a"], ["b"]])),
        accepted_but("/customer/email", json!([])),
        without_channel,
    ] {
        let answer = app.production().requests(&body).json();
        assert_eq!(answer["errors"][0]["value"], json!(null), "{answer}");
    }
    let mut admin = app.admin();
    let found = causes(admin.get(CAUSES).text());
    let told: Vec<&str> = found.iter().map(|(words, _)| &words[..]).collect();
    let expected = [
        "Malformed request language: 2",
        "Malformed request custom_properties: 1",
        "Malformed request customer.email: 1",
        "Malformed request tags: 1",
        "Malformed request channel: 1",
    ];
    assert_eq!(told, expected);
    for (words, url) in &found {
        let (_, count) = words.rsplit_once(": ").unwrap();
        // Read from the findings, and from the requests.
        for url in [
            url.clone(),
            format!("{url}&kind=feedback&environment=production"),
        ] {
            let list = page(&mut admin, &url);
            assert_eq!(list.rows().len().to_string(), count, "{words}: {url}");
            assert_eq!(list.tabs().0, count, "{words}: {url}");
            let of_list = page(&mut admin, &list.link("Causes").unwrap());
            assert_eq!(
                self::words(&of_list.0),
                std::slice::from_ref(words),
                "{url}"
            );
        }
    }
    let list = page(&mut admin, &found[0].1);
    let said = "Malformed request: A field has another type than documented: language";
    assert!(list.words().contains(said), "{}", list.words());
    let request = page(&mut admin, &list.rows()[0].url).words();
    assert!(request.contains("Same cause: 1 other"), "{request}");
    let others = "-reason=malformed_request.wrong_type:language";
    let others = admin.get(&format!("{CAUSES}?{others}"));
    assert_eq!(words(others.text()), expected[1..]);
}

#[test]
fn causes_follow_the_tab_and_the_filter_however_it_is_read() {
    let app = TestApp::start();
    app.trying_out().requests(&accepted_but("/channel", "sms"));
    let in_sms = with(accepted_but("/channel", "sms"), "/brand", "nobody");
    app.production().requests(&in_sms);
    app.production().requests(&accepted_but("/brand", "nobody"));
    let mut admin = app.admin();
    let mut seen = |path: &str| words(admin.get(path).text());
    assert_eq!(seen(OF_TEST), ["Channel not enabled for company sms: 1"]);
    let by = |query: &str| format!("{CAUSES}?{query}");
    let brand = "Invalid/inactive brand signifier nobody";
    let channel = "Channel not enabled for company sms";
    assert_eq!(
        seen(&by("environment=production")),
        [format!("{brand}: 2"), format!("{channel}: 1")]
    );
    assert_eq!(
        seen(&by("-environment=production")),
        [format!("{channel}: 1")]
    );
    assert_eq!(seen(&by("error=invalid_brand")), [format!("{brand}: 2")]);
    assert_eq!(seen(&by("-error=invalid_brand")), [format!("{channel}: 2")]);
    assert_eq!(seen(&by("-channel=sms")), [format!("{brand}: 1")]);
    let key = app.larkspur.test_key.id;
    assert_eq!(seen(&by(&format!("key={key}"))), [format!("{channel}: 1")]);
    assert_eq!(seen(&by("result=valid")), Vec::<String>::new());
}

#[test]
fn a_cause_names_who_sends_it_and_the_change_it_followed() {
    let app = TestApp::start();
    let company = app.larkspur.id;
    app.execute(&format!(
        "INSERT INTO audit_log (company_id, at, actor, action, subject, settings_version) VALUES \
         ({company}, now() - interval '9 minutes', 'Ada', 'brand.deactivated', 'larkspur-outlet', 2), \
         ({company}, now() - interval '2 minutes', 'Bea', 'channel.disabled', 'larkspur-outlet', 3)"
    ));
    let call = app.production().post("/v1/requests");
    let call = call.header("user-agent", "outlet-shop/2.4");
    call.json(&accepted_but("/brand", "larkspur-outlet")).send();
    let page = app.admin().get(CAUSES);
    let page = page.text();
    assert!(page.contains("<code>outlet-shop/2.4</code>"), "{page}");
    assert!(
        page.contains("1 key\n") || page.contains("1 key<"),
        "{page}"
    );
    let started = "started 9 minutes after Ada switched off larkspur-outlet";
    assert!(page.contains(started), "{page}");
}

#[test]
fn a_cause_without_a_value_names_the_change_that_began_it_and_no_other() {
    let app = TestApp::start();
    let company = app.larkspur.id;
    // Two brands and two languages are active; French was the third one of three.
    app.execute(&format!(
        "INSERT INTO audit_log (company_id, at, actor, action, subject, settings_version) \
         SELECT {company}, now() - minutes * interval '1 minute', 'Ada', action, subject, 1 \
         FROM (VALUES (9, 'brand.activated', 'larkspur-kids'), \
                      (8, 'brand.renamed', 'larkspur-kids'), \
                      (7, 'language.activated', 'fr-CA'), \
                      (6, 'language.deactivated', 'de')) AS done (minutes, action, subject)"
    ));
    let body = with(accepted_but("/brand", json!(null)), "/language", "");
    app.production().requests(&body);
    let mut admin = app.admin();
    let page = page(&mut admin, CAUSES);
    assert_eq!(
        words(&page.0),
        [
            "Brand signifier not provided: 1",
            "Language not specified: 1"
        ]
    );
    let started = "started 9 minutes after Ada switched on larkspur-kids";
    assert!(page.words().contains(started), "{}", page.words());
    assert_eq!(page.words().matches("started").count(), 1);
}

#[test]
fn more_causes_than_fit_on_a_page_are_on_the_next() {
    let app = TestApp::start();
    let fail = |number: usize| {
        let body = accepted_but("/brand", format!("brand-{number:02}").as_str());
        app.production().requests(&body);
    };
    (0..30).for_each(fail);
    fail(29);
    let brand = |number: usize, count: usize| {
        format!("Invalid/inactive brand signifier brand-{number:02}: {count}")
    };
    let of_first: Vec<String> = std::iter::once(brand(29, 2))
        .chain((0..24).map(|number| brand(number, 1)))
        .collect();
    let of_second: Vec<String> = (24..29).map(|number| brand(number, 1)).collect();
    let mut admin = app.admin();
    let first = page(&mut admin, CAUSES);
    assert_eq!(words(&first.0), of_first);
    let said = first.words();
    assert!(said.contains("30 causes, most frequent first"), "{said}");
    assert!(said.contains("Causes 1 to 25 of 30"), "{said}");
    // Of thirty-one failures, whatever the page shows.
    assert!(said.contains("6.5 % of failures"), "{said}");
    assert!(said.contains("All Open Acknowledged"), "{said}");
    assert_eq!(first.link("More frequent"), None);
    let second = page(&mut admin, &first.link("Less frequent").unwrap());
    assert_eq!(words(&second.0), of_second);
    assert!(second.words().contains("Causes 26 to 30 of 30"));
    assert_eq!(second.link("Less frequent"), None);
    // Another list than this page begins at its first.
    for other in ["Open", "Test Requests", "Save this list"] {
        let link = second.link(other).unwrap();
        assert!(!link.contains("page"), "{other}: {link}");
    }
    let back = admin.get(&second.link("More frequent").unwrap());
    assert_eq!(words(back.text()), of_first);
    let after_the_last = admin.get(&format!("{CAUSES}?page=4000000000"));
    assert_eq!(words(after_the_last.text()), of_second);
    for number in ["0", "-1", "two", "4294967296"] {
        let shown = page(&mut admin, &format!("{CAUSES}?page={number}"));
        assert_eq!(words(&shown.0), of_first);
        let said = format!("Not understood and left out: page={number}");
        assert!(shown.words().contains(&said), "{}", shown.words());
    }
}

#[test]
fn another_companys_failures_are_no_cause_here() {
    let app = TestApp::start();
    let other = app.sender(&app.solo_tea.production_key);
    assert_eq!(other.requests(&accepted()).status, 400);
    let page = app.admin().get(CAUSES);
    assert_eq!(words(page.text()), Vec::<String>::new());
}
