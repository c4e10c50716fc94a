//! Employees by file: every kind of fault, every encoding, many lines, all or nothing.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::TestApp;
use crate::support::company::accepted_but;
use crate::support::people::Person;

const NEW: &str = "/settings/employees/imports/new";

/// Sends a file and returns where its preview is.
#[track_caller]
fn send(admin: &mut Person, file: &[u8]) -> String {
    admin.upload(NEW, "people.csv", file).location().to_owned()
}

fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
    let mark = mark.then_some(0xfeff);
    let units = mark.into_iter().chain(text.encode_utf16());
    units
        .flat_map(|unit| {
            if big {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        })
        .collect()
}

#[test]
fn a_file_is_shown_before_it_is_saved_and_then_saved_by_one_change() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let file = "name,email,custom_id,status\r\n\
                \"Lund, Zoe\",zoe@larkspur.example,L-2001,\r\n\
                Ada Lovelace,,L-1001,\r\n\
                ,ben.ruiz@larkspur.example,,active\r\n\
                ,agent1004@larkspur.example,L-1004,Active\r\n";
    let preview = send(&mut admin, file.as_bytes());
    let page = admin.get(&preview);
    assert_eq!(page.status, 200);
    let page = page.text();
    for words in [
        "Lund, Zoe",
        "Ada Lovelace",
        "Deactivated",
        "Save all: add 1, change 2",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(
        app.number("SELECT count(*) FROM employees WHERE name = 'Lund, Zoe'"),
        0
    );
    admin.fill_in(&preview, &[]).location();
    assert_eq!(
        app.number("SELECT count(*) FROM employees WHERE name = 'Lund, Zoe'"),
        1
    );
    let body = accepted_but("/employee", json!({"custom_id": "L-1002"}));
    assert_eq!(app.production().requests(&body).status, 200);
    let entries = app.rows("SELECT * FROM audit_log WHERE action = 'employee.imported'");
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["settings_version"], 2);
    let after = json!({"id": 0, "new": 1, "changed": 2});
    assert_eq!(entries[0]["after"], after);
    // The file is used up: once more does no harm.
    assert_eq!(admin.get(&preview).status, 404);
    admin.post(&preview, &[("version", "2")]).location();
    assert_eq!(app.number("SELECT count(*) FROM employee_imports"), 0);
}

#[test]
fn whom_a_file_makes_refused_is_told_and_causes_begin_with_it() {
    const CAUSES: &str = "/settings/integrations/api-status/invalid-requests/causes";
    let app = TestApp::start();
    let mut admin = app.admin();
    // One leaves, one is looked at once more, one has another address.
    let file = "name,email,custom_id,status\n\
                ,Agent1004@larkspur.example,,deactivated\n\
                ,agent1005@larkspur.example,,pending review\n\
                ,new.address@larkspur.example,L-1006,\n\
                Zoe Lund,zoe@larkspur.example,,unapproved\n";
    let preview = send(&mut admin, file.as_bytes());
    admin.fill_in(&preview, &[]).location();
    let entries = app.rows("SELECT after FROM audit_log WHERE action = 'employee.imported'");
    let after = json!({
        "id": 0,
        "new": 1,
        "changed": 3,
        "deactivated": ["agent1004@larkspur.example", "L-1004"],
        "not_complete": ["agent1005@larkspur.example", "L-1005", "zoe@larkspur.example"],
        "no_longer_known": ["agent1006@larkspur.example"],
    });
    assert_eq!(entries[0]["after"], after);
    let log = admin.get("/settings/audit-log");
    assert!(log.text().contains("agent1004@larkspur.example, L-1004"));
    for employee in [
        json!({"email": "agent1004@larkspur.example"}),
        json!({"custom_id": "L-1005"}),
        json!({"email": "agent1006@larkspur.example"}),
        json!({"email": "nobody@larkspur.example"}),
    ] {
        let answer = app
            .production()
            .requests(&accepted_but("/employee", employee));
        assert_eq!(answer.status, 400);
    }
    let page = admin.get(CAUSES);
    let began = page.text().matches("started within a minute after").count();
    assert_eq!(began, 3, "{}", page.text());
}

#[test]
fn both_encodings_and_all_separators_are_read() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let comma = "name,email\nZoë,zoe@l.example\n";
    let tab = comma.replace(',', "\t");
    let semicolon = comma.replace(',', ";").replace('\n', "\r\n");
    let files = [
        comma.as_bytes().to_vec(),
        format!("\u{feff}{comma}").into_bytes(),
        semicolon.into_bytes(),
        tab.clone().into_bytes(),
        utf16(&tab, false, true),
        utf16(&tab, true, true),
        utf16(comma, false, false),
        utf16(comma, true, false),
    ];
    for file in files {
        let preview = send(&mut admin, &file);
        let page = admin.get(&preview);
        assert!(page.text().contains("Zoë"), "{file:?}");
        assert!(page.text().contains("Save all: add 1"), "{file:?}");
    }
}

