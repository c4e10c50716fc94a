//! Everything that a list holds, as a file.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use api_status_page::clock::Clock;
use api_status_page::domain::request::RequestId;
use api_status_page::web::shell::Role;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{INVALID, TEST, app_with_admin, page};
use crate::support::company::{accepted, accepted_but, with};
use crate::support::http::Answer;
use crate::support::people::PASSWORD;
use crate::support::{Person, TestApp};

/// More than one chunk of an export, and more than a connection holds back.
const MANY: i64 = 45_000;

/// What was sent so far is older than what an export leaves out.
fn let_it_settle(app: &TestApp) {
    let now = Clock::system().now();
    app.clock.stand_at(now + TimeDelta::seconds(6));
}

#[track_caller]
fn file(person: &mut Person, path: &str) -> Answer {
    let answer = person.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer
}

/// The records of a CSV file by the names in its first line.
#[track_caller]
fn records(answer: &Answer) -> Vec<Value> {
    let text = answer.text().strip_prefix('\u{feff}').expect("a mark");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    let record = |record: csv::Result<csv::StringRecord>| {
        let record = record.unwrap();
        let cells = names.iter().zip(&record);
        cells
            .map(|(name, cell)| (name.to_owned(), json!(cell)))
            .collect()
    };
    reader.records().map(record).collect()
}

#[track_caller]
fn lines(answer: &Answer) -> Vec<Value> {
    let line = |line| serde_json::from_str(line).unwrap();
    answer.text().lines().map(line).collect()
}

