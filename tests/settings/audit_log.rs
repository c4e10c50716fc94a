//! The audit log: everything is in it, in pages, and support sees what is for support.

use crate::support::TestApp;

const PAGE: &str = "/settings/audit-log";

#[test]
fn a_change_is_told_with_who_and_what_before_and_after() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let brand = "/settings/company-info/brands/larkspur/name";
    admin
        .fill_in(brand, &[("name", "Larkspur & Sons")])
        .location();
    let page = admin.get(PAGE);
    let page = page.text();
    for words in [
        "Brand renamed",
        "<code>larkspur</code>",
        "name: <del>larkspur</del> → Larkspur &#38; Sons",
        "User signed in",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let brands = admin.get(&format!("{PAGE}?about=brand"));
    assert!(brands.text().contains("Brand renamed"));
    assert!(!brands.text().contains("User signed in</"));
    let nobody = admin.get(&format!("{PAGE}?about=language"));
    assert!(nobody.text().contains("Nothing of this kind"));
    let by = app.number("SELECT id FROM users WHERE email LIKE 'admin%'");
    assert!(
        admin
            .get(&format!("{PAGE}?by={by}"))
            .text()
            .contains("Brand renamed")
    );
    assert!(
        !admin
            .get(&format!("{PAGE}?by=0"))
            .text()
            .contains("Brand renamed")
    );

    let mut support = app.support();
    let page = support.get(PAGE);
    assert!(page.text().contains("Brand renamed"));
    assert!(!page.text().contains("User signed in"));
    assert!(
        !support
            .get(&format!("{PAGE}?about=user"))
            .text()
            .contains("User signed in")
    );
}

#[test]
fn pages_follow_each_other_without_a_gap_even_within_one_moment() {
    let app = TestApp::start();
    let mut admin = app.admin();
    app.execute(&format!(
        "INSERT INTO audit_log (company_id, at, actor, action, subject) \
         SELECT {}, '2026-01-01T00:00:00Z', 'somebody', 'brand.created', 'b' || lpad(n::text, 3, '0') \
         FROM generate_series(1, 120) n",
        app.larkspur.id
    ));
    let mut path = format!("{PAGE}?about=brand");
    let mut seen = Vec::new();
    loop {
        let page = admin.get(&path);
        let subjects = page.text().split("<small><code>").skip(1);
        seen.extend(subjects.map(|rest| rest[..4].to_owned()));
        let Some((before, _)) = page.text().split_once("\" rel=\"next\"") else {
            break;
        };
        path = before
            .rsplit("href=\"")
            .next()
            .unwrap()
            .replace("&#38;", "&");
    }
    let all: Vec<String> = (1..=120).rev().map(|n| format!("b{n:03}")).collect();
    assert_eq!(seen, all);
}
