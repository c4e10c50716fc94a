//! What holds for every input, tried with many made at random.

use std::sync::LazyLock;

use api_status_page::domain::body::Body;
use api_status_page::domain::dictionary::{ErrorCode, Reason};
use api_status_page::domain::filter::{Filter, Label, Subject, Term, Verdict};
use api_status_page::domain::request::{Environment, Kind};
use api_status_page::domain::search::Search;
use api_status_page::domain::settings::CompanySettings;
use api_status_page::domain::validate::validate;
use api_status_page::domain::window::{FINE_GRAIN_DAYS, Preset, Range, Window, parse_moment};
use api_status_page::domain::{email, label};
use chrono::{DateTime, Duration, Timelike, Utc};
use chrono_tz::Tz;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::company::Company;

static LARKSPUR: LazyLock<CompanySettings> = LazyLock::new(|| Company::larkspur().settings());

/// Everything that is said about a body, as text.
fn said(kind: Kind, bytes: &[u8], environment: Environment) -> String {
    let body = Body::parse(kind, bytes);
    let verdict = validate(kind, &body, &LARKSPUR, environment);
    let details: Vec<_> = verdict.findings.iter().map(|f| f.detail()).collect();
    let echo = serde_json::to_string(&body).unwrap();
    assert!(body.warnings.as_slice().len() <= 20);
    assert_eq!(
        body.is_unreadable(),
        body.malformed.iter().any(|f| f.pointer.is_empty())
    );
    format!("{body:?} {verdict:?} {details:?} {echo}")
}

fn kind() -> impl Strategy<Value = Kind> {
    select(Kind::ALL.as_slice())
}

fn environment() -> impl Strategy<Value = Environment> {
    select(Environment::ALL.as_slice())
}

/// Any JSON text, as senders and as attackers write it.
fn json() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        select(vec![
            r#""""#,
            r#"" ""#,
            r#""true""#,
            r#"" email ""#,
            r#""larkspur""#,
            r#""ada.osei@larkspur.example""#,
            r#""L-1002""#,
            r#""\ud800""#,
            r#""\u0000""#,
            r#""\n""#,
        ])
        .prop_map(str::to_owned),
        (1995..2005usize, "[x ]").prop_map(|(n, end)| format!("\"{}{end}y\"", "x".repeat(n))),
    ];
    let single = prop_oneof![
        4 => text,
        1 => select(vec!["null", "true", "false", "0", "1", "-1.5e3"]).prop_map(str::to_owned),
    ];
    single.prop_recursive(3, 24, 6, |inner| {
        let entries = vec((key(), inner.clone()), 0..5);
        let object = entries.prop_map(|entries| {
            let entries: Vec<_> = entries.iter().map(|(k, v)| format!("{k}: {v}")).collect();
            format!("{{{}}}", entries.join(", "))
        });
        let array = prop_oneof![4 => vec(inner.clone(), 0..4), 1 => vec(inner, 18..24)]
            .prop_map(|items| format!("[{}]", items.join(", ")));
        prop_oneof![object, array]
    })
}

/// A key in JSON, mostly one of those documented.
fn key() -> impl Strategy<Value = String> {
    let documented = select(vec![
        r#""name""#,
        r#""email""#,
        r#""custom_id""#,
        r#""langauge""#,
        r#""a/b~c""#,
    ]);
    prop_oneof![
        4 => documented.prop_map(str::to_owned),
        1 => any::<String>().prop_map(|key| serde_json::to_string(&key).unwrap()),
    ]
}

/// An object with documented fields, each as likely right as wrong, duplicates included.
fn sloppy_body() -> impl Strategy<Value = String> {
    let field = select(vec![
        "customer",
        "employee",
        "channel",
        "ext_interaction_id",
        "external_url",
        "tags",
        "do_not_send",
        "brand",
        "language",
        "country",
        "custom_properties",
        "initial_feedback_request_id",
    ]);
    let entries = vec((field, json()), 0..14);
    entries.prop_map(|entries| {
        let entries: Vec<_> = entries
            .iter()
            .map(|(k, v)| format!("\"{k}\": {v}"))
            .collect();
        format!("{{{}}}", entries.join(", "))
    })
}

