//! Which addresses a customer may have.

use api_status_page::domain::email::is_mailbox;

#[test]
fn one_plain_mailbox_is_accepted() {
    for address in [
        "jane@acme.example",
        "Jane.Doe+tag@Mail.Acme.Example",
        "o'neill@acme.example",
        "a@b.co",
        "1@1.example",
        "_x-y=z@acme-shop.example",
        "josé@acme.example",
        "jane@xn--mnchen-3ya.example",
        "用户@例子.广告",
        "संपर्क@डाटामेल.भारत",
        // Labels may end in a sign that is no letter.
        "a@परीक्षण्.भारत",
        "زهرا@نامه\u{200c}ای.com",
    ] {
        assert!(is_mailbox(address), "{address}");
    }
}

#[test]
fn display_names_quotes_and_address_literals_are_refused() {
    for address in [
        "Jane <jane@acme.example>",
        "<jane@acme.example>",
        "\"jane\"@acme.example",
        "jane@[192.0.2.1]",
        "jane@192.0.2.1",
        "jane@[IPv6:2001:db8::1]",
        "mailto:jane@acme.example",
        "jane@acme.example, joe@acme.example",
        "jane@acme.example;joe@acme.example",
    ] {
        assert!(!is_mailbox(address), "{address}");
    }
}

#[test]
fn the_domain_must_have_a_dot_and_whole_labels() {
    let long_label = format!("jane@{}.example", "a".repeat(64));
    for address in [
        "jane@acme",
        "jane@acme.",
        "jane@.example",
        "jane@acme..example",
        "jane@acme.example.",
        "jane@-acme.example",
        "jane@acme-.example",
        "jane@ac me.example",
        "jane@acme/x.example",
        "jane@acme.example:25",
        "jane@acme%.example",
        "jane@ac!me.example",
        "jane@ac_me.example",
        &long_label,
    ] {
        assert!(!is_mailbox(address), "{address}");
    }
}

#[test]
fn the_local_part_must_be_whole() {
    for address in [
        "@acme.example",
        ".jane@acme.example",
        "jane.@acme.example",
        "ja..ne@acme.example",
        "jane",
        "jane,joe@acme.example",
        "jane(work)@acme.example",
        "",
    ] {
        assert!(!is_mailbox(address), "{address}");
    }
}

#[test]
fn an_address_has_at_most_254_bytes() {
    let domain = format!(
        "{}.{}.{}.example",
        "a".repeat(60),
        "b".repeat(60),
        "c".repeat(60)
    );
    let local = "j".repeat(254 - domain.len() - 1);
    let longest = format!("{local}@{domain}");
    assert_eq!(longest.len(), 254);
    assert!(is_mailbox(&longest));
    assert!(!is_mailbox(&format!("j{longest}")));
}

#[test]
fn characters_that_nobody_sees_are_refused() {
    for address in [
        "jane@acme.example\u{200b}",
        "\u{feff}jane@acme.example",
        "ja\u{ad}ne@acme.example",
        "jane@ac\u{2060}me.example",
        "jane\u{202e}@acme.example",
        "jane\0@acme.example",
        "jane\u{a0}@acme.example",
    ] {
        assert!(!is_mailbox(address), "{address:?}");
    }
}
