//! Labels (channels, brands, languages): when a label sent means a label configured, and which one
//! the sender probably meant.

use std::borrow::Cow;

/// The form in which two labels are compared: lower case, no space, `-` for `_`. It is unique per
/// company. Borrowed when `label` already has that form.
pub fn fold(label: &str) -> Cow<'_, str> {
    let folded = |b: u8| b.is_ascii_graphic() && !b.is_ascii_uppercase() && b != b'_';
    if label.bytes().all(folded) {
        return Cow::Borrowed(label);
    }
    label
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| if c == '_' { '-' } else { c })
        .flat_map(char::to_lowercase)
        .collect::<String>()
        .into()
}

/// The candidate that `sent` was probably meant to be: at most two typing errors away, or the same
/// letters with other punctuation, or one the beginning of the other (`en-US` for `en`).
/// `None` when nothing is close.
pub fn did_you_mean<'a>(
    sent: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let sent = fold(sent);
    candidates
        .into_iter()
        .filter_map(|candidate| Some((distance(&sent, &fold(candidate))?, candidate)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How far two folded labels are apart; `None` when too far to be a slip.
fn distance(sent: &str, candidate: &str) -> Option<usize> {
    // A label nobody configured can be as long as the body; the comparison below is quadratic.
    const LONGEST: usize = 64;
    if sent.is_empty() || sent.len() > LONGEST || candidate.len() > LONGEST {
        return None;
    }
    if letters(sent).eq(letters(candidate)) {
        return Some(0);
    }
    let (sent_chars, candidate_chars) = (sent.chars().count(), candidate.chars().count());
    let tolerated = match sent_chars.max(candidate_chars) {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    };
    if sent_chars.abs_diff(candidate_chars) <= tolerated {
        let typing_errors = strsim::damerau_levenshtein(sent, candidate);
        if typing_errors <= tolerated {
            return Some(typing_errors);
        }
    }
    let primary = |label| str::split(label, '-').next();
    (primary(sent) == primary(candidate)).then_some(3)
}

fn letters(label: &str) -> impl Iterator<Item = char> {
    label.chars().filter(|c| c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_space_and_underscore_do_not_matter() {
        assert_eq!(fold(" Larkspur_Kids "), "larkspur-kids");
        assert_eq!(fold("larkspur-kids"), "larkspur-kids");
        assert_eq!(fold("FR_ca"), "fr-ca");
        assert_ne!(fold("larkspur kids"), "larkspur-kids");
    }

    #[test]
    fn a_slip_is_recognised() {
        let brands = ["north", "larkspur", "larkspur-kids"];
        assert_eq!(did_you_mean("nroth", brands), Some("north"));
        assert_eq!(did_you_mean("Larkspur Kids", brands), Some("larkspur-kids"));
        assert_eq!(did_you_mean("en-US", ["en", "fr-CA"]), Some("en"));
        assert_eq!(did_you_mean("fr", ["en", "fr-CA"]), Some("fr-CA"));
    }

    #[test]
    fn something_else_is_not() {
        assert_eq!(did_you_mean("acme-de", ["north", "larkspur"]), None);
        assert_eq!(did_you_mean("", ["north"]), None);
        assert_eq!(did_you_mean("de", ["en", "fr-CA"]), None);
        assert_eq!(did_you_mean(&"x".repeat(100_000), ["north"]), None);
    }
}
