//! What has a limit, and which: in the schemas, in the words of the document and on the page, always
//! by the numbers that the code itself goes by.

use serde_json::{Value, json};

use crate::domain::body::{
    MAX_BAD_PROPERTIES, MAX_BYTES, MAX_KEY_CHARS, MAX_POINTER_CHARS, MAX_TAGS, MAX_TEXT_CHARS,
    MOST_FINDINGS,
};
use crate::domain::request::KEPT_CHARS;
use crate::domain::validate::MAX_NAME_CHARS;
use crate::domain::warning::MOST_KEPT;
use crate::domain::{email, settings};
use crate::ingest::{KEPT_OF_TOO_LARGE, RETRY_AFTER, TIME_TO_ARRIVE};
use crate::web::format::number;

/// Where a schema names a limit: the schema, the field in it, the keyword.
const IN_SCHEMAS: [(&str, &str, &str, usize); 13] = [
    ("Customer", "name", "maxLength", MAX_NAME_CHARS),
    ("Customer", "email", "maxLength", email::MAX_BYTES),
    ("FeedbackRequest", "tags", "maxItems", MAX_TAGS),
    ("FeedbackRequest", "tags/items", "maxLength", MAX_TEXT_CHARS),
    (
        "FeedbackRequest",
        "custom_properties/additionalProperties",
        "maxLength",
        MAX_TEXT_CHARS,
    ),
    ("RecoveryRequest", "tags", "maxItems", MAX_TAGS),
    ("RecoveryRequest", "tags/items", "maxLength", MAX_TEXT_CHARS),
    ("RequestProblem", "errors", "maxItems", MOST_FINDINGS),
    ("RequestProblem", "warnings", "maxItems", MOST_KEPT),
    ("ErrorItem", "pointer", "maxLength", MAX_POINTER_CHARS),
    ("ErrorItem", "value", "maxLength", KEPT_CHARS),
    (
        "ErrorItem",
        "suggestion",
        "maxLength",
        settings::MAX_TEXT_CHARS,
    ),
    ("Warning", "pointer", "maxLength", MAX_POINTER_CHARS),
];

/// All limits in words: what has one, and which.
pub fn in_words() -> Vec<(&'static str, String)> {
    let chars = |count: usize| format!("{} characters", number(count as i64));
    vec![
        (
            "Body",
            format!(
                "{} ({} bytes), unpacked; of a larger one the first {} are kept",
                kib(MAX_BYTES),
                number(MAX_BYTES as i64),
                kib(KEPT_OF_TOO_LARGE)
            ),
        ),
        (
            "Time for the body to arrive",
            format!("{} seconds", TIME_TO_ARRIVE.as_secs()),
        ),
        ("Customer’s name", format!("1 to {}", chars(MAX_NAME_CHARS))),
        (
            "Customer’s e-mail",
            format!(
                "{} bytes, of which {} before the @",
                email::MAX_BYTES,
                email::MAX_LOCAL_BYTES
            ),
        ),
        ("Tags", format!("the first {MAX_TAGS} are kept")),
        (
            "A tag, a custom property",
            format!("cut to {}", chars(MAX_TEXT_CHARS)),
        ),
        (
            "Custom properties",
            "one level, texts only; as many, and names as long, as the body holds".to_owned(),
        ),
        (
            "Other texts",
            format!(
                "as long as the body holds; found and listed by their first {}",
                chars(KEPT_CHARS)
            ),
        ),
        (
            "Errors of a request",
            format!(
                "all are named, {MOST_FINDINGS} at most: of custom properties that cannot be read \
                 the first {MAX_BAD_PROPERTIES}, and how many more there are"
            ),
        ),
        (
            "Warnings of a request",
            format!("the first {MOST_KEPT} are kept"),
        ),
        (
            "Values in errors",
            format!("their first {}", chars(KEPT_CHARS)),
        ),
        (
            "Names in pointers",
            format!(
                "their first {}; a pointer has at most {MAX_POINTER_CHARS}",
                chars(MAX_KEY_CHARS)
            ),
        ),
        (
            "An x-request-id of your own",
            format!("its first {} are kept", chars(KEPT_CHARS)),
        ),
        (
            "Number of calls",
            format!(
                "none, and no 429; where more come than can be stored, 503 with a Retry-After of \
                 {RETRY_AFTER} seconds"
            ),
        ),
    ]
}

/// Says them in the document.
pub fn add(document: &mut Value) {
    for (schema, field, keyword, limit) in IN_SCHEMAS {
        let field = format!("/components/schemas/{schema}/properties/{field}");
        let field = document.pointer_mut(&field);
        field.expect("the schemas have these fields")[keyword] = limit.into();
    }
    let lines = in_words().into_iter();
    let lines = lines.map(|(what, limit)| format!("\n- {what}: {limit}."));
    let description = document["info"]["description"].as_str().unwrap_or_default();
    let description = format!("{description}\n\nLimits:\n{}", lines.collect::<String>());
    document["info"]["description"] = description.into();
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    let operations = paths.flat_map(|(_, path)| path.as_object_mut().into_iter().flatten());
    for (_, operation) in operations {
        if let Some(body) = operation.get_mut("requestBody") {
            body["description"] = about_bodies().into();
        }
        let answers = operation["responses"].as_object_mut().into_iter().flatten();
        let headers = answers.flat_map(|(_, a)| a["headers"].as_object_mut().into_iter().flatten());
        for (name, header) in headers {
            limit_header(name, header);
        }
    }
}

fn about_bodies() -> String {
    format!(
        "A JSON object in UTF-8, at most {} unpacked. It may be packed with gzip or deflate, as \
         `content-encoding` says.",
        kib(MAX_BYTES)
    )
}

fn limit_header(name: &str, header: &mut Value) {
    match name {
        "x-request-id" => header["schema"]["format"] = "uuid".into(),
        "x-request-warnings" => {
            header["schema"] = json!({"type": "integer", "minimum": 1, "maximum": MOST_KEPT});
        }
        "retry-after" => {
            header["schema"] = json!({"type": "integer", "minimum": 1});
            header["example"] = RETRY_AFTER.into();
        }
        _ => {}
    }
}

fn kib(bytes: usize) -> String {
    format!("{} KiB", bytes / 1024)
}
