//! What support may look at, and that it changes nothing.

use crate::support::TestApp;
use crate::support::company::accepted;

#[test]
fn support_looks_at_settings_and_finds_nothing_to_press() {
    let app = TestApp::start();
    let id = app.number("SELECT id FROM employees WHERE custom_id = 'L-1001'");
    let mut support = app.support();
    for path in [
        "/settings",
        "/settings/company-info",
        "/settings/integrations",
        "/settings/employees",
        "/settings/audit-log",
        &format!("/settings/employees/{id}"),
    ] {
        let page = support.get(path);
        assert_eq!(page.status, 200, "{path}");
        let main = page.text().split_once("<main").unwrap().1;
        assert!(!main.contains("method=\"post\""), "{path}");
        for word in [
            "Rename",
            "Deactivate …",
            "Disable …",
            "/new\"",
            "acs_live",
            "Revoke",
        ] {
            assert!(!main.contains(word), "{path}: {word}");
        }
        assert!(!main.contains("/settings/users"), "{path}");
    }
    assert_eq!(support.get("/settings/employees/employees.csv").status, 200);
}

#[test]
fn whatever_changes_something_is_refused_to_support() {
    let app = TestApp::start();
    let id = app.number("SELECT id FROM employees WHERE custom_id = 'L-1001'");
    let key = app.larkspur.production_key.id;
    let mut support = app.support();
    let mut both = vec![
        "/settings/company-info/brands/new".to_owned(),
        "/settings/company-info/brands/larkspur/name".to_owned(),
        "/settings/company-info/brands/larkspur/deactivation".to_owned(),
        "/settings/company-info/channels/email/deactivation".to_owned(),
        "/settings/integrations/channels/email/manual-mode".to_owned(),
        "/settings/integrations/keys/new".to_owned(),
        "/settings/employees/new".to_owned(),
        "/settings/employees/imports/new".to_owned(),
        "/settings/users".to_owned(),
        "/settings/users/new".to_owned(),
    ];
    both.push(format!("/settings/integrations/keys/{key}/revocation"));
    both.push(format!("/settings/employees/{id}/deactivation"));
    for path in &both {
        assert_eq!(support.get(path).status, 403, "{path}");
    }
    both.retain(|path| path != "/settings/users");
    both.push("/settings/company-info".to_owned());
    both.push("/settings/integrations".to_owned());
    both.push(format!("/settings/employees/{id}"));
    for path in &both {
        let form = [
            ("version", "1"),
            ("name", "x"),
            ("label", "x"),
            ("email", "x@l.example"),
        ];
        assert_eq!(support.post(path, &form).status, 403, "{path}");
    }
    assert_eq!(app.production().requests(&accepted()).status, 200);
    assert_eq!(
        app.number("SELECT count(*) FROM audit_log WHERE settings_version IS NOT NULL"),
        0
    );
}
