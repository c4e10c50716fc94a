//! E-mail addresses: which ones a customer may have, and when two of them are the same mailbox.

use std::borrow::Cow;

use email_address::{EmailAddress, Options};

/// The longest address that mail servers pass on (RFC 5321, section 4.5.3.1), in bytes.
const MAX_BYTES: usize = 254;

/// Whether `address` is one mailbox: no display name, quotes or address literal, at most 254 bytes,
/// a dot in the domain. International addresses are allowed.
pub fn is_mailbox(address: &str) -> bool {
    let options = Options::default()
        .with_required_tld()
        .without_display_text()
        .without_domain_literal();
    address.len() <= MAX_BYTES
        && !address.contains('"')
        && !address.chars().any(|c| c.is_whitespace() || c.is_control())
        && EmailAddress::parse_with_options(address, options).is_ok()
        && address
            .rsplit_once('@')
            .is_some_and(|(_, domain)| idna::domain_to_ascii(domain).is_ok())
}

/// The form in which two addresses are compared: without surrounding space, in lower case.
/// Borrowed when `address` already has that form.
pub fn fold(address: &str) -> Cow<'_, str> {
    let address = address.trim();
    if address
        .bytes()
        .all(|b| b.is_ascii() && !b.is_ascii_uppercase())
    {
        Cow::Borrowed(address)
    } else {
        Cow::Owned(address.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_and_international_mailboxes_are_accepted() {
        for address in [
            "jane@acme.example",
            "jane.doe+tag@mail.acme.example",
            "o'neill@acme.example",
            "用户@例子.广告",
            "jürgen@münchen.example",
        ] {
            assert!(is_mailbox(address), "{address}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let long = format!("{}@acme.example", "a".repeat(250));
        for address in [
            "",
            "jane",
            "jane@@acme",
            "jane@acme",
            "@acme.example",
            "jane@",
            "Jane <jane@acme.example>",
            "<jane@acme.example>",
            "\"jane doe\"@acme.example",
            "jane@[127.0.0.1]",
            "jane doe@acme.example",
            "jane@acme.example,joe@acme.example",
            "jane@acme..example",
            "jane@-acme.example",
            long.as_str(),
        ] {
            assert!(!is_mailbox(address), "{address}");
        }
    }

    #[test]
    fn case_and_surrounding_space_do_not_matter() {
        assert_eq!(fold(" Paul@Acme.example "), "paul@acme.example");
        assert_eq!(fold("ÉVA@acme.example"), "éva@acme.example");
    }
}
