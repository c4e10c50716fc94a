//! The filter as an address says it.

use api_status_page::domain::dictionary::{ErrorCode, Reason};
use api_status_page::domain::filter::{Filter, Label, Subject, Term};
use api_status_page::domain::window::{Preset, Range};
use chrono_tz::Tz;

fn parse<'q>(parameters: &[(&'q str, &'q str)]) -> (Filter, Vec<(&'q str, &'q str)>) {
    Filter::parse(parameters.iter().copied(), Tz::UTC)
}

fn is(subject: Subject) -> Term {
    Term {
        subject,
        negated: false,
    }
}

fn is_not(subject: Subject) -> Term {
    Term {
        subject,
        negated: true,
    }
}

#[test]
fn terms_are_read_from_an_address() {
    let (filter, others) = parse(&[
        ("error", "invalid_brand"),
        ("-channel", "chat"),
        ("reason", "invalid_customer.name_format"),
        ("reason", "malformed_request.wrong_type:customer.email"),
        ("brand", "~unknown"),
        ("brand", "~unknown:acme"),
        ("language", "~none"),
        ("range", "7d"),
        ("employee", ""),
    ]);
    assert!(others.is_empty());
    assert_eq!(filter.range, Some(Range::Last(Preset::Week)));
    let expected = [
        is(Subject::Error(ErrorCode::InvalidBrand)),
        is(Subject::Reason(Reason::CustomerNameFormat, None)),
        is(Subject::Reason(
            Reason::WrongType,
            Some("customer.email".to_owned()),
        )),
        is_not(Subject::Channel(Label::Named("chat".to_owned()))),
        is(Subject::Brand(Label::NamedUnknown("acme".to_owned()))),
        is(Subject::Brand(Label::Unknown)),
        is(Subject::Language(Label::NotSent)),
    ];
    assert_eq!(filter.terms(), expected);
}

#[test]
fn what_is_not_understood_comes_back_as_it_was() {
    let unknown = [
        ("error", "no_such"),
        ("reason", "invalid_customer"),
        ("reason", "malformed_request.wrong_type:"),
        ("colour", "red"),
        ("key", "x"),
        ("range", "2y"),
    ];
    assert_eq!(parse(&unknown), (Filter::default(), unknown.to_vec()));
    let one_end = [("from", "2026-11-20T10:00:00Z")];
    assert_eq!(parse(&one_end), (Filter::default(), one_end.to_vec()));
    let backwards = [
        ("from", "2026-11-20T10:00:00Z"),
        ("to", "2026-11-19T10:00:00Z"),
    ];
    assert_eq!(parse(&backwards), (Filter::default(), backwards.to_vec()));
    let one_readable = [("from", "yesterday"), ("to", "2026-11-19T10:00:00Z")];
    assert_eq!(
        parse(&one_readable),
        (Filter::default(), one_readable.to_vec())
    );
}

#[test]
fn a_term_more_than_fifty_comes_back() {
    let keys: Vec<String> = (0..51).map(|n| n.to_string()).collect();
    let parameters: Vec<_> = keys.iter().map(|key| ("key", key.as_str())).collect();
    let (filter, others) = parse(&parameters);
    assert_eq!(filter.terms().len(), 50);
    assert_eq!(others, [("key", "50")]);
}

#[test]
fn a_term_is_held_in_the_form_in_which_an_address_gives_it_back() {
    let named = |label: &str| is(Subject::Brand(Label::Named(label.to_owned())));
    let filter = Filter::default()
        .with(named(" north "))
        .with(named("north"));
    assert_eq!(filter.terms(), [named("north")]);
    let filter = Filter::default().with(named("~unknown"));
    assert_eq!(filter.terms(), [is(Subject::Brand(Label::Unknown))]);
    let filter = Filter::default()
        .with(named(&"x".repeat(256)))
        .with(named(&format!("~unknown:{}", "x".repeat(256))))
        .with(named("a\0"));
    assert_eq!(filter, Filter::default());
}

#[test]
fn a_term_can_be_taken_away() {
    let error = is(Subject::Error(ErrorCode::InvalidBrand));
    let key = is_not(Subject::Key(7));
    let filter = Filter::default().with(error.clone()).with(key.clone());
    assert_eq!(filter.without(&error).terms(), [key]);
    assert_eq!(filter.without_any("key").terms(), [error]);
}

#[test]
fn terms_about_one_thing_are_alternatives_and_about_different_things_must_all_hold() {
    let named = |label: &str| Subject::Channel(Label::Named(label.to_owned()));
    let filter = Filter::default()
        .with(is(named("chat")))
        .with(is(named("email")))
        .with(is_not(Subject::Key(7)));
    let admits = |channel: &str, key: i64| {
        filter.admits(|subject| *subject == named(channel) || *subject == Subject::Key(key))
    };
    assert!(admits("chat", 1) && admits("email", 1));
    assert!(!admits("phone", 1));
    assert!(!admits("chat", 7));
}
