//! The list of employees, one of them, and whether requests may be about them.

use api_status_page::domain::user::Role;

use crate::support::TestApp;
use crate::support::company::accepted_but;
use crate::support::people::{PASSWORD, Person};

const LIST: &str = "/settings/employees";

fn id_of(app: &TestApp, custom_id: &str) -> i64 {
    app.number(&format!(
        "SELECT id FROM employees WHERE custom_id = '{custom_id}'"
    ))
}

#[test]
fn who_is_deactivated_or_not_approved_is_helped_and_the_next_request_passes() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let production = app.production();
    for (custom_id, verb) in [("L-1002", "reactivation"), ("L-1003", "approval")] {
        let body = accepted_but("/employee", serde_json::json!({"custom_id": custom_id}));
        assert_eq!(production.requests(&body).status, 400);
        let path = format!("{LIST}/{}/{verb}", id_of(&app, custom_id));
        let page = admin.get(&path);
        assert!(
            page.text()
                .contains("This unblocks 1 request in seven days"),
            "{}",
            page.text()
        );
        admin.fill_in(&path, &[]).location();
        assert_eq!(production.requests(&body).status, 200);
    }
    let path = format!("{LIST}/{}/deactivation", id_of(&app, "L-1002"));
    admin.fill_in(&path, &[]).location();
    let body = accepted_but("/employee", serde_json::json!({"custom_id": "L-1002"}));
    assert_eq!(production.requests(&body).status, 400);
}

#[test]
fn one_is_added_and_edited_and_found_by_every_part() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let body = accepted_but(
        "/employee",
        serde_json::json!({"email": "Zoe.Lund@larkspur.example"}),
    );
    assert_eq!(app.production().requests(&body).status, 400);
    let path = format!("{LIST}/new?email=Zoe.Lund@larkspur.example");
    let page = admin.get(&path);
    assert!(page.text().contains("value=\"Zoe.Lund@larkspur.example\""));
    assert!(page.text().contains("This unblocks 1 request"));
    let form = [
        ("name", "Zoe Lund"),
        ("email", "zoe.lund@larkspur.example"),
        ("custom_id", ""),
        ("status", "active"),
    ];
    admin.fill_in(&format!("{LIST}/new"), &form).location();
    assert_eq!(app.production().requests(&body).status, 200);
    for part in ["zoe", "LUND", "zoe.lund@", "Zoe%20L"] {
        let found = admin.get(&format!("{LIST}?q={part}"));
        assert!(found.text().contains("Zoe Lund"), "{part}");
        assert!(!found.text().contains("agent1004"), "{part}");
    }
    assert!(
        admin
            .get(&format!("{LIST}?q=l-1001"))
            .text()
            .contains("ada.")
    );
    assert!(
        admin
            .get(&format!("{LIST}?status=deactivated"))
            .text()
            .contains("1 deactivated employee")
    );
    assert!(
        admin
            .get(&format!("{LIST}?q=nobody-here"))
            .text()
            .contains("Nobody matches")
    );

    let id = app.number("SELECT id FROM employees WHERE name = 'Zoe Lund'");
    let path = format!("{LIST}/{id}");
    for (field, value, words) in [
        ("name", "", "Type a name."),
        ("email", "zoe", "not one plain"),
        (
            "email",
            "ADA.osei@larkspur.example",
            "has this e-mail already",
        ),
        ("email", "", "Type an e-mail or a custom id"),
        ("custom_id", "L-1001", "has this custom id already"),
    ] {
        let mut form = form;
        form.iter_mut().find(|(name, _)| *name == field).unwrap().1 = value;
        let answer = admin.fill_in(&path, &form);
        assert_eq!(answer.status, 422, "{field} {value}");
        assert!(
            answer.text().contains(words),
            "{field} {value}: {}",
            answer.text()
        );
    }
    let form = [
        ("name", "Zoe Lund-Berg"),
        ("email", ""),
        ("custom_id", "L-9"),
    ];
    admin.fill_in(&path, &form).location();
    let body = accepted_but("/employee", serde_json::json!({"custom_id": "L-9"}));
    assert_eq!(app.production().requests(&body).status, 200);
}

#[test]
fn case_makes_no_difference_to_a_search_in_any_alphabet() {
    let app = TestApp::start();
    let mut admin = app.admin();
    for (name, custom_id) in [("Mesut Özil", "ÄB-1"), ("ФЁДОР", "f-1")] {
        let form = [
            ("name", name),
            ("custom_id", custom_id),
            ("status", "active"),
        ];
        admin.fill_in(&format!("{LIST}/new"), &form).location();
    }
    for (searched, name) in [
        ("%C3%B6zil", "Mesut Özil"),
        ("%C3%96ZIL", "Mesut Özil"),
        ("%C3%A4b-1", "Mesut Özil"),
        ("%D1%84%D1%91%D0%B4", "ФЁДОР"),
    ] {
        let found = admin.get(&format!("{LIST}?q={searched}"));
        assert!(found.text().contains(name), "{searched}");
        assert!(!found.text().contains("agent1004"), "{searched}");
    }
}

