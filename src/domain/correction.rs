//! A body with every suggestion taken, in the sender's own writing: only what is wrong is replaced.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::value::RawValue;

use super::body::{CUSTOMER_FIELDS, EMPLOYEE_FIELDS, Entries, documented_fields};
use super::label;
use super::request::Kind;
use super::validate::Finding;
use super::warning::MOST_KEPT;

/// Takes the suggestions of `findings`, and the names of fields that were probably meant. `None` where
/// there is nothing to take, and for what is no JSON object.
pub fn corrected(kind: Kind, text: &str, findings: &[Finding]) -> Option<String> {
    let Entries(entries) = serde_json::from_str(text).ok()?;
    let mut edits = Vec::new();
    for finding in findings {
        let Some(suggestion) = &finding.suggestion else {
            continue;
        };
        // Of a field that was sent twice the last counts.
        let name = finding.pointer.strip_prefix('/');
        let sent = entries.iter().rev().find(|(n, _)| Some(&**n) == name);
        if let Some((_, raw)) = sent {
            let value = serde_json::to_string(suggestion).ok()?;
            edits.push((place(text, raw.get()), value));
        }
    }
    rename(text, &entries, documented_fields(kind), &mut edits);
    for (name, raw) in &entries {
        let fields: &[&str] = match &**name {
            "customer" if kind == Kind::Feedback => &CUSTOMER_FIELDS,
            "employee" => &EMPLOYEE_FIELDS,
            _ => continue,
        };
        if let Ok(Entries(entries)) = serde_json::from_str(raw.get()) {
            rename(text, &entries, fields, &mut edits);
        }
    }
    if edits.is_empty() {
        return None;
    }
    edits.sort_by_key(|(place, _)| place.start);
    let mut corrected = String::with_capacity(text.len());
    let mut end = 0;
    for (place, value) in edits {
        corrected.push_str(&text[end..place.start]);
        corrected.push_str(&value);
        end = place.end;
    }
    corrected.push_str(&text[end..]);
    Some(corrected)
}

/// Gives unknown fields the names that were meant, unless those were sent as well. A body may have a
/// hundred thousand of them; as many are looked at as are warned of.
fn rename(
    text: &str,
    entries: &[(Cow<'_, str>, &RawValue)],
    documented: &[&'static str],
    edits: &mut Vec<(Range<usize>, String)>,
) {
    let is_sent = |field: &str| entries.iter().any(|(name, _)| name == field);
    let free: Vec<&'static str> = documented.iter().copied().filter(|f| !is_sent(f)).collect();
    let unknown = entries
        .iter()
        .filter(|(name, _)| !documented.contains(&&**name));
    for (name, _) in unknown.take(MOST_KEPT) {
        let Cow::Borrowed(written) = name else {
            continue; // Written with escapes: nobody mistypes so.
        };
        if let Some(meant) = label::did_you_mean(written, free.iter().copied()) {
            edits.push((place(text, written), meant.to_owned()));
        }
    }
}

/// Where a piece of `text`, which it was borrowed from, is in it.
fn place(text: &str, piece: &str) -> Range<usize> {
    let start = piece.as_ptr().addr() - text.as_ptr().addr();
    start..start + piece.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dictionary::Reason;

    fn suggested(pointer: &'static str, suggestion: &str) -> Finding {
        let mut finding = Finding::new(Reason::BrandUnknown, pointer, None);
        finding.suggestion = Some(suggestion.to_owned());
        finding
    }

    #[test]
    fn what_is_wrong_is_replaced_and_the_rest_stays_as_written() {
        let text = "{ \"brand\" :\"nroth\",\n  \"channel\": \"emial\", \"tags\": [ 1.0 ] }";
        let findings = [
            suggested("/channel", "email"),
            suggested("/brand", "no\"rth"),
        ];
        assert_eq!(
            corrected(Kind::Feedback, text, &findings).as_deref(),
            Some("{ \"brand\" :\"no\\\"rth\",\n  \"channel\": \"email\", \"tags\": [ 1.0 ] }")
        );
    }

    #[test]
    fn fields_get_the_names_that_were_meant() {
        let text = r#"{"langauge": "en", "custommer": {}, "customer": {"emial": "a@b.example"}}"#;
        assert_eq!(
            corrected(Kind::Feedback, text, &[]).as_deref(),
            Some(r#"{"language": "en", "custommer": {}, "customer": {"email": "a@b.example"}}"#)
        );
    }

    #[test]
    fn a_body_of_a_hundred_thousand_fields_takes_no_time() {
        let text = format!("{{{}\"langauge\": 1}}", "\"a\":1,".repeat(100_000));
        assert_eq!(
            corrected(Kind::Feedback, &text, &[]),
            None,
            "too many to look at"
        );
        let text = format!("{{\"langauge\": 1{}}}", ",\"a\":1".repeat(100_000));
        let corrected = corrected(Kind::Feedback, &text, &[]).unwrap();
        assert!(corrected.starts_with("{\"language\": 1,"));
    }

    #[test]
    fn of_a_field_sent_twice_the_last_is_put_right() {
        let text = r#"{"brand": "a", "brand": "nroth"}"#;
        assert_eq!(
            corrected(Kind::Feedback, text, &[suggested("/brand", "north")]).as_deref(),
            Some(r#"{"brand": "a", "brand": "north"}"#)
        );
    }

    #[test]
    fn where_there_is_nothing_to_take_there_is_no_other_body() {
        assert_eq!(
            corrected(Kind::Feedback, r#"{"channel": "email"}"#, &[]),
            None
        );
        assert_eq!(corrected(Kind::Feedback, "no JSON", &[]), None);
        assert_eq!(
            corrected(Kind::Recovery, "[]", &[suggested("/brand", "x")]),
            None
        );
    }
}