/// An object with documented fields of the documented types, sloppily written.
fn readable_body() -> impl Strategy<Value = String> {
    let text = || {
        let texts = select(vec![
            "null",
            r#""""#,
            "7",
            "true",
            r#"" email ""#,
            r#""larkspur""#,
            r#""FR_ca""#,
            r#""ada.osei@larkspur.example""#,
            r#""L-1002""#,
        ]);
        let any_text = any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap());
        prop_oneof![3 => texts.prop_map(str::to_owned), 1 => any_text]
    };
    let flag = select(vec!["true", "false", "null", r#""""#, r#"" True""#]);
    let texts = (text(), text(), text(), text(), text(), text());
    let tags = vec(text(), 0..24).prop_map(|tags| tags.join(", "));
    (texts, tags, flag).prop_map(
        |((email, custom_id, customer, name, brand, note), tags, flag)| {
            format!(
                r#"{{"channel": "chat", "employee": {{"email": {email}, "custom_id": {custom_id}}},
                "customer": {{"email": {customer}, "name": {name}}}, "brand": {brand},
                "language": {brand}, "tags": [{tags}], "do_not_send": {flag},
                "custom_properties": {{"note": {note}}}}}"#
            )
        },
    )
}

fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    // From 1970 to 2199, where addresses can name moments.
    let nanos = prop_oneof![Just(0u32), 0..1_000_000_000u32];
    (0..7_258_000_000i64, nanos).prop_map(|(s, n)| DateTime::from_timestamp(s, n).unwrap())
}

fn range() -> impl Strategy<Value = Range> {
    let between = (moment(), moment())
        .prop_filter("a range has two ends", |(a, b)| a != b)
        .prop_map(|(a, b)| Range::Between(a.min(b), a.max(b)));
    prop_oneof![
        select(Preset::ALL.as_slice()).prop_map(Range::Last),
        between
    ]
}

fn term() -> impl Strategy<Value = Term> {
    let name = || {
        prop_oneof![
            any::<String>(),
            "[ ~a-zA-Z_-]{0,12}",
            Just("~none".to_owned())
        ]
    };
    let label = move || {
        let named = name().prop_map(Label::Named);
        prop_oneof![4 => named, 1 => Just(Label::Unknown), 1 => Just(Label::NotSent)]
    };
    let subject = prop_oneof![
        select(ErrorCode::ALL.as_slice()).prop_map(Subject::Error),
        select(Reason::ALL.as_slice()).prop_map(|r| Subject::Reason(r, None)),
        (select(Reason::ALL.as_slice()), name())
            .prop_map(|(r, field)| Subject::Reason(r, Some(field))),
        environment().prop_map(Subject::Environment),
        label().prop_map(Subject::Channel),
        label().prop_map(Subject::Brand),
        label().prop_map(Subject::Language),
        name().prop_map(Subject::Employee),
        any::<i64>().prop_map(Subject::Key),
        kind().prop_map(Subject::Kind),
        select(Verdict::ALL.as_slice()).prop_map(Subject::Result),
    ];
    (subject, any::<bool>()).prop_map(|(subject, negated)| Term { subject, negated })
}

fn filter() -> impl Strategy<Value = Filter> {
    (proptest::option::of(range()), vec(term(), 0..60)).prop_map(|(range, terms)| {
        let bare = Filter::default();
        let bare = range.map_or(bare.clone(), |range| bare.with_range(range));
        terms
            .into_iter()
            .fold(bare, |filter, term| filter.with(term))
    })
}

fn zone() -> impl Strategy<Value = Tz> {
    select(chrono_tz::TZ_VARIANTS.as_slice())
}

