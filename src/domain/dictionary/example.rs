//! For every reason a body that raises it, and one that passes, to compare with. Both are judged in
//! the tests by settings like the demo company's.

use super::Reason;

/// A body in which everything is right.
pub const GOOD_BODY: &str = r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"name": "Jane Doe", "email": "jane@acme.example"}}"#;

impl Reason {
    /// The same with the one fault that raises this. Where the fault is the size, `…` stands for
    /// what makes it too large.
    pub fn bad_body(self) -> &'static str {
        match self {
            Self::ProfileNotComplete => {
                r#"{"employee": {"custom_id": "L-1003"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"name": "Jane Doe", "email": "jane@acme.example"}}"#
            }
            Self::Deactivated => {
                r#"{"employee": {"custom_id": "L-1002"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"name": "Jane Doe", "email": "jane@acme.example"}}"#
            }
            Self::EmployeeUnknown => {
                r#"{"employee": {"email": "paul@larkspur.example"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"name": "Jane Doe", "email": "jane@acme.example"}}"#
            }
            Self::EmployeeNotSent => {
                r#"{"employee": {}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"name": "Jane Doe", "email": "jane@acme.example"}}"#
            }
            Self::CustomerEmailMissing => {
                r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"name": "Jane Doe"}}"#
            }
            Self::CustomerEmailFormat => {
                r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"name": "Jane Doe", "email": "jane@@acme"}}"#
            }
            Self::CustomerNameFormat => {
                r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"name": "www.acme.example", "email": "jane@acme.example"}}"#
            }
            Self::ChannelUnknown => {
                r#"{"employee": {"custom_id": "L-1001"}, "channel": "fax", "brand": "larkspur", "language": "en", "customer": {"name": "Jane Doe", "email": "jane@acme.example"}}"#
            }
            Self::ChannelNotEnabled => {
                r#"{"employee": {"custom_id": "L-1001"}, "channel": "sms", "brand": "larkspur", "language": "en", "customer": {"name": "Jane Doe", "email": "jane@acme.example"}}"#
            }
            Self::ChannelManual => {
                r#"{"employee": {"custom_id": "L-1001"}, "channel": "phone", "brand": "larkspur", "language": "en", "customer": {"name": "Jane Doe", "email": "jane@acme.example"}}"#
            }
            Self::BrandNotProvided => {
                r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "language": "en", "customer": {"name": "Jane Doe", "email": "jane@acme.example"}}"#
            }
            Self::BrandUnknown => {
                r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur-shoes", "language": "en", "customer": {"name": "Jane Doe", "email": "jane@acme.example"}}"#
            }
            Self::BrandInactive => {
                r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur-outlet", "language": "en", "customer": {"name": "Jane Doe", "email": "jane@acme.example"}}"#
            }
            Self::LanguageNotSpecified => {
                r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "customer": {"name": "Jane Doe", "email": "jane@acme.example"}}"#
            }
            Self::LanguageUnknown => {
                r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "language": "en-US", "customer": {"name": "Jane Doe", "email": "jane@acme.example"}}"#
            }
            Self::LanguageInactive => {
                r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "language": "de", "customer": {"name": "Jane Doe", "email": "jane@acme.example"}}"#
            }
            // Without the comma after the first line: the usual slip of a template.
            Self::NotJson => {
                r#"{
  "employee": {
    "custom_id": "L-1001"
  }
  "channel": "email",
  "brand": "larkspur",
  "language": "en",
  "customer": {
    "name": "Jane Doe",
    "email": "jane@acme.example"
  }
}"#
            }
            Self::TooLarge => {
                r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"name": "Jane Doe", "email": "jane@acme.example"}, "custom_properties": {"transcript": "…"}}"#
            }
            Self::WrongType => {
                r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": "jane@acme.example"}"#
            }
            Self::Missing => {
                r#"{"employee": {"custom_id": "L-1001"}, "brand": "larkspur", "language": "en", "customer": {"name": "Jane Doe", "email": "jane@acme.example"}}"#
            }
        }
    }
}
