//! What the words that the domain defines are in the API's document: enumerations, each made from the
//! list that defines it, so that a new word is in there by itself.

use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::dictionary::{EndedBy, ErrorCode, Reason};
use super::warning;

/// The variants of all errors, as words.
pub struct Variant;

/// The stable names of all warnings.
pub struct WarningCode;

impl ToSchema for ErrorCode {}
impl ToSchema for EndedBy {}
impl ToSchema for Variant {}
impl ToSchema for WarningCode {}

impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        let words = Self::ALL.map(Self::as_str);
        one_of("The stable name of an error.", words)
    }
}

impl PartialSchema for EndedBy {
    fn schema() -> RefOr<Schema> {
        one_of("Who can end an error.", Self::ALL.map(Self::as_str))
    }
}

impl PartialSchema for Variant {
    fn schema() -> RefOr<Schema> {
        let mut words: Vec<&str> = Reason::ALL
            .into_iter()
            .filter_map(Reason::variant)
            .collect();
        words.sort_unstable();
        words.dedup();
        one_of("What exactly happened, of an error with variants.", words)
    }
}

impl PartialSchema for WarningCode {
    fn schema() -> RefOr<Schema> {
        let words = warning::KINDS.map(|(code, _)| code);
        one_of("The stable name of a warning.", words)
    }
}

fn one_of(description: &str, words: impl IntoIterator<Item = &'static str>) -> RefOr<Schema> {
    let object = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some(words));
    object.build().into()
}
