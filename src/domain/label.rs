//! Labels (channels, brands, languages): when a label sent means a label configured, and which one
//! the sender probably meant.

use std::borrow::Cow;

use super::language;

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

/// Whether a request that sent `sent` was read as `label` by an alias: they are not the same label
/// written differently.
pub fn is_by_alias(sent: &str, label: &str) -> bool {
    fold(sent) != fold(label)
}

/// The longest label, in characters.
const MAX_CHARS: usize = 64;

/// A label that may be set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLabel(String);

/// Why a label may not be set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelFault {
    /// There is nothing in it that could be named.
    Empty,
    /// It has more than 64 characters.
    TooLong,
    /// It begins with `~`, which addresses need for themselves.
    Tilde,
    /// It has characters that are not seen.
    Unseen,
}

impl NewLabel {
    /// Reads a label as typed.
    pub fn parse(text: &str) -> Result<Self, LabelFault> {
        let text = text.trim();
        if !text.chars().any(char::is_alphanumeric) {
            Err(LabelFault::Empty)
        } else if text.chars().count() > MAX_CHARS {
            Err(LabelFault::TooLong)
        } else if text.starts_with('~') {
            Err(LabelFault::Tilde)
        } else if text.chars().any(char::is_control) {
            Err(LabelFault::Unseen)
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// The label.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl LabelFault {
    /// The words at the field.
    pub fn words(self) -> &'static str {
        match self {
            Self::Empty => "Type the label that requests name: letters or digits.",
            Self::TooLong => "At most 64 characters.",
            Self::Tilde => "A label cannot begin with ~.",
            Self::Unseen => "It has characters in it that cannot be seen. Type it instead.",
        }
    }
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
    slips(sent, candidate)
        .or_else(|| (language::primary(sent) == language::primary(candidate)).then_some(3))
}

/// By how many slips of the hand two words differ, at most two, of a short word fewer; `None` when
/// they are different words.
pub fn slips(sent: &str, candidate: &str) -> Option<usize> {
    let (sent_chars, candidate_chars) = (sent.chars().count(), candidate.chars().count());
    let tolerated = match sent_chars.max(candidate_chars) {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    };
    if sent_chars.abs_diff(candidate_chars) > tolerated {
        return None;
    }
    let slips = strsim::damerau_levenshtein(sent, candidate);
    (slips <= tolerated).then_some(slips)
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
    fn another_word_is_an_alias_and_another_spelling_is_not() {
        assert!(is_by_alias("voice", "phone"));
        assert!(!is_by_alias("Larkspur Kids", "larkspurkids"));
        assert!(!is_by_alias("FR_ca", "fr-CA"));
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
