//! The filter: what the form offers, and what an address says.

use crate::support::TestApp;
use crate::support::company::accepted_but;

const INVALID: &str = "/settings/integrations/api-status/invalid-requests";

#[test]
fn several_values_and_exclusions_come_from_the_form_with_their_counts() {
    let app = TestApp::start();
    for brand in ["larkspur-outlet", "larkspur-outlet", "nobody"] {
        app.production().requests(&accepted_but("/brand", brand));
    }
    app.production().requests(&accepted_but("/channel", "sms"));
    let page = app
        .admin()
        .get(&format!("{INVALID}?brand=larkspur-outlet&-channel=sms"));
    let page = page.text();
    let (_, form) = page.split_once(r#"<form id="filter""#).unwrap();
    let form = form.split_once("</form>").unwrap().0;
    let field = |name: &str, value: &str, rest: &str| {
        let start = format!(r#"name="{name}" value="{value}""#);
        form.split('<')
            .any(|tag| tag.contains(&start) && tag.contains(rest))
    };
    assert!(field("brand", "larkspur-outlet", "checked"), "{form}");
    assert!(field("-channel", "sms", "checked"));
    assert!(!field("channel", "sms", "checked"));
    // A facet does not hide its own options.
    let count = |words: &str| {
        let (_, row) = form
            .split_once(&format!(r#"<th scope="row">{words}</th>"#))
            .unwrap();
        let (_, number) = row.split_once(r#"class="number">"#).unwrap();
        number.split_once('<').unwrap().0.trim().to_owned()
    };
    assert_eq!(count("larkspur-outlet"), "2");
    assert_eq!(count("unknown to the company"), "0");
    assert_eq!(count("sms"), "0");
    assert!(!form.contains(r#"type="hidden" name="brand""#));
}

#[test]
fn the_link_to_copy_shows_the_same_tomorrow() {
    let app = TestApp::start();
    app.production().requests(&accepted_but("/brand", "nobody"));
    let mut admin = app.admin();
    let page = admin.get(&format!("{INVALID}?range=1h&kind=feedback"));
    let (before, _) = page.text().split_once("\" data-copy-link").unwrap();
    let (_, link) = before.rsplit_once("href=\"").unwrap();
    let link = link.replace("&#38;", "&");
    for part in ["from=", "&to=", "&kind=feedback"] {
        assert!(link.contains(part), "{link}");
    }
    assert!(!link.contains("range="), "{link}");
    assert!(admin.get(&link).text().contains("1 invalid request,"));
}

#[test]
fn what_an_address_says_wrong_is_named_and_the_rest_applies() {
    let app = TestApp::start();
    app.production().requests(&accepted_but("/brand", "nobody"));
    let page = app
        .admin()
        .get(&format!("{INVALID}?environment=moon&kind=recovery&x=1"));
    let page = page.text();
    assert!(page.contains("<code>environment=moon</code>"), "{page}");
    assert!(page.contains("<code>x=1</code>"));
    assert!(page.contains("Without kind recovery: 1"), "{page}");
}
