//! What a sender did sloppily and the server put right: kept on the request, never a refusal.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::words::WarningCode;

/// At most so many warnings are kept on a request; a body can be made of nothing but unknown keys.
pub const MOST_KEPT: usize = 20;

/// Every sloppiness by its stable name, and what is done about it.
pub const KINDS: [(&str, &str); 16] = [
    (
        "content_type",
        "The content type is none or another than application/json, and the body is JSON all the same: it is read.",
    ),
    (
        "byte_order_mark",
        "The body begins with a byte-order mark: it is passed over.",
    ),
    (
        "duplicate_key",
        "A field is there more than once: the last counts.",
    ),
    (
        "unknown_field",
        "A field is not documented: it is passed over, with what was probably meant.",
    ),
    ("null", "A field is null: it counts as not sent."),
    ("empty", "A field is an empty text: it counts as not sent."),
    (
        "surrounding_space",
        "There is space around a value: it is cut off.",
    ),
    (
        "not_text",
        "A number or a boolean where a text is due: it is taken as text.",
    ),
    (
        "not_boolean",
        "A text such as \"true\" in do_not_send: it is taken as what it says.",
    ),
    ("object_tag", "An object in tags: its JSON text is kept."),
    ("too_many_tags", "More than 20 tags: the first 20 are kept."),
    (
        "cut",
        "A tag or a custom property over 2,000 characters: it is cut to that.",
    ),
    (
        "country_format",
        "The country is not two letters: it is kept as sent.",
    ),
    (
        "employee_ambiguous",
        "E-mail and custom id name different employees: the e-mail counts.",
    ),
    (
        "employee_email_unknown",
        "Nobody has the employee's e-mail: the custom id counts.",
    ),
    (
        "not_linked",
        "A recovery names neither a ticket nor a request: it is kept, and leads back to nothing.",
    ),
];

/// One thing that was accepted although it was not as documented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Warning {
    /// Stable name of the sloppiness, such as `unknown_field`.
    #[schema(value_type = WarningCode)]
    pub code: String,
    /// JSON pointer into the body, empty for the whole body.
    #[schema(format = "json-pointer", example = "/langauge")]
    pub pointer: String,
    /// What was done about it, in words for the sender.
    #[schema(example = "unknown field, ignored; did you mean `language`?")]
    pub detail: String,
}

/// The warnings of one request, in the order in which they were met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warnings(Vec<Warning>);

impl Warnings {
    /// Adds one, unless [`MOST_KEPT`] are kept already.
    pub fn add(&mut self, code: &str, pointer: &str, detail: impl Into<String>) {
        if self.0.len() < MOST_KEPT {
            self.0.push(Warning {
                code: code.to_owned(),
                pointer: pointer.to_owned(),
                detail: detail.into(),
            });
        }
    }

    /// Those kept, in order.
    pub fn as_slice(&self) -> &[Warning] {
        &self.0
    }
}