proptest! {
    #[test]
    fn any_bytes_are_judged_the_same_twice(
        kind in kind(), bytes in vec(any::<u8>(), 0..400), environment in environment(),
    ) {
        prop_assert_eq!(said(kind, &bytes, environment), said(kind, &bytes, environment));
    }

    #[test]
    fn any_json_is_judged_the_same_twice(
        kind in kind(), body in prop_oneof![sloppy_body(), json()], environment in environment(),
    ) {
        let bytes = body.as_bytes();
        prop_assert_eq!(said(kind, bytes, environment), said(kind, bytes, environment));
    }

    #[test]
    fn a_body_that_breaks_off_is_no_json(body in sloppy_body(), at in any::<prop::sample::Index>()) {
        let at = at.index(body.len());
        prop_assert!(Body::parse(Kind::Feedback, &body.as_bytes()[..at]).is_unreadable());
    }

    #[test]
    fn every_echo_is_its_own_echo(body in sloppy_body()) {
        let body = Body::parse(Kind::Feedback, body.as_bytes());
        let echo = serde_json::to_string(&body).unwrap();
        let again = Body::parse(Kind::Feedback, echo.as_bytes());
        prop_assert_eq!(&serde_json::to_string(&again).unwrap(), &echo);
        // A country is kept as sent, so the advice about it comes again.
        let other = again.warnings.as_slice().iter().find(|w| w.code != "country_format");
        prop_assert_eq!(other, None);
        let missing = again.malformed.iter().find(|f| f.pointer != "/channel");
        prop_assert_eq!(missing, None);
    }

    #[test]
    fn a_request_is_judged_as_its_echo_is(body in readable_body(), environment in environment()) {
        let body = Body::parse(Kind::Feedback, body.as_bytes());
        prop_assert_eq!(&body.malformed, &[]);
        let echo = serde_json::to_string(&body).unwrap();
        let again = Body::parse(Kind::Feedback, echo.as_bytes());
        let first = validate(Kind::Feedback, &body, &LARKSPUR, environment);
        let second = validate(Kind::Feedback, &again, &LARKSPUR, environment);
        prop_assert_eq!(first.findings, second.findings);
    }

    #[test]
    fn a_filter_survives_being_a_link(filter in filter(), zone in zone()) {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(filter.to_parameters())
            .finish();
        let parameters: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        let parameters = parameters.iter().map(|(name, value)| (&**name, &**value));
        let (again, others) = Filter::parse(parameters, zone);
        prop_assert_eq!(again, filter);
        prop_assert!(others.is_empty(), "{:?}", others);
    }

    #[test]
    fn any_parameters_give_a_filter_that_survives_being_a_link(
        parameters in vec(("-?(error|channel|employee|key|range|from|to|x)", any::<String>()), 0..9),
        zone in zone(),
    ) {
        let borrowed = parameters.iter().map(|(name, value)| (&**name, &**value));
        let (filter, _) = Filter::parse(borrowed, zone);
        let written = filter.to_parameters();
        let written = written.iter().map(|(name, value)| (&**name, &**value));
        prop_assert_eq!(Filter::parse(written, zone), (filter, Vec::new()));
    }

    #[test]
    fn folding_twice_is_folding_once(text in any::<String>()) {
        let once = label::fold(&text);
        prop_assert_eq!(label::fold(&once), once.clone());
        let once = email::fold(&text);
        prop_assert_eq!(email::fold(&once), once.clone());
    }

    #[test]
    fn a_label_means_itself_however_it_is_written(text in "[ A-Za-z_-]{1,20}") {
        let other = format!(" {}\t", text.to_uppercase().replace('_', "-"));
        prop_assert_eq!(label::fold(&text), label::fold(&other));
    }

    #[test]
    fn a_suggestion_is_one_of_the_candidates(sent in any::<String>(), candidates in vec("[a-z-]{1,9}", 0..6)) {
        if let Some(meant) = label::did_you_mean(&sent, candidates.iter().map(|c| &**c)) {
            prop_assert!(candidates.iter().any(|c| c == meant));
        }
    }

    #[test]
    fn any_text_is_a_mailbox_or_not(text in prop_oneof![any::<String>(), "[a-z.@\"<>é\\[\\]-]{0,30}"]) {
        if email::is_mailbox(&text) {
            prop_assert_eq!(text.matches('@').count(), 1);
            prop_assert!(text.len() <= 254);
            prop_assert!(email::is_mailbox(&email::fold(&text)));
        }
    }

    #[test]
    fn any_text_can_be_searched_for(text in any::<String>()) {
        let found = Search::recognise(&text);
        prop_assert!(found.ids.len() <= 12 && found.emails.len() <= 12 && found.words.len() <= 12);
        prop_assert!(found.words.iter().all(|word| !word.is_empty() && !word.contains('\0')));
    }

    #[test]
    fn a_window_holds_its_range_and_lies_on_the_grain(range in range(), now in moment()) {
        let window = range.at(now);
        let Window { from, to } = window;
        let on_grain = |at: DateTime<Utc>| {
            let fine = at >= now - Duration::days(FINE_GRAIN_DAYS);
            let minutes = if fine { 5 } else { 60 };
            at.minute().is_multiple_of(minutes) && at.second() == 0 && at.nanosecond() == 0
        };
        prop_assert!(on_grain(from));
        prop_assert!(to.is_none_or(on_grain));
        prop_assert!(to.is_none_or(|to| from < to && to <= now));
        if let Range::Between(first, last) = range {
            prop_assert!(from <= first);
            prop_assert!(to.is_none_or(|to| last <= to));
            let is_inside = from <= first && to.is_none_or(|to| first < to);
            prop_assert!(first >= now || is_inside);
        } else {
            prop_assert!(from < now && to.is_none());
        }
        let before = window.before(now);
        prop_assert_eq!(before.to, Some(from));
        prop_assert!(before.from <= from && on_grain(before.from));
    }

    #[test]
    fn any_text_is_a_moment_or_not(text in prop_oneof![any::<String>(), "[+-]?[0-9]{4,6}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9](:60)?Z?"], zone in zone()) {
        let _ = parse_moment(&text, zone);
    }
}