#[test]
fn a_csv_file_has_a_line_per_request_with_both_times() {
    let (app, mut admin) = app_with_admin();
    app.execute("UPDATE companies SET time_zone = 'America/Toronto'");
    let body = with(
        accepted_but("/brand", "larkspur-outlet"),
        "/ext_interaction_id",
        "T-1",
    );
    let id = app.production().requests(&body).request_id();
    app.production().requests(&accepted());
    let_it_settle(&app);
    let answer = file(&mut admin, &format!("{INVALID}/export.csv"));
    let records = records(&answer);
    assert_eq!(records.len(), 1);
    let record = &records[0];
    let utc: DateTime<Utc> = record["received_at_utc"].as_str().unwrap().parse().unwrap();
    let local = record["received_at_local"].as_str().unwrap();
    assert_eq!(RequestId::from_uuid(id).unwrap().received_at(), utc);
    assert_eq!(DateTime::parse_from_rfc3339(local).unwrap(), utc);
    assert!(local.ends_with("-05:00") || local.ends_with("-04:00"));
    for (column, cell) in [
        ("request_id", id.to_string().as_str()),
        ("result", "invalid"),
        ("error", "Invalid/inactive brand signifier"),
        ("value", "larkspur-outlet"),
        ("ended_by", "settings"),
        ("all_errors", "invalid_brand.inactive"),
        ("employee", "ada.osei@larkspur.example"),
        ("customer_email", "jane@customer.example"),
        ("channel", "email"),
        ("brand", "larkspur-outlet"),
        ("language", "en"),
        ("ticket_id", "T-1"),
        ("kind", "feedback"),
        ("environment", "production"),
        ("http_status", "400"),
        ("warnings", "0"),
    ] {
        assert_eq!(record[column], cell, "{column}");
    }
    assert_eq!(
        answer.header("content-type"),
        Some("text/csv; charset=utf-8; header=present")
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let name = answer.header("content-disposition").unwrap();
    assert!(name.starts_with("attachment; filename=\"larkspur-outdoor-invalid-requests-20"));
    assert!(name.ends_with(".csv\""), "{name}");
}

#[test]
fn cells_that_hold_commas_quotes_and_line_breaks_are_read_back_whole() {
    let (app, mut admin) = app_with_admin();
    let ticket = "one, \"two\"\nthree";
    app.trying_out()
        .requests(&with(accepted(), "/ext_interaction_id", ticket));
    let_it_settle(&app);
    let answer = file(&mut admin, &format!("{TEST}/export.csv"));
    assert_eq!(records(&answer)[0]["ticket_id"], ticket);
    assert!(answer.text().contains("\"one, \"\"two\"\"\nthree\""));
    assert!(answer.text().ends_with("\r\n"));
}

#[test]
fn no_cell_is_run_as_a_formula() {
    let (app, mut admin) = app_with_admin();
    let formula = "=HYPERLINK(\"https://elsewhere.example\")";
    let body = with(accepted_but("/brand", formula), "/ext_interaction_id", "@x");
    app.production().requests(&body);
    let_it_settle(&app);
    let answer = file(&mut admin, &format!("{INVALID}/export.csv"));
    let record = &records(&answer)[0];
    assert_eq!(record["brand"], format!("'{formula}"));
    assert_eq!(record["value"], format!("'{formula}"));
    assert_eq!(record["ticket_id"], "'@x");
    // Programs get it as it was sent.
    let answer = file(&mut admin, &format!("{INVALID}/export.jsonl"));
    assert_eq!(lines(&answer)[0]["brand"], formula);
}

#[test]
fn json_lines_hold_every_error_with_its_value() {
    let (app, mut admin) = app_with_admin();
    let body = with(accepted_but("/brand", "nope"), "/customer/email", "jane@@x");
    app.production().requests(&body);
    let_it_settle(&app);
    let answer = file(&mut admin, &format!("{INVALID}/export.jsonl"));
    assert_eq!(
        answer.header("content-type"),
        Some("application/jsonl; charset=utf-8")
    );
    let line = &lines(&answer)[0];
    assert_eq!(line["errors"][0]["code"], "invalid_customer");
    assert_eq!(line["errors"][0]["variant"], "email_format");
    assert_eq!(line["errors"][0]["value"], "jane@@x");
    assert_eq!(line["errors"][1]["code"], "invalid_brand");
    assert_eq!(line["errors"][1]["pointer"], "/brand");
    assert_eq!(line["customer"]["email"], "jane@@x");
    assert_eq!(line["customer"]["deleted"], false);
}

#[test]
fn what_was_expunged_is_empty() {
    let (app, mut admin) = app_with_admin();
    app.production()
        .requests(&accepted_but("/customer/email", "jane@@x"));
    app.execute("DELETE FROM request_documents");
    let_it_settle(&app);
    let answer = file(&mut admin, &format!("{INVALID}/export.csv"));
    let record = &records(&answer)[0];
    assert_eq!(record["error"], "Invalid customer");
    for column in ["value", "customer_name", "customer_email"] {
        assert_eq!(record[column], "", "{column}");
    }
    let answer = file(&mut admin, &format!("{INVALID}/export.jsonl"));
    assert_eq!(lines(&answer)[0]["customer"]["deleted"], true);
    assert!(!answer.text().contains("jane"));
}

#[test]
fn a_file_holds_what_the_filter_matches_and_the_button_says_how_many() {
    let (app, mut admin) = app_with_admin();
    for brand in ["nope", "nope", "larkspur-outlet"] {
        app.production().requests(&accepted_but("/brand", brand));
    }
    let sms = app.trying_out().requests(&accepted_but("/channel", "sms"));
    app.trying_out().requests(&accepted());
    let_it_settle(&app);
    for (list, count) in [
        (format!("{INVALID}?"), 4),
        (format!("{TEST}?"), 2),
        (format!("{INVALID}?brand=larkspur-outlet"), 1),
        (format!("{INVALID}?brand=nope"), 2),
        (format!("{INVALID}?-error=invalid_brand"), 1),
        (format!("{INVALID}?error=invalid_brand"), 3),
        (format!("{TEST}?result=valid"), 1),
    ] {
        let shown = page(&mut admin, &list);
        assert!(shown.words().contains(&format!("Export {count} requests")));
        let link = shown.link("JSON Lines").unwrap();
        assert_eq!(lines(&file(&mut admin, &link)).len(), count, "{list}");
        let link = shown.link("CSV").unwrap();
        assert_eq!(records(&file(&mut admin, &link)).len(), count, "{list}");
    }
    let link = format!("{INVALID}/export.jsonl?channel=sms");
    let found = lines(&file(&mut admin, &link));
    assert_eq!(found[0]["request_id"], sms.request_id().to_string());
    let nothing = page(&mut admin, &format!("{INVALID}?brand=larkspur-kids"));
    assert!(!nothing.words().contains("Export"));
}

#[test]
fn a_filter_that_is_not_understood_exports_nothing() {
    let (_app, mut admin) = app_with_admin();
    let answer = admin.get(&format!("{INVALID}/export.csv?chanel=sms"));
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("not understood"));
}