#[test]
fn every_kind_of_fault_is_named_with_its_line_and_nothing_is_saved() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let file = "name,email,custom_id,status\n\
                Good,good@l.example,,\n\
                NoKey,,,\n\
                BadMail,not-a-mail,,\n\
                BadStatus,x@l.example,,retired\n\
                Twice,GOOD@l.example,,\n\
                \"two\nlines\",y@l.example,Q-1,\n\
                TwiceId,z@l.example,Q-1,\n\
                Mixed,ada.osei@larkspur.example,L-1002,\n\
                One,,R-1,\n\
                Other,,R-1,\n\
                Long,,{long},\n\n\
                LongStatus,,S-1,{long}\n";
    let file = file.replace("{long}", &"x".repeat(256));
    for file in [file.clone(), file.replace('\n', "\r\n")] {
        let preview = send(&mut admin, file.as_bytes());
        let page = admin.get(&preview);
        assert_eq!(page.status, 422);
        let page = page.text();
        for (line, reason) in [
            (3, "neither an e-mail nor a custom id"),
            (4, "“not-a-mail” is no e-mail address"),
            (5, "the status “retired” is none of Active"),
            (6, "is on line 2 already"),
            (7, "name has characters in it that cannot be seen"),
            (10, "the e-mail is "),
            (12, "the custom id R-1 is on line 11 already"),
            (13, "custom_id is longer than 255 characters"),
            (15, "status is longer than 255 characters"),
        ] {
            let row = format!(" data-label=\"Line\">{line}</th><td>");
            let (_, rest) = page
                .split_once(&row)
                .unwrap_or_else(|| panic!("line {line}: {page}"));
            let (cell, _) = rest.split_once("</td>").unwrap();
            assert!(cell.contains(reason), "line {line}: {cell}");
        }
        assert!(page.contains("Nothing can be saved while a line is wrong"));
        assert_eq!(admin.post(&preview, &[("version", "1")]).status, 422);
    }
    assert_eq!(
        app.number("SELECT count(*) FROM employees WHERE name = 'Good'"),
        0
    );
    assert_eq!(
        app.number("SELECT settings_version FROM companies ORDER BY id LIMIT 1"),
        1
    );
}

#[test]
fn a_quotation_mark_without_its_pair_swallows_nobody() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let reason = "look for a quotation mark without its pair";
    for notes in [
        "\"6 ft",
        "\"6 ft\n,second@l.example,\"a, b\"",
        "\"\"\"6 ft\"\"",
    ] {
        let file = format!(
            "name,email,notes\n,first@l.example,plain\n,tall@l.example,{notes}\n,last@l.example,\n"
        );
        let preview = send(&mut admin, file.as_bytes());
        let page = admin.get(&preview);
        assert_eq!(page.status, 422, "{notes}");
        let line = " data-label=\"Line\">3</th><td>";
        assert!(page.text().contains(line), "{notes}: {}", page.text());
        assert!(page.text().contains(reason), "{notes}: {}", page.text());
    }
    // With its pair a cell may have several lines, in a column that is not read.
    let file = "email,notes\n\
                first@l.example,\"two\nlines, \"\"quoted\"\"\"\n\
                last@l.example,6\"\n";
    let preview = send(&mut admin, file.as_bytes());
    let page = admin.get(&preview);
    assert!(page.text().contains("Save all: add 2"), "{}", page.text());
}

#[test]
fn a_file_that_cannot_be_read_is_refused_with_what_to_do() {
    let app = TestApp::start();
    let mut admin = app.admin();
    for (file, words) in [
        (b"".to_vec(), "The file is empty"),
        (
            b"name,email\nJos\xe9,a@b.example\n".to_vec(),
            "neither UTF-8 nor UTF-16",
        ),
        (b"\xff\xfea".to_vec(), "neither UTF-8 nor UTF-16"),
    ] {
        let answer = admin.upload(NEW, "people.csv", &file);
        assert_eq!(answer.status, 422, "{words}");
        assert!(answer.text().contains(words), "{words}");
    }
    for (file, words) in [
        ("first,last\nA,B\n", "must name the columns"),
        (
            "email,e-mail\na@b.example,\n",
            "The column email is there twice",
        ),
        (
            "email,\"notes\na@b.example,\n",
            "The first line has a quotation mark without its pair",
        ),
    ] {
        let preview = send(&mut admin, file.as_bytes());
        let answer = admin.get(&preview);
        assert_eq!(answer.status, 422);
        assert!(answer.text().contains(words), "{words}");
    }
    assert_eq!(admin.upload(NEW, "", b"name").status, 422);
}