#[test]
fn an_international_address_is_typed_and_kept_as_it_is() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let path = format!("{LIST}/new");
    // A browser would refuse the one half and rewrite the other in a field of this type.
    assert!(!admin.get(&path).text().contains("type=\"email\""));
    let address = "jürgen@münchen.example";
    let fields = [("name", "Jürgen"), ("email", address), ("status", "active")];
    admin.fill_in(&path, &fields).location();
    let kept = format!("SELECT count(*) FROM employees WHERE email = '{address}'");
    assert_eq!(app.number(&kept), 1);
}

#[test]
fn a_name_that_another_takes_the_place_of_is_told_before_it_is_saved() {
    let app = TestApp::start();
    let (mut admin, mut support) = (app.admin(), app.support());
    let path = format!("{LIST}/{}", id_of(&app, "L-1001"));
    let told = "ada.osei@larkspur.example alone will be refused: nobody has it any more.";
    let other = format!("{path}?email=ada@larkspur.example");
    let page = admin.get(&other);
    assert!(page.text().contains(told));
    assert!(!page.text().contains("would have come out otherwise"));
    assert!(!support.get(&other).text().contains("any more"));
    let other = format!("{path}?custom_id=L-1");
    let told = "L-1001 alone will be refused: nobody has it any more.";
    assert!(admin.get(&other).text().contains(told));
    let same = format!("{path}?email=Ada.Osei@larkspur.example");
    assert!(!admin.get(&same).text().contains("any more"));
}

#[test]
fn another_companys_employees_are_not_there() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let theirs = id_of(&app, "S-1");
    for path in [
        format!("{LIST}/{theirs}"),
        format!("{LIST}/{theirs}/deactivation"),
    ] {
        assert_eq!(admin.get(&path).status, 404);
        assert_eq!(
            admin.post(&path, &[("name", "x"), ("version", "1")]).status,
            404
        );
    }
    assert!(
        !admin
            .get(&format!("{LIST}?q=solotea"))
            .text()
            .contains("mei.")
    );
}

#[test]
fn fifty_thousand_are_paged_and_searched_quickly() {
    let app = TestApp::start();
    app.execute(&format!(
        "INSERT INTO employees (company_id, email, email_folded, custom_id, name, status) \
         SELECT {}, 'p' || n || '@s.example', 'p' || n || '@s.example', 'X-' || n, \
                'Person ' || lpad(n::text, 6, '0'), 1 FROM generate_series(1, 50000) n; ANALYZE employees",
        app.solo_tea.id
    ));
    app.user(&app.solo_tea, "admin@solotea.example", Role::Admin);
    let mut admin = Person::new(&app);
    admin.sign_in("admin@solotea.example", PASSWORD);
    let begun = std::time::Instant::now();
    let page = admin.get(LIST);
    assert!(page.text().contains("50,003 employees"), "{}", page.text());
    assert!(page.text().contains("Person 000001"));
    let last = app.number("SELECT id FROM employees WHERE name = 'Person 025000'");
    let next = admin.get(&format!("{LIST}?after={last}"));
    assert!(next.text().contains("Person 025001") && next.text().contains("Person 025050"));
    assert!(!next.text().contains("Person 025051"));
    let back = admin.get(&format!("{LIST}?before={last}"));
    assert!(back.text().contains("Person 024999") && back.text().contains("Person 024950"));
    let found = admin.get(&format!("{LIST}?q=x-49999"));
    assert!(found.text().contains("Person 049999"));
    let found = admin.get(&format!("{LIST}?q=p31@s"));
    assert!(found.text().contains("Person 000031"));
    let took = begun.elapsed();
    assert!(
        took < std::time::Duration::from_secs(3),
        "five pages took {took:?}"
    );
}

#[test]
fn two_who_edit_one_employee_do_not_overwrite_each_other() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let path = format!("{LIST}/{}", id_of(&app, "L-1001"));
    let seen = admin.get(&path).hidden("version").unwrap();
    let form = |name| {
        [
            ("name", name),
            ("email", "ada.osei@larkspur.example"),
            ("custom_id", "L-1001"),
        ]
    };
    admin.fill_in(&path, &form("Ada First")).location();
    let mut second = form("Ada Second").to_vec();
    second.push(("version", &seen));
    let answer = admin.post(&path, &second);
    assert_eq!(answer.status, 409);
    assert!(answer.text().contains("Now it is: Ada First"));
    // Somebody else meanwhile is nobody's concern.
    let other = format!("{LIST}/{}/deactivation", id_of(&app, "L-1004"));
    let seen = admin.get(&other).hidden("version").unwrap();
    admin.fill_in(&path, &form("Ada Third")).location();
    admin.post(&other, &[("version", &seen)]).location();
}
