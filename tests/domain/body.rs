//! What is tolerated in a body, what is said about it, and what is echoed.

use api_status_page::domain::body::{
    Body, Given, MAX_KEY_CHARS, MAX_POINTER_CHARS, MAX_TAGS, MOST_FINDINGS,
};
use api_status_page::domain::dictionary::Reason;
use api_status_page::domain::request::Kind;
use serde_json::{Value, json};

fn parse(body: &str) -> Body<'_> {
    Body::parse(Kind::Feedback, body.as_bytes())
}

/// The warnings as code and pointer.
fn warnings<'b>(body: &'b Body<'_>) -> Vec<(&'b str, &'b str)> {
    let warnings = body.warnings.as_slice().iter();
    warnings.map(|w| (&*w.code, &*w.pointer)).collect()
}

/// The findings as reason and pointer.
fn malformed<'b>(body: &'b Body<'_>) -> Vec<(Reason, &'b str)> {
    body.malformed
        .iter()
        .map(|f| (f.reason, &*f.pointer))
        .collect()
}

fn echo(body: &Body<'_>) -> Value {
    serde_json::to_value(body).unwrap()
}

// Values

#[test]
fn space_around_any_value_is_ignored() {
    let body = parse(
        r#"{"customer": {"name": " Jane ", "email": "\tjane@acme.example", "custom_id": " 1 "},
            "employee": {"email": " ada@acme.example", "custom_id": "A-1\n"},
            "channel": " email ", "ext_interaction_id": "T-1 ", "external_url": " acme.example",
            "tags": [" vip "], "brand": " north", "language": "en ", "country": "\u00a0US",
            "custom_properties": {"order": " 7 "}}"#,
    );
    let expected = json!({
        "customer": {"name": "Jane", "email": "jane@acme.example", "custom_id": "1"},
        "employee": {"email": "ada@acme.example", "custom_id": "A-1"},
        "channel": "email", "ext_interaction_id": "T-1", "external_url": "acme.example",
        "tags": ["vip"], "brand": "north", "language": "en", "country": "US",
        "custom_properties": {"order": "7"},
    });
    assert_eq!(echo(&body), expected);
    let warnings = warnings(&body);
    assert_eq!(warnings.len(), 13);
    assert!(
        warnings
            .iter()
            .all(|(code, _)| *code == "surrounding_space")
    );
    assert!(warnings.contains(&("surrounding_space", "/tags/0")));
    assert!(warnings.contains(&("surrounding_space", "/custom_properties/order")));
}

#[test]
fn space_inside_a_value_stays() {
    let body = parse(r#"{"channel": "live  chat"}"#);
    assert_eq!(body.channel.as_str(), Some("live  chat"));
    assert!(body.warnings.as_slice().is_empty());
}

#[test]
fn null_counts_as_not_sent() {
    let body = parse(
        r#"{"customer": null, "employee": {"email": null}, "channel": "email", "tags": null,
            "do_not_send": null, "custom_properties": null, "brand": null}"#,
    );
    assert_eq!(echo(&body), json!({"channel": "email"}));
    let pointers = [
        "/customer",
        "/employee/email",
        "/tags",
        "/do_not_send",
        "/custom_properties",
        "/brand",
    ];
    assert_eq!(warnings(&body), pointers.map(|pointer| ("null", pointer)));
    assert!(body.malformed.is_empty());
}

#[test]
fn an_empty_text_counts_as_not_sent_whatever_is_due() {
    let body = parse(
        r#"{"customer": "", "employee": {"email": " "}, "channel": "email", "tags": "\t",
            "do_not_send": "", "custom_properties": "\u00a0\n", "brand": "\u0020"}"#,
    );
    assert_eq!(echo(&body), json!({"channel": "email"}));
    let pointers = [
        "/customer",
        "/employee/email",
        "/tags",
        "/do_not_send",
        "/custom_properties",
        "/brand",
    ];
    assert_eq!(warnings(&body), pointers.map(|pointer| ("empty", pointer)));
    assert!(body.malformed.is_empty());
}