#[test]
fn two_people_may_exchange_their_ids() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let file =
        "email,custom_id\nada.osei@larkspur.example,L-1004\nagent1004@larkspur.example,L-1001\n";
    let preview = send(&mut admin, file.as_bytes());
    // Each line names two people: it must be clear who is meant.
    assert_eq!(admin.get(&preview).status, 422);
    let file =
        "custom_id,email\nL-1001,agent1004@larkspur.example\nL-1004,ada.osei@larkspur.example\n";
    let preview = send(&mut admin, file.as_bytes());
    assert_eq!(admin.get(&preview).status, 422);
}

#[test]
fn an_employee_whom_two_lines_name_differently_is_there_twice() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let file = "name,email,custom_id,status\n\
                Ada Lovelace,ada.osei@larkspur.example,,\n\
                ,,L-1001,deactivated\n";
    let preview = send(&mut admin, file.as_bytes());
    let page = admin.get(&preview);
    assert_eq!(page.status, 422);
    let reason = "the same employee as on line 2";
    assert!(page.text().contains(reason), "{}", page.text());
    assert_eq!(admin.post(&preview, &[("version", "1")]).status, 422);
    let changed = "SELECT count(*) FROM employees \
                   WHERE custom_id = 'L-1001' AND (name = 'Ada Lovelace' OR status <> 1)";
    assert_eq!(app.number(changed), 0);
}

#[test]
fn who_was_faster_is_told_before_a_file_is_saved() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let preview = send(&mut admin, b"name,email\nZoe,zoe@l.example\n");
    let seen = admin.get(&preview).hidden("version").unwrap();
    let form = [
        ("name", "Yan"),
        ("email", "yan@l.example"),
        ("custom_id", ""),
        ("status", "active"),
    ];
    admin.fill_in("/settings/employees/new", &form).location();
    let answer = admin.post(&preview, &[("version", &seen)]);
    assert_eq!(answer.status, 409, "{}", answer.text());
    admin.fill_in(&preview, &[]).location();
}

#[test]
fn fifty_thousand_lines_take_seconds() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let mut file = "name,email,custom_id,status\n".to_owned();
    for n in 0..50_000 {
        file += &format!("Person {n},person{n}@larkspur.example,P-{n},active\n");
    }
    let begun = Instant::now();
    let preview = send(&mut admin, file.as_bytes());
    assert!(admin.get(&preview).text().contains("Save all: add 50,000"));
    admin.fill_in(&preview, &[]).location();
    assert_eq!(
        app.number("SELECT count(*) FROM employees WHERE custom_id LIKE 'P-%'"),
        50_000
    );
    // And once more, with everybody changed.
    let preview = send(&mut admin, file.replace("Person ", "People ").as_bytes());
    admin.fill_in(&preview, &[]).location();
    let took = begun.elapsed();
    // The other tests run beside it, and the program is not optimised.
    assert!(took < Duration::from_secs(120), "it took {took:?}");
    assert_eq!(
        app.number("SELECT count(*) FROM employees WHERE name LIKE 'People %'"),
        50_000
    );
    let body = accepted_but("/employee", json!({"custom_id": "P-49999"}));
    assert_eq!(app.production().requests(&body).status, 200);
    let out = admin.get("/settings/employees/employees.csv");
    assert_eq!(out.text().lines().count(), 50_044);
}

#[test]
fn what_goes_out_comes_in_again_and_runs_nowhere() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let form = [
        ("name", "=HYPERLINK(1)"),
        ("email", "x@l.example"),
        ("custom_id", "-7"),
        ("status", "active"),
    ];
    admin.fill_in("/settings/employees/new", &form).location();
    let out = admin.get("/settings/employees/employees.csv");
    assert_eq!(out.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(
        out.text().contains("'=HYPERLINK(1),x@l.example,'-7,active"),
        "{}",
        out.text()
    );
    let preview = send(&mut admin, &out.body);
    let page = admin.get(&preview);
    assert!(
        page.text().contains("<dt>As they are</dt><dd>44</dd>"),
        "{}",
        page.text()
    );
    let template = admin.get("/settings/employees/template.csv");
    assert!(template.text().contains("name,email,custom_id,status"));
}