#[test]
fn support_exports_and_another_company_gets_nothing_of_it() {
    let app = TestApp::start();
    app.production().requests(&accepted_but("/brand", "nope"));
    let_it_settle(&app);
    let path = format!("{INVALID}/export.csv?range=90d");
    assert_eq!(records(&file(&mut app.support(), &path)).len(), 1);
    app.user(&app.solo_tea, "admin@solotea.example", Role::Admin);
    let mut stranger = Person::new(&app);
    stranger.sign_in("admin@solotea.example", PASSWORD);
    assert!(records(&file(&mut stranger, &path)).is_empty());
}

#[test]
fn the_newest_five_seconds_are_left_for_the_next_export() {
    let (app, mut admin) = app_with_admin();
    app.production().requests(&accepted_but("/brand", "nope"));
    let path = format!("{INVALID}/export.jsonl");
    assert!(lines(&file(&mut admin, &path)).is_empty());
    let_it_settle(&app);
    assert_eq!(lines(&file(&mut admin, &path)).len(), 1);
}

/// Many invalid requests of Larkspur, some within one millisecond, with a finding each.
fn fill(app: &TestApp) {
    let (company, key) = (app.larkspur.id, app.larkspur.production_key.id);
    app.execute(&format!(
        "CREATE TEMPORARY TABLE many AS \
         SELECT at, (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') \
                     || '7000' || 'a000' || lpad(to_hex(n), 12, '0'))::uuid AS id \
         FROM (SELECT n, date_trunc('milliseconds', now()) - interval '1 hour' \
                         + n / 3 * interval '1 millisecond' AS at \
               FROM generate_series(1, {MANY}) n) AS times; \
         INSERT INTO requests (company_id, received_at, id, kind, environment, key_id, http_status, \
             error_mask, warning_count, settings_version, brand_sent, brand_unknown, ticket_id, \
             duration_us) \
         SELECT {company}, at, id, 1, 2, {key}, 400, 128, 0, 1, 'nope', 'nope', 'ticket', 90 \
         FROM many; \
         INSERT INTO request_findings \
         SELECT {company}, at, id, 0, 128, 80, '/brand', 'nope', 2, {key} FROM many; \
         ANALYZE requests; ANALYZE request_findings"
    ));
}

#[test]
fn a_long_list_is_exported_whole_each_request_once() {
    let (app, mut admin) = app_with_admin();
    fill(&app);
    for filter in ["", "?error=invalid_brand", "?brand=nope"] {
        let answer = file(&mut admin, &format!("{INVALID}/export.csv{filter}"));
        let records = records(&answer);
        assert_eq!(records.len() as i64, MANY, "{filter}");
        let id = |record: &Value| record["request_id"].as_str().unwrap().to_owned();
        let ids: Vec<_> = records.iter().map(id).collect();
        assert!(ids.is_sorted_by(|newer, older| newer > older), "{filter}");
        assert!(records.iter().all(|r| r["value"] == "nope"));
    }
}

