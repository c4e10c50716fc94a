//! The filter: what the form offers, and what an address says.

use crate::support::TestApp;
use crate::support::company::{accepted, accepted_but, with};

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
fn another_filter_shows_the_causes_of_the_same_state_from_the_first_page() {
    let app = TestApp::start();
    app.production().requests(&accepted_but("/brand", "nobody"));
    let causes = format!("{INVALID}/causes?state=open&page=2");
    let page = app.admin().get(&causes);
    let state = r#"<input type="hidden" name="state" value="open">"#;
    assert_eq!(page.text().matches(state).count(), 3, "{}", page.text());
    assert!(!page.text().contains(r#"name="page""#));
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

/// The count beside an option of the panel; `None` where there is none.
fn option(page: &str, facet: &str, words: &str) -> Option<String> {
    let start = format!("<caption class=\"visually-hidden\">{facet}: choose or exclude");
    let (_, table) = page.split_once(&start).unwrap();
    let table = table.split_once("</table>").unwrap().0;
    let row = format!(r#"<th scope="row">{words}</th>"#);
    let (_, row) = table.split_once(&row).unwrap();
    let (_, number) = row.split_once(r#"class="number">"#).unwrap();
    let number = number.split_once('<').unwrap().0.trim();
    (!number.is_empty()).then(|| number.to_owned())
}

#[test]
fn options_are_counted_also_for_what_only_the_index_knows() {
    let app = TestApp::start();
    for brand in ["nobody", "nobody", "else"] {
        app.production().requests(&accepted_but("/brand", brand));
    }
    app.trying_out().requests(&accepted_but("/brand", "nobody"));
    let in_sms = with(accepted_but("/brand", "nobody"), "/channel", "sms");
    app.production().requests(&in_sms);
    let mut admin = app.admin();
    let mut page = |query: &str| admin.get(&format!("{INVALID}?{query}")).text().to_owned();
    let nobody = page("brand=nobody");
    let count = |page: &str, facet, words| option(page, facet, words).unwrap();
    assert_eq!(count(&nobody, "Environment", "production"), "3");
    assert_eq!(count(&nobody, "Environment", "test"), "1");
    assert_eq!(count(&nobody, "Channel", "sms"), "1");
    assert_eq!(count(&nobody, "Channel", "email"), "3");
    // Its own facet is counted without its own terms, from the counters.
    assert_eq!(count(&nobody, "Brand", "unknown to the company"), "5");
    let in_test = page("brand=nobody&environment=test");
    assert_eq!(count(&in_test, "Channel", "email"), "1");
    assert_eq!(count(&in_test, "Environment", "production"), "3");
    assert!(in_test.contains(">1 of 5</span>"), "{in_test}");
    let by_name = page("employee=ada.osei@larkspur.example&channel=sms");
    assert_eq!(count(&by_name, "Channel", "email"), "4");
    assert_eq!(count(&by_name, "Brand", "unknown to the company"), "1");
    let both = page("employee=ada.osei@larkspur.example&brand=nobody");
    assert_eq!(option(&both, "Brand", "not sent"), None, "nothing tells");
    assert_eq!(count(&both, "Channel", "email"), "3");
}

#[test]
fn tabs_and_legend_count_what_only_the_index_knows() {
    let app = TestApp::start();
    for brand in ["nobody", "nobody", "else"] {
        app.production().requests(&accepted_but("/brand", brand));
    }
    app.production().requests(&with(
        accepted_but("/brand", "nobody"),
        "/channel",
        "pigeon",
    ));
    app.trying_out().requests(&accepted_but("/brand", "nobody"));
    app.trying_out().requests(&accepted());
    let mut admin = app.admin();
    let mut page = |query: &str| admin.get(&format!("{INVALID}?{query}")).text().to_owned();
    let tabs = |page: &str| -> Vec<String> {
        let (_, tabs) = page.split_once(r#"class="tabs""#).unwrap();
        let counts = tabs.split("<span>").skip(1).take(2);
        counts
            .map(|rest| rest.split_once('<').unwrap().0.to_owned())
            .collect()
    };
    assert_eq!(tabs(&page("brand=nobody")), ["4", "1"]);
    let by_name = "employee=ada.osei@larkspur.example";
    assert_eq!(tabs(&page(by_name)), ["5", "2"]);
    assert_eq!(tabs(&page(&format!("-{by_name}"))), ["0", "0"]);
    let also_by_channel = page("brand=nobody&error=channel_not_enabled");
    assert_eq!(tabs(&also_by_channel), ["1", "0"]);
    // The legend counts whatever error the filter asks for.
    let (_, line) = also_by_channel
        .split_once("<span>Invalid/inactive brand signifier</span>")
        .unwrap();
    let (_, count) = line.split_once(r#"<span class="count">"#).unwrap();
    assert!(count.starts_with("4<"), "{count}");
}

#[test]
fn the_filter_says_how_many_of_all_it_lets_through() {
    let app = TestApp::start();
    for brand in ["larkspur-outlet", "nobody", "else"] {
        app.production().requests(&accepted_but("/brand", brand));
    }
    let mut admin = app.admin();
    let mut says = |query: &str, words: &str| {
        let page = admin.get(&format!("{INVALID}?{query}"));
        assert!(page.text().contains(words), "{query}: {}", page.text());
    };
    says("brand=larkspur-outlet", ">1 of 3</span>");
    says("-brand=larkspur-outlet", ">2 of 3</span>");
    says("brand=larkspur-outlet&brand=~unknown", ">3 of 3</span>");
}