#[test]
fn do_not_send_may_be_a_word() {
    for (sent, read) in [
        (r#""true""#, Given::Value(true)),
        (r#""false""#, Given::Value(false)),
        (r#"" True ""#, Given::Value(true)),
        (r#""FALSE""#, Given::Value(false)),
        (r#""""#, Given::Absent),
        ("1", Given::Value(true)),
        ("0", Given::Value(false)),
    ] {
        let text = format!(r#"{{"channel": "email", "do_not_send": {sent}}}"#);
        let body = parse(&text);
        assert_eq!(body.do_not_send, read, "{sent}");
        assert_eq!(body.warnings.as_slice().len(), 1, "{sent}");
        assert!(body.malformed.is_empty(), "{sent}");
    }
}

#[test]
fn do_not_send_as_it_is_documented_is_no_reason_for_a_warning() {
    for (sent, read) in [("true", true), ("false", false)] {
        let text = format!(r#"{{"channel": "email", "do_not_send": {sent}}}"#);
        let body = parse(&text);
        assert_eq!(body.do_not_send, Given::Value(read));
        assert!(body.warnings.as_slice().is_empty());
    }
}

#[test]
fn do_not_send_must_mean_something() {
    for sent in [r#""maybe""#, "2", "[]", "{}", r#""\ud800""#] {
        let text = format!(r#"{{"channel": "email", "do_not_send": {sent}}}"#);
        let body = parse(&text);
        assert_eq!(body.do_not_send, Given::Broken, "{sent}");
        assert_eq!(
            malformed(&body),
            [(Reason::WrongType, "/do_not_send")],
            "{sent}"
        );
    }
}

#[test]
fn numbers_and_booleans_are_taken_as_they_are_written() {
    let body = parse(
        r#"{"channel": true, "ext_interaction_id": 48211, "employee": {"custom_id": 1.50},
            "tags": [7, false], "custom_properties": {"total": -1e400}}"#,
    );
    let expected = json!({
        "employee": {"custom_id": "1.50"}, "channel": "true", "ext_interaction_id": "48211",
        "tags": ["7", "false"], "custom_properties": {"total": "-1e400"},
    });
    assert_eq!(echo(&body), expected);
    let pointers = [
        "/channel",
        "/ext_interaction_id",
        "/employee/custom_id",
        "/tags/0",
        "/tags/1",
        "/custom_properties/total",
    ];
    assert_eq!(
        warnings(&body),
        pointers.map(|pointer| ("not_text", pointer))
    );
}

#[test]
fn an_unusual_country_is_kept_and_warned_of() {
    let body = parse(r#"{"channel": "email", "country": "USA"}"#);
    assert_eq!(body.country.as_str(), Some("USA"));
    assert_eq!(warnings(&body), [("country_format", "/country")]);
    for country in ["US", "us", "uS"] {
        let text = format!(r#"{{"channel": "email", "country": "{country}"}}"#);
        let body = parse(&text);
        assert_eq!(body.country.as_str(), Some(country));
        assert!(body.warnings.as_slice().is_empty());
    }
}

// Tags and custom properties

#[test]
fn an_object_tag_is_kept_as_its_json_text() {
    let body = parse(r#"{"channel": "email", "tags": ["vip", {"name":"return", "id": 7}]}"#);
    assert_eq!(
        echo(&body)["tags"],
        json!(["vip", r#"{"name":"return", "id": 7}"#])
    );
    assert_eq!(warnings(&body), [("object_tag", "/tags/1")]);
    assert!(body.malformed.is_empty());
}

#[test]
fn a_tag_cannot_be_an_array() {
    let body = parse(r#"{"channel": "email", "tags": ["vip", ["return"]]}"#);
    assert_eq!(malformed(&body), [(Reason::WrongType, "/tags/1")]);
    assert_eq!(echo(&body)["tags"], json!(["vip"]));
}

#[test]
fn the_first_twenty_tags_are_kept() {
    let sent: Vec<String> = (0..25).map(|n| format!("tag-{n}")).collect();
    let text = json!({"channel": "email", "tags": sent}).to_string();
    let body = parse(&text);
    assert_eq!(echo(&body)["tags"], json!(sent[..20]));
    assert_eq!(warnings(&body), [("too_many_tags", "/tags")]);
    assert_eq!(
        body.warnings.as_slice()[0].detail,
        "25 tags sent, the first 20 are kept"
    );

    let text = json!({"channel": "email", "tags": sent[..20]}).to_string();
    assert!(parse(&text).warnings.as_slice().is_empty());
}

#[test]
fn an_empty_tag_takes_no_ones_place() {
    let mut sent: Vec<String> = (0..20).map(|n| format!("tag-{n}")).collect();
    sent.insert(3, String::new());
    let text = json!({"channel": "email", "tags": sent}).to_string();
    let body = parse(&text);
    sent.remove(3);
    assert_eq!(echo(&body)["tags"], json!(sent));
    assert_eq!(warnings(&body), [("empty", "/tags/3")]);
}

#[test]
fn no_tags_at_all_are_echoed_as_sent() {
    let body = parse(r#"{"channel": "email", "tags": [], "custom_properties": {}}"#);
    let expected = json!({"channel": "email", "tags": [], "custom_properties": {}});
    assert_eq!(echo(&body), expected);
}

#[test]
fn tags_and_property_values_are_cut_to_2000_characters() {
    let long = "é".repeat(2001);
    let text = json!({"channel": "email", "tags": [long], "custom_properties": {"note": long}});
    let text = text.to_string();
    let body = parse(&text);
    let cut = "é".repeat(2000);
    assert_eq!(echo(&body)["tags"], json!([cut]));
    assert_eq!(echo(&body)["custom_properties"], json!({"note": cut}));
    assert_eq!(
        warnings(&body),
        [("cut", "/tags/0"), ("cut", "/custom_properties/note")]
    );

    let text = json!({"channel": "email", "tags": [cut]}).to_string();
    assert!(parse(&text).warnings.as_slice().is_empty());
}

#[test]
fn the_cut_leaves_no_space_at_the_end() {
    let long = format!("{} {}", "x".repeat(1999), "y");
    let text = json!({"channel": "email", "tags": [long]}).to_string();
    assert_eq!(echo(&parse(&text))["tags"], json!(["x".repeat(1999)]));
}

#[test]
fn an_object_tag_is_cut_like_any_other() {
    let text = json!({"channel": "email", "tags": [{"note": "x".repeat(3000)}]}).to_string();
    let body = parse(&text);
    let echo = echo(&body);
    assert_eq!(echo["tags"][0].as_str().unwrap().chars().count(), 2000);
    assert_eq!(
        warnings(&body),
        [("object_tag", "/tags/0"), ("cut", "/tags/0")]
    );
}

#[test]
fn other_texts_are_not_cut() {
    let long = "x".repeat(2001);
    let text = json!({"channel": "email", "external_url": long}).to_string();
    assert_eq!(parse(&text).external_url.as_str(), Some(&*long));
}

#[test]
fn each_nested_custom_property_is_named_by_its_pointer() {
    let body = parse(
        r#"{"channel": "email", "custom_properties": {"a/b": {}, "c~d": [], "": {}, "fine": "1"}}"#,
    );
    let pointers = [
        "/custom_properties/",
        "/custom_properties/a~1b",
        "/custom_properties/c~0d",
    ];
    assert_eq!(
        malformed(&body),
        pointers.map(|pointer| (Reason::WrongType, pointer))
    );
    assert_eq!(echo(&body)["custom_properties"], json!({"fine": "1"}));
}

#[test]
fn endless_bad_properties_are_counted_after_the_first_twenty() {
    let properties: serde_json::Map<_, _> =
        (0..5000).map(|n| (format!("p{n:04}"), json!({}))).collect();
    let text = json!({"channel": "email", "custom_properties": properties}).to_string();
    let body = parse(&text);
    assert_eq!(body.malformed.len(), 21);
    let rest = &body.malformed[0];
    assert_eq!(rest.pointer, "/custom_properties");
    assert!(
        rest.detail().contains("4980 properties"),
        "{}",
        rest.detail()
    );
    assert_eq!(body.malformed[1].pointer, "/custom_properties/p0000");
}

// Keys

#[test]
fn unknown_keys_are_ignored_with_a_suggestion() {
    let body = parse(
        r#"{"channel": "email", "langauge": "en", "customer": {"e-mail": "jane@acme.example"},
            "employee": {"customId": "A-1"}, "priority": "high"}"#,
    );
    assert_eq!(echo(&body), json!({"channel": "email"}));
    let told: Vec<_> = body
        .warnings
        .as_slice()
        .iter()
        .map(|w| (&*w.pointer, &*w.detail))
        .collect();
    let expected = [
        (
            "/langauge",
            "unknown field, ignored; did you mean `language`?",
        ),
        ("/priority", "unknown field, ignored"),
        (
            "/customer/e-mail",
            "unknown field, ignored; did you mean `email`?",
        ),
        (
            "/employee/customId",
            "unknown field, ignored; did you mean `custom_id`?",
        ),
    ];
    assert_eq!(told, expected);
    assert!(
        body.warnings
            .as_slice()
            .iter()
            .all(|w| w.code == "unknown_field")
    );
}

#[test]
fn keys_are_compared_exactly() {
    let body = parse(r#"{"Channel": "email", "channel ": "email"}"#);
    assert_eq!(malformed(&body), [(Reason::Missing, "/channel")]);
    assert_eq!(
        warnings(&body),
        [
            ("unknown_field", "/Channel"),
            ("unknown_field", "/channel ")
        ]
    );
}

#[test]
fn an_escaped_key_is_the_key_it_spells() {
    let body = parse(r#"{"ch\u0061nnel": "em\u0061il"}"#);
    assert_eq!(body.channel.as_str(), Some("email"));
    assert!(body.warnings.as_slice().is_empty());
}

#[test]
fn the_last_of_duplicate_keys_counts() {
    let body = parse(
        r#"{"channel": "chat", "customer": {"name": "Jane"}, "channel": "email",
            "customer": {"email": "old@acme.example", "email": "jane@acme.example"},
            "custom_properties": {"a": "1", "b": "2", "a": "3"}}"#,
    );
    let expected = json!({
        "customer": {"email": "jane@acme.example"},
        "channel": "email",
        "custom_properties": {"a": "3", "b": "2"},
    });
    assert_eq!(echo(&body), expected);
    let pointers = [
        "/channel",
        "/customer",
        "/customer/email",
        "/custom_properties/a",
    ];
    assert_eq!(
        warnings(&body),
        pointers.map(|pointer| ("duplicate_key", pointer))
    );
}

#[test]
fn a_duplicate_that_does_not_count_is_not_judged() {
    let body = parse(
        r#"{"channel": [], "channel": "email", "custom_properties": {"a": {}, "a": "1"},
            "tags": "x", "tags": ["y"]}"#,
    );
    assert!(body.malformed.is_empty(), "{:?}", malformed(&body));
    assert_eq!(echo(&body)["custom_properties"], json!({"a": "1"}));
}

#[test]
fn the_last_of_duplicate_keys_counts_also_when_it_is_empty() {
    let body = parse(
        r#"{"channel": "email", "brand": "north", "brand": null,
            "custom_properties": {"a": "1", "a": null}}"#,
    );
    assert_eq!(
        echo(&body),
        json!({"channel": "email", "custom_properties": {}})
    );
}

#[test]
fn at_most_twenty_warnings_are_kept() {
    let mut text = String::from(r#"{"channel": " email ""#);
    for n in 0..1000 {
        text += &format!(r#", "x{n}": 1"#);
    }
    text.push('}');
    let body = parse(&text);
    assert_eq!(body.warnings.as_slice().len(), 20);
    assert_eq!(body.channel.as_str(), Some("email"));
}

#[test]
fn a_recovery_has_fields_of_its_own() {
    let text = r#"{"employee": {"email": "ada@acme.example"}, "initial_feedback_request_id": 7,
        "brand": "north"}"#;
    let recovery = Body::parse(Kind::Recovery, text.as_bytes());
    assert_eq!(recovery.initial_feedback_request_id.as_str(), Some("7"));
    assert_eq!(recovery.brand, Given::Absent);
    assert_eq!(
        warnings(&recovery),
        [
            ("unknown_field", "/brand"),
            ("not_text", "/initial_feedback_request_id")
        ]
    );
    let feedback = parse(text);
    assert_eq!(feedback.initial_feedback_request_id, Given::Absent);
}

// Types

#[test]
fn every_field_of_the_wrong_type_is_named_by_its_pointer() {
    let body = parse(
        r#"{"customer": {"name": [], "email": {}, "custom_id": []}, "employee": ["ada"],
            "channel": {}, "ext_interaction_id": [1], "external_url": {}, "tags": {"a": "b"},
            "do_not_send": [], "brand": [], "language": {}, "country": [],
            "custom_properties": "a=b"}"#,
    );
    let pointers = [
        "/brand",
        "/channel",
        "/country",
        "/custom_properties",
        "/customer/custom_id",
        "/customer/email",
        "/customer/name",
        "/do_not_send",
        "/employee",
        "/ext_interaction_id",
        "/external_url",
        "/language",
        "/tags",
    ];
    assert_eq!(
        malformed(&body),
        pointers.map(|pointer| (Reason::WrongType, pointer))
    );
    assert!(body.employee_email.is_broken() && body.employee_custom_id.is_broken());
    assert!(body.warnings.as_slice().is_empty());
    assert_eq!(echo(&body), json!({}));
}

#[test]
fn what_has_most_findings_and_the_longest_pointer_keeps_to_their_limits() {
    let wrong = json!([]);
    let names = (0..100).map(|n| format!("{n:03}{}", "~".repeat(MAX_KEY_CHARS)));
    let properties: serde_json::Map<String, Value> =
        names.map(|name| (name, wrong.clone())).collect();
    let body = json!({
        "customer": {"name": wrong, "email": wrong, "custom_id": wrong},
        "employee": {"email": wrong, "custom_id": wrong},
        "channel": wrong,
        "ext_interaction_id": wrong,
        "external_url": wrong,
        "tags": vec![wrong.clone(); MAX_TAGS + 1],
        "do_not_send": wrong,
        "brand": wrong,
        "language": wrong,
        "country": wrong,
        "custom_properties": properties,
    });
    let body = body.to_string();
    let body = parse(&body);
    assert_eq!(body.malformed.len(), MOST_FINDINGS);
    let longest = format!(r#"{{"custom_properties": {{"{}": []}}}}"#, "~".repeat(100));
    let longest = parse(&longest);
    let pointers = longest.malformed.iter().map(|f| f.pointer.chars().count());
    assert_eq!(pointers.max(), Some(MAX_POINTER_CHARS));
}

#[test]
fn a_single_value_where_an_object_is_due_is_of_the_wrong_type() {
    for sent in ["7", "true", r#""jane@acme.example""#, "[]"] {
        let text = format!(r#"{{"channel": "email", "customer": {sent}}}"#);
        let body = parse(&text);
        assert_eq!(
            malformed(&body),
            [(Reason::WrongType, "/customer")],
            "{sent}"
        );
        assert!(body.customer_email.is_broken(), "{sent}");
    }
}

#[test]
fn a_single_value_where_tags_are_due_is_of_the_wrong_type() {
    for sent in ["7", "true", r#""vip""#, "{}"] {
        let text = format!(r#"{{"channel": "email", "tags": {sent}}}"#);
        assert_eq!(
            malformed(&parse(&text)),
            [(Reason::WrongType, "/tags")],
            "{sent}"
        );
    }
}

// Encoding and shape

#[test]
fn a_byte_order_mark_is_ignored() {
    let body = parse("\u{feff}{\"channel\": \"email\"}");
    assert_eq!(body.channel.as_str(), Some("email"));
    assert_eq!(warnings(&body), [("byte_order_mark", "")]);
}

#[test]
fn the_reason_why_there_is_no_object_is_told() {
    for (sent, told) in [
        (&b""[..], "The body is empty."),
        (b" \n ", "The body is empty."),
        (b"\xEF\xBB\xBF", "The body is empty."),
        (b"[1, 2]", "The body is an array."),
        (b"\"email\"", "The body is a text."),
        (b"null", "The body is null."),
        (b"17", "The body is a number."),
        (
            b"{\"channel\": \"ema\xFFil\"}",
            "The body is not UTF-8 text: the byte at position 16",
        ),
        (
            b"{\"channel\": \"email\"} x",
            "trailing characters at line 1 column 22",
        ),
        (b"{\"channel\": \"email\"}{}", "trailing characters"),
        (b"{\"channel\": \"email\",}", "trailing comma"),
        (b"{\"channel\": 'email'}", "The body is not valid JSON"),
        (b"{channel: \"email\"}", "key must be a string"),
        (b"{\"channel\": \"email\"", "EOF"),
        (b"{\"channel\": \"a\nb\"}", "control character"),
        (b"{\"channel\": 01}", "The body is not valid JSON"),
        (b"{\"channel\": NaN}", "The body is not valid JSON"),
        (b"channel=email", "The body is not valid JSON"),
    ] {
        let body = Body::parse(Kind::Feedback, sent);
        assert!(body.is_unreadable(), "{told}");
        assert_eq!(malformed(&body), [(Reason::NotJson, "")], "{told}");
        let detail = body.malformed[0].detail();
        assert!(detail.contains(told), "{detail}");
        assert!(body.channel.is_broken());
    }
}

#[test]
fn space_around_the_object_is_fine() {
    let body = parse("\r\n\t {\"channel\": \"email\"} \n");
    assert_eq!(body.channel.as_str(), Some("email"));
    assert!(body.warnings.as_slice().is_empty());
}

#[test]
fn half_a_surrogate_pair_breaks_only_its_field() {
    let body = parse(r#"{"channel": "email", "brand": "nor\ud83dth", "language": "en"}"#);
    assert_eq!(malformed(&body), [(Reason::WrongType, "/brand")]);
    assert!(body.malformed[0].detail().contains("valid Unicode text"));
    assert_eq!(body.language.as_str(), Some("en"));

    let body = parse(r#"{"channel": "email", "customer": {"na\udc00me": "Jane"}}"#);
    assert_eq!(malformed(&body), [(Reason::WrongType, "/customer")]);
    assert!(
        body.malformed[0]
            .detail()
            .contains("names are valid Unicode text")
    );
}

#[test]
fn a_whole_surrogate_pair_is_a_character() {
    let body = parse(r#"{"channel": "email", "brand": "\ud83c\udf3f"}"#);
    assert_eq!(body.brand.as_str(), Some("🌿"));
    assert!(body.malformed.is_empty());
}

#[test]
fn a_nul_character_is_kept_as_sent() {
    let body = parse(r#"{"channel": "em\u0000ail", "custom_properties": {"a\u0000": "\u0000"}}"#);
    assert_eq!(body.channel.as_str(), Some("em\0ail"));
    assert_eq!(echo(&body)["custom_properties"], json!({"a\0": "\0"}));
    assert!(body.malformed.is_empty());
}

#[test]
fn endless_nesting_is_read_without_harm() {
    let depth = 60_000;
    let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let text = format!(r#"{{"channel": "email", "x": {deep}, "brand": {deep}}}"#);
    let body = parse(&text);
    assert_eq!(malformed(&body), [(Reason::WrongType, "/brand")]);
    assert_eq!(warnings(&body), [("unknown_field", "/x")]);
    assert!(parse(&"[".repeat(250_000)).is_unreadable());
    assert!(parse(&r#"{"a":"#.repeat(50_000)).is_unreadable());
    let text = format!(
        r#"{{"channel": "email", "tags": [{}1{}]}}"#,
        r#"{"a":"#.repeat(9000),
        "}".repeat(9000)
    );
    assert!(parse(&text).malformed.is_empty());
}

#[test]
fn a_huge_body_of_one_text_is_read() {
    let text = json!({"channel": "email", "external_url": "x".repeat(250_000)}).to_string();
    assert!(parse(&text).malformed.is_empty());
}

// Echo

#[test]
fn the_echo_has_the_documented_fields_in_documented_order_and_labels_as_sent() {
    let body = parse(
        r#"{"extra": 1, "language": "FR_ca", "brand": " North_Star ", "do_not_send": "false",
            "country": "ca", "tags": ["b", "", "a"], "channel": "E Mail",
            "employee": {"custom_id": "A-1", "email": "Ada@Acme.example"},
            "customer": {"email": "Jane@Acme.example", "name": ""}}"#,
    );
    let expected = concat!(
        r#"{"customer":{"email":"Jane@Acme.example"},"#,
        r#""employee":{"email":"Ada@Acme.example","custom_id":"A-1"},"channel":"E Mail","#,
        r#""tags":["b","a"],"do_not_send":false,"brand":"North_Star","language":"FR_ca","#,
        r#""country":"ca"}"#,
    );
    assert_eq!(serde_json::to_string(&body).unwrap(), expected);
}

#[test]
fn text_without_escapes_is_borrowed_from_the_body() {
    use std::borrow::Cow;
    let body = parse(r#"{"channel": " email ", "brand": "n\u006frth"}"#);
    assert!(matches!(body.channel, Given::Value(Cow::Borrowed("email"))));
    assert!(matches!(&body.brand, Given::Value(Cow::Owned(brand)) if brand == "north"));
}