#[test]
fn a_file_is_the_same_whether_its_requests_stand_together_or_far_apart() {
    let (app, mut admin) = app_with_admin();
    let two_errors = with(
        accepted_but("/brand", "alone"),
        "/customer/email",
        "jane@@x",
    );
    for body in [
        accepted_but("/brand", "alone"),
        two_errors,
        with(
            accepted_but("/brand", "alone"),
            "/employee/email",
            "nobody@x.example",
        ),
    ] {
        app.production().requests(&body);
        std::thread::sleep(Duration::from_millis(2));
    }
    app.execute(
        "DELETE FROM request_documents WHERE id = (SELECT max(id::text)::uuid FROM requests)",
    );
    let_it_settle(&app);
    let paths = ["csv", "jsonl"].map(|ending| format!("{INVALID}/export.{ending}?-brand=nope"));
    let mut files = || {
        paths
            .each_ref()
            .map(|path| file(&mut admin, path).text().to_owned())
    };
    let together = files();
    assert_eq!(together[1].lines().count(), 3);
    // In all three tables something stands between them.
    let (company, key) = (app.larkspur.id, app.larkspur.production_key.id);
    app.execute(&format!(
        "CREATE TEMPORARY TABLE others AS \
         SELECT at, gen_random_uuid() AS id \
         FROM generate_series((SELECT min(received_at) FROM requests), \
                              (SELECT max(received_at) FROM requests), '100 microseconds') AS at; \
         INSERT INTO requests (company_id, received_at, id, kind, environment, key_id, http_status, \
             error_mask, warning_count, settings_version, brand_sent, duration_us) \
         SELECT {company}, at, id, 1, 2, {key}, 400, 128, 0, 1, 'nope', 90 FROM others; \
         INSERT INTO request_findings \
         SELECT {company}, at, id, 0, 128, 80, '/brand', 'nope', 2, {key} FROM others; \
         INSERT INTO request_documents (company_id, received_at, id, body, body_cut) \
         SELECT {company}, at, id, '', false FROM others"
    ));
    assert_eq!(files(), together);
}

#[test]
fn an_export_is_told_in_the_audit_log_with_who_and_what() {
    let app = TestApp::start();
    let version = || app.number("SELECT max(settings_version) FROM companies");
    let before = version();
    app.production().requests(&accepted_but("/brand", "nope"));
    let_it_settle(&app);
    let filter = "range=7d&brand=nope&-channel=sms";
    let mut support = app.support();
    file(&mut support, &format!("{INVALID}/export.csv?{filter}"));
    let refused = support.get(&format!("{INVALID}/export.csv?chanel=sms"));
    assert_eq!(refused.status, 400);
    let mut admin = app.admin();
    let log = page(&mut admin, "/settings/audit-log?about=list");
    let words = log.words();
    for told in [
        "List exported Invalid Requests",
        "format: CSV",
        "received: in the last 7 days",
        "filter: Channel is not sms, Brand is nope",
    ] {
        assert!(words.contains(told), "{told}: {words}");
    }
    let support = app.rows("SELECT name FROM users WHERE email LIKE 'support@larkspur%'");
    assert!(words.contains(support[0]["name"].as_str().unwrap()));
    assert_eq!(words.matches("List exported").count(), 1);
    assert_eq!(version(), before);
}

/// A download of which only the beginning was read.
fn begun(app: &TestApp, admin: &Person) -> TcpStream {
    let mut stream = TcpStream::connect(app.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let cookie = admin.cookie.as_deref().unwrap();
    let call = format!(
        "GET {INVALID}/export.jsonl HTTP/1.1\r\nhost: test\r\ncookie: {cookie}\r\n\
         accept-encoding: gzip, br\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(call.as_bytes()).unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    stream
}

fn rest(mut stream: TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    // A connection that is reset counts as well: it is no whole answer.
    stream.read_to_end(&mut rest).ok();
    rest
}

#[test]
fn an_export_that_breaks_off_does_not_look_whole() {
    const END: &[u8] = b"\r\n0\r\n\r\n";
    let (app, admin) = app_with_admin();
    fill(&app);
    let whole = rest(begun(&app, &admin));
    assert!(whole.ends_with(END));
    // Packed it would be held back.
    let head = String::from_utf8_lossy(&whole[..2_000]);
    assert!(head.contains("content-encoding: identity"), "{head}");
    let broken = begun(&app, &admin);
    app.execute("ALTER TABLE request_findings RENAME TO elsewhere");
    let broken = rest(broken);
    assert!(broken.len() < whole.len());
    assert!(!broken.ends_with(END));
}

#[test]
fn a_company_runs_two_exports_at_once_and_a_third_is_told_to_wait() {
    let (app, mut admin) = app_with_admin();
    fill(&app);
    let running = [begun(&app, &admin), begun(&app, &admin)];
    let path = format!("{INVALID}/export.csv");
    let refused = admin.get(&path);
    assert_eq!(refused.status, 503);
    assert_eq!(refused.header("retry-after"), Some("30"));
    assert!(refused.text().contains("Other exports are running"));
    drop(running);
    crate::support::eventually("the places are free again", || {
        (admin.get(&path).status == 200).then_some(())
    });
}
