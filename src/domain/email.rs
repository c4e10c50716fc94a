//! E-mail addresses: which ones a customer may have, and when two of them are the same mailbox.

use std::borrow::Cow;

use hmac::{Hmac, KeyInit, Mac};
use idna::AsciiDenyList;
use sha2::Sha256;

/// The longest address that mail servers pass on (RFC 5321, section 4.5.3.1), in bytes.
pub const MAX_BYTES: usize = 254;

/// What may stand before the `@` (RFC 5321, section 4.5.3.1), in bytes.
pub const MAX_LOCAL_BYTES: usize = 64;

/// Whether `address` is one mailbox: no display name, quotes or address literal, at most 254 bytes,
/// a dot in the domain. International addresses are allowed.
pub fn is_mailbox(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return false;
    };
    address.len() <= MAX_BYTES
        && local.len() <= MAX_LOCAL_BYTES
        && !address.contains(|c| char::is_whitespace(c) || is_unseen(c))
        && is_dot_atom(local)
        && is_domain(domain)
}

/// Control characters, and those without a shape that come along when an address is pasted. The two
/// joiners are not among them: Persian and Indic domains are written with them.
fn is_unseen(c: char) -> bool {
    let is_shapeless = matches!(
        c,
        '\u{AD}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
    );
    c.is_control() || is_shapeless
}

/// The unquoted form of what stands before the `@` (RFC 5322, section 3.2.3), and with RFC 6532
/// whatever is not ASCII.
fn is_dot_atom(local: &str) -> bool {
    let is_atom_char =
        |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b) || !b.is_ascii();
    let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_atom_char);
    local.split('.').all(is_atom)
}

/// A host name of at least two labels, an international one in the form in which it is looked up.
/// The last label is no number: that would be an address literal without its brackets.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    let is_host = |ascii: Cow<'_, str>| {
        let last = ascii.rsplit_once('.').map(|(_, last)| last);
        ascii.split('.').all(is_label)
            && last.is_some_and(|last| !last.bytes().all(|b| b.is_ascii_digit()))
    };
    // The deny list leaves letters, digits and hyphens of ASCII.
    idna::domain_to_ascii_cow(domain.as_bytes(), AsciiDenyList::STD3).is_ok_and(is_host)
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

/// The keyed hash by which a company's requests are found by their customer's e-mail, 16 bytes. The
/// key is the company's own, so the same customer has another hash at another company.
pub fn lookup_hash(key: &[u8], address: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(fold(address).as_bytes());
    mac.finalize().into_bytes()[..16].to_vec()
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
