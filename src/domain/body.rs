//! The body of a request, read forgivingly: what can be put right is put right and remembered as a
//! warning; what cannot is a *malformed request* finding, one per field, and the rest is still read.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::dictionary::Reason;
use super::label;
use super::request::Kind;
use super::validate::Finding;
use super::warning::Warnings;

/// The largest body accepted, in bytes; a larger one is answered 413.
pub const MAX_BYTES: usize = 256 * 1024;

/// Tags and custom property values are cut to this many characters, not refused.
pub const MAX_TEXT_CHARS: usize = 2_000;

/// Only so many tags are kept.
pub const MAX_TAGS: usize = 20;

/// Only so many properties that cannot be read are named one by one. A body of nothing else would
/// have 30,000 findings, each stored as a row and answered in 200 bytes.
pub const MAX_BAD_PROPERTIES: usize = 20;

/// A key can be as long as the body: in a pointer it is cut to this many characters.
pub const MAX_KEY_CHARS: usize = 80;

/// No pointer has more characters; two of them stand for a `~` or `/` in a key.
pub const MAX_POINTER_CHARS: usize = "/custom_properties/".len() + 2 * MAX_KEY_CHARS;

/// No request has more findings: one for each of its single fields, for each tag that is kept, for
/// each bad property that is named, and for those that are not.
pub const MOST_FINDINGS: usize = 12 + MAX_TAGS + MAX_BAD_PROPERTIES + 1;

/// A field as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given<T> {
    /// Not sent, `null` or empty.
    Absent,
    /// Sent as something that cannot be read as this field; a finding says so.
    Broken,
    /// Sent, trimmed, cut.
    Value(T),
}

impl<T> Given<T> {
    /// The value, if there is a readable one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Broken => None,
        }
    }

    /// Whether it was sent but could not be read.
    pub fn is_broken(&self) -> bool {
        matches!(self, Self::Broken)
    }
}

/// A text field.
pub type Text<'a> = Given<Cow<'a, str>>;

impl Text<'_> {
    /// The text, if there is a readable one.
    pub fn as_str(&self) -> Option<&str> {
        self.value().map(|text| &**text)
    }
}

/// Every documented field of a request or a recovery, borrowed from the bytes where possible.
#[derive(Debug)]
pub struct Body<'a> {
    /// `customer.name`
    pub customer_name: Text<'a>,
    /// `customer.email`
    pub customer_email: Text<'a>,
    /// `customer.custom_id`
    pub customer_custom_id: Text<'a>,
    /// `employee.email`
    pub employee_email: Text<'a>,
    /// `employee.custom_id`
    pub employee_custom_id: Text<'a>,
    /// `channel`
    pub channel: Text<'a>,
    /// `ext_interaction_id`, the sender's ticket number
    pub ext_interaction_id: Text<'a>,
    /// `external_url`
    pub external_url: Text<'a>,
    /// `tags`
    pub tags: Given<Vec<Cow<'a, str>>>,
    /// `do_not_send`
    pub do_not_send: Given<bool>,
    /// `brand`
    pub brand: Text<'a>,
    /// `language`
    pub language: Text<'a>,
    /// `country`
    pub country: Text<'a>,
    /// `custom_properties`
    pub custom_properties: Given<Vec<(Cow<'a, str>, Cow<'a, str>)>>,
    /// `initial_feedback_request_id`, of a recovery
    pub initial_feedback_request_id: Text<'a>,
    /// What was put right.
    pub warnings: Warnings,
    /// Whether it was JSON, if of another type than an object.
    pub is_json: bool,
    /// What could not be, in pointer order. A body that is no JSON object has exactly one, and every
    /// field is broken.
    pub malformed: Vec<Finding>,
}

impl<'a> Body<'a> {
    /// Reads the body of a call of this kind. Never fails: what is wrong is in
    /// [`Body::malformed`].
    pub fn parse(kind: Kind, bytes: &'a [u8]) -> Self {
        let mut body = Self::nothing_sent();
        match parse_object(bytes, &mut body.warnings) {
            Ok(entries) => body.read_fields(kind, entries),
            Err(problem) => {
                let warnings = std::mem::take(&mut body.warnings);
                body = Self::with_every_field(Given::Broken, Given::Broken, Given::Broken);
                body.warnings = warnings;
                body.is_json = matches!(problem, NoObject::OtherJson(_));
                let (NoObject::OtherJson(detail) | NoObject::NotJson(detail)) = problem;
                let finding = Finding::new(Reason::NotJson, "", None);
                body.malformed.push(finding.with_detail(detail));
            }
        }
        body.malformed
            .sort_by(|a, b| by_step(&a.pointer, &b.pointer));
        body
    }

    /// A body without any field.
    pub fn nothing_sent() -> Self {
        Self::with_every_field(Given::Absent, Given::Absent, Given::Absent)
    }

    /// Stands for a body of which nothing was looked at: it was too large, or did not arrive whole.
    pub fn unreadable(finding: Finding) -> Self {
        let mut body = Self::with_every_field(Given::Broken, Given::Broken, Given::Broken);
        body.is_json = false;
        body.malformed.push(finding);
        body
    }

    fn with_every_field(text: Text<'a>, tags: Given<Vec<Cow<'a, str>>>, flag: Given<bool>) -> Self {
        Self {
            customer_name: text.clone(),
            customer_email: text.clone(),
            customer_custom_id: text.clone(),
            employee_email: text.clone(),
            employee_custom_id: text.clone(),
            channel: text.clone(),
            ext_interaction_id: text.clone(),
            external_url: text.clone(),
            do_not_send: flag,
            brand: text.clone(),
            language: text.clone(),
            country: text.clone(),
            custom_properties: match tags {
                Given::Broken => Given::Broken,
                _ => Given::Absent,
            },
            tags,
            initial_feedback_request_id: text,
            warnings: Warnings::default(),
            is_json: true,
            malformed: Vec::new(),
        }
    }

    /// Whether there was no JSON object at all, so that no rule could be applied.
    pub fn is_unreadable(&self) -> bool {
        let nothing_read = [Reason::NotJson, Reason::TooLarge];
        matches!(&self.malformed[..], [only] if nothing_read.contains(&only.reason))
    }

    fn read_fields(&mut self, kind: Kind, entries: Vec<(Cow<'a, str>, &'a RawValue)>) {
        let documented = documented_fields(kind);
        for (name, raw) in last_of_each(documented, entries, "", &mut self.warnings) {
            match name {
                "customer" => self.read_customer(raw),
                "employee" => self.read_employee(raw),
                "channel" => self.channel = self.text(raw, "/channel"),
                "ext_interaction_id" => {
                    self.ext_interaction_id = self.text(raw, "/ext_interaction_id");
                }
                "external_url" => self.external_url = self.text(raw, "/external_url"),
                "tags" => self.tags = self.read_tags(raw),
                "do_not_send" => self.do_not_send = self.flag(raw, "/do_not_send"),
                "brand" => self.brand = self.text(raw, "/brand"),
                "language" => self.language = self.text(raw, "/language"),
                "country" => self.read_country(raw),
                "custom_properties" => self.custom_properties = self.read_custom_properties(raw),
                "initial_feedback_request_id" => {
                    self.initial_feedback_request_id =
                        self.text(raw, "/initial_feedback_request_id");
                }
                _ => unreachable!("only documented fields come through"),
            }
        }
        match kind {
            Kind::Feedback if self.channel == Given::Absent => {
                self.malformed
                    .push(Finding::new(Reason::Missing, "/channel", None))
            }
            Kind::Recovery => self.warn_unless_linked(),
            Kind::Feedback => {}
        }
    }

    fn read_customer(&mut self, raw: &'a RawValue) {
        let Some(entries) = self.object(raw, "/customer") else {
            if !is_absent(raw) {
                self.customer_name = Given::Broken;
                self.customer_email = Given::Broken;
                self.customer_custom_id = Given::Broken;
            }
            return;
        };
        for (name, raw) in last_of_each(&CUSTOMER_FIELDS, entries, "/customer", &mut self.warnings)
        {
            match name {
                "name" => self.customer_name = self.text(raw, "/customer/name"),
                "email" => self.customer_email = self.text(raw, "/customer/email"),
                _ => self.customer_custom_id = self.text(raw, "/customer/custom_id"),
            }
        }
    }

    fn read_employee(&mut self, raw: &'a RawValue) {
        let Some(entries) = self.object(raw, "/employee") else {
            if !is_absent(raw) {
                self.employee_email = Given::Broken;
                self.employee_custom_id = Given::Broken;
            }
            return;
        };
        for (name, raw) in last_of_each(&EMPLOYEE_FIELDS, entries, "/employee", &mut self.warnings)
        {
            match name {
                "email" => self.employee_email = self.text(raw, "/employee/email"),
                _ => self.employee_custom_id = self.text(raw, "/employee/custom_id"),
            }
        }
    }

    fn read_country(&mut self, raw: &'a RawValue) {
        self.country = self.text(raw, "/country");
        if let Some(country) = self.country.as_str()
            && !(country.len() == 2 && country.bytes().all(|b| b.is_ascii_alphabetic()))
        {
            let detail =
                "a country is two letters (ISO 3166-1 alpha-2), such as `US`; kept as sent";
            self.warnings.add("country_format", "/country", detail);
        }
    }

    fn read_tags(&mut self, raw: &'a RawValue) -> Given<Vec<Cow<'a, str>>> {
        match JsonType::of(raw) {
            JsonType::Array => {}
            _ if is_absent(raw) => return self.absent(raw, "/tags"),
            other => return self.wrong_type("/tags", "an array of texts", other),
        }
        let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
            return self.wrong_type("/tags", "an array of texts", JsonType::Array);
        };
        let sent = elements.iter().filter(|tag| !is_absent(tag)).count();
        if sent > MAX_TAGS {
            let detail = format!("{sent} tags sent, the first {MAX_TAGS} are kept");
            self.warnings.add("too_many_tags", "/tags", detail);
        }
        let mut tags = Vec::with_capacity(sent.min(MAX_TAGS));
        let mut room = MAX_TAGS;
        for (index, element) in elements.into_iter().enumerate() {
            if room == 0 {
                break;
            }
            if !is_absent(element) {
                room -= 1; // An empty tag counts as not sent and takes no one's place.
            }
            let pointer = format!("/tags/{index}");
            let tag = if JsonType::of(element) == JsonType::Object {
                let detail = "a tag is a text; the JSON text of the object is kept";
                self.warnings.add("object_tag", &pointer, detail);
                Given::Value(Cow::Borrowed(element.get()))
            } else {
                self.text(element, &pointer)
            };
            if let Given::Value(tag) = tag {
                tags.push(self.cut(tag, &pointer));
            }
        }
        Given::Value(tags)
    }

    fn read_custom_properties(
        &mut self,
        raw: &'a RawValue,
    ) -> Given<Vec<(Cow<'a, str>, Cow<'a, str>)>> {
        let Some(entries) = self.object(raw, "/custom_properties") else {
            return if is_absent(raw) {
                Given::Absent
            } else {
                Given::Broken
            };
        };
        let pointer = |name: &str| format!("/custom_properties/{}", escape_pointer(name));
        let mut last: Vec<(Cow<'a, str>, &'a RawValue)> = Vec::with_capacity(entries.len());
        let mut positions: HashMap<Cow<'a, str>, usize> = HashMap::with_capacity(entries.len());
        for (name, raw) in entries {
            match positions.get(&name) {
                Some(position) => {
                    warn_duplicate(&mut self.warnings, &pointer(&name));
                    last[*position].1 = raw;
                }
                None => {
                    positions.insert(name.clone(), last.len());
                    last.push((name, raw));
                }
            }
        }
        let mut properties = Vec::with_capacity(last.len());
        let (mut bad, mut unnamed) = (0, 0);
        for (name, raw) in last {
            if matches!(JsonType::of(raw), JsonType::Array | JsonType::Object) {
                bad += 1;
                if bad > MAX_BAD_PROPERTIES {
                    unnamed += 1;
                    continue;
                }
            }
            let pointer = pointer(&name);
            if let Given::Value(value) = self.text(raw, &pointer) {
                properties.push((name, self.cut(value, &pointer)));
            }
        }
        if unnamed > 0 {
            let finding = Finding::new(Reason::WrongType, "/custom_properties", None);
            let detail = format!("Besides those named, {unnamed} properties are no single values.");
            self.malformed.push(finding.with_detail(detail));
        }
        Given::Value(properties)
    }

    /// A recovery should say what it belongs to; that it does not is no error.
    fn warn_unless_linked(&mut self) {
        let linked = [
            &self.ext_interaction_id,
            &self.external_url,
            &self.initial_feedback_request_id,
        ];
        if linked.iter().all(|field| **field == Given::Absent) {
            let detail = "none of ext_interaction_id, external_url and \
                          initial_feedback_request_id was sent; the recovery cannot be traced back";
            self.warnings.add("not_linked", "", detail);
        }
    }

    /// A single value as text. Numbers and booleans are taken as they are written.
    fn text(&mut self, raw: &'a RawValue, pointer: &str) -> Text<'a> {
        let written = match JsonType::of(raw) {
            JsonType::Null => return self.absent(raw, pointer),
            JsonType::String => match serde_json::from_str::<BorrowedText>(raw.get()) {
                Ok(text) => text.0,
                Err(_) => return self.wrong_type(pointer, "valid Unicode text", JsonType::String),
            },
            single @ (JsonType::Number | JsonType::Boolean) => {
                let detail = format!("a text is due, {single} was sent; taken as text");
                self.warnings.add("not_text", pointer, detail);
                Cow::Borrowed(raw.get())
            }
            other => return self.wrong_type(pointer, "a single value", other),
        };
        let trimmed = written.trim();
        if trimmed.is_empty() {
            return self.absent(raw, pointer);
        }
        if trimmed.len() == written.len() {
            return Given::Value(written);
        }
        let detail = "space around the value was ignored";
        self.warnings.add("surrounding_space", pointer, detail);
        Given::Value(match written {
            Cow::Borrowed(written) => Cow::Borrowed(written.trim()),
            Cow::Owned(written) => Cow::Owned(written.trim().to_owned()),
        })
    }

    fn flag(&mut self, raw: &'a RawValue, pointer: &str) -> Given<bool> {
        let due = "true or false";
        let word = match JsonType::of(raw) {
            JsonType::Boolean => return Given::Value(raw.get() == "true"),
            JsonType::Null => return self.absent(raw, pointer),
            JsonType::String => match serde_json::from_str::<String>(raw.get()) {
                Ok(text) => text.trim().to_lowercase(),
                Err(_) => return self.wrong_type(pointer, due, JsonType::String),
            },
            JsonType::Number => raw.get().to_owned(),
            other => return self.wrong_type(pointer, due, other),
        };
        let flag = match word.as_str() {
            "" => return self.absent(raw, pointer),
            "true" | "1" => true,
            "false" | "0" => false,
            _ => return self.wrong_type(pointer, due, JsonType::of(raw)),
        };
        let detail = format!("true or false is due; taken as {flag}");
        self.warnings.add("not_boolean", pointer, detail);
        Given::Value(flag)
    }

    fn object(
        &mut self,
        raw: &'a RawValue,
        pointer: &str,
    ) -> Option<Vec<(Cow<'a, str>, &'a RawValue)>> {
        if is_absent(raw) {
            self.absent::<()>(raw, pointer);
            return None;
        }
        match serde_json::from_str::<Entries>(raw.get()) {
            Ok(entries) => Some(entries.0),
            Err(_) => {
                // An object that can be found but not read has a name that is no text.
                let due = match JsonType::of(raw) {
                    JsonType::Object => "an object whose names are valid Unicode text",
                    _ => "an object",
                };
                self.wrong_type::<()>(pointer, due, JsonType::of(raw));
                None
            }
        }
    }

    fn absent<T>(&mut self, raw: &RawValue, pointer: &str) -> Given<T> {
        let (code, what) = match JsonType::of(raw) {
            JsonType::Null => ("null", "null"),
            _ => ("empty", "an empty text"),
        };
        let detail = format!("{what} counts as not sent");
        self.warnings.add(code, pointer, detail);
        Given::Absent
    }

    fn wrong_type<T>(&mut self, pointer: &str, due: &str, sent: JsonType) -> Given<T> {
        let detail = format!("Due here: {due}. Sent: {sent}.");
        let finding = Finding::new(Reason::WrongType, pointer.to_owned(), None);
        self.malformed.push(finding.with_detail(detail));
        Given::Broken
    }

    fn cut(&mut self, text: Cow<'a, str>, pointer: &str) -> Cow<'a, str> {
        let Some((end, _)) = text.char_indices().nth(MAX_TEXT_CHARS) else {
            return text;
        };
        let detail = format!("cut to {MAX_TEXT_CHARS} characters");
        self.warnings.add("cut", pointer, detail);
        let end = text[..end].trim_end().len(); // The cut may fall behind a space.
        match text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[..end]),
            Cow::Owned(mut text) => {
                text.truncate(end);
                Cow::Owned(text)
            }
        }
    }
}

/// The documented fields of `customer`.
pub(super) const CUSTOMER_FIELDS: [&str; 3] = ["name", "email", "custom_id"];

/// The documented fields of `employee`.
pub(super) const EMPLOYEE_FIELDS: [&str; 2] = ["email", "custom_id"];

/// The documented fields at the top of a body, in documented order.
pub(super) fn documented_fields(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Feedback => &[
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
        ],
        Kind::Recovery => &[
            "employee",
            "tags",
            "do_not_send",
            "ext_interaction_id",
            "external_url",
            "initial_feedback_request_id",
        ],
    }
}

/// Why a body has no outermost object, in a sentence.
enum NoObject {
    /// It is JSON of another type.
    OtherJson(String),
    /// It is no JSON at all.
    NotJson(String),
}

/// Finds the outermost object, or says why there is none.
fn parse_object<'a>(
    bytes: &'a [u8],
    warnings: &mut Warnings,
) -> Result<Vec<(Cow<'a, str>, &'a RawValue)>, NoObject> {
    const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
    let bytes = match bytes.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => {
            warnings.add("byte_order_mark", "", "the byte-order mark was ignored");
            rest
        }
        None => bytes,
    };
    if bytes.trim_ascii().is_empty() {
        let detail = "The body is empty. A JSON object is due.".to_owned();
        return Err(NoObject::NotJson(detail));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let position = e.valid_up_to();
        NoObject::NotJson(format!(
            "The body is not UTF-8 text: the byte at position {position} is none."
        ))
    })?;
    let not_json =
        |e: serde_json::Error| NoObject::NotJson(format!("The body is not valid JSON: {e}."));
    if bytes.trim_ascii_start().starts_with(b"{") {
        let entries: Entries = serde_json::from_str(text).map_err(not_json)?;
        return Ok(entries.0);
    }
    let raw: &RawValue = serde_json::from_str(text).map_err(not_json)?;
    let sent = JsonType::of(raw);
    Err(NoObject::OtherJson(format!(
        "The body is {sent}. A JSON object is due."
    )))
}

/// The documented entries of an object, each once, in the order sent; warns of the others.
fn last_of_each<'a>(
    documented: &'static [&'static str],
    entries: Vec<(Cow<'a, str>, &'a RawValue)>,
    parent: &str,
    warnings: &mut Warnings,
) -> Vec<(&'static str, &'a RawValue)> {
    let mut known: Vec<(&'static str, &'a RawValue)> = Vec::with_capacity(documented.len());
    for (name, raw) in entries {
        let Some(field) = documented.iter().find(|field| **field == name) else {
            warn_unknown(documented, &name, parent, warnings);
            continue;
        };
        match known.iter_mut().find(|(seen, _)| seen == field) {
            Some(earlier) => {
                warn_duplicate(warnings, &format!("{parent}/{field}"));
                earlier.1 = raw;
            }
            None => known.push((field, raw)),
        }
    }
    known
}

fn warn_unknown(documented: &[&'static str], name: &str, parent: &str, warnings: &mut Warnings) {
    if warnings.as_slice().len() >= super::warning::MOST_KEPT {
        return; // Looking for what was meant costs time, and nobody would read it.
    }
    let pointer = format!("{parent}/{}", escape_pointer(name));
    let detail = match label::did_you_mean(name, documented.iter().copied()) {
        Some(meant) => format!("unknown field, ignored; did you mean `{meant}`?"),
        None => "unknown field, ignored".to_owned(),
    };
    warnings.add("unknown_field", &pointer, detail);
}

fn warn_duplicate(warnings: &mut Warnings, pointer: &str) {
    warnings.add(
        "duplicate_key",
        pointer,
        "sent more than once, the last counts",
    );
}

/// One step of a JSON pointer (RFC 6901).
fn escape_pointer(key: &str) -> Cow<'_, str> {
    let cut = key.char_indices().nth(MAX_KEY_CHARS);
    let end = cut.map_or(key.len(), |(end, _)| end);
    let short = &key[..end];
    if short.contains(['~', '/']) {
        short.replace('~', "~0").replace('/', "~1").into()
    } else {
        short.into()
    }
}

/// Orders pointers step by step, array positions by number.
fn by_step(one: &str, other: &str) -> Ordering {
    let steps = |pointer| str::split(pointer, '/').map(|s| (s.parse().unwrap_or(usize::MAX), s));
    steps(one).cmp(steps(other))
}

/// Whether a value counts as not sent, whatever is due there: `null`, or a text of nothing but
/// space.
fn is_absent(raw: &RawValue) -> bool {
    let is_blank = |text: BorrowedText<'_>| text.0.trim().is_empty();
    match JsonType::of(raw) {
        JsonType::Null => true,
        JsonType::String => serde_json::from_str(raw.get()).is_ok_and(is_blank),
        _ => false,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JsonType {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl JsonType {
    /// Valid JSON tells its type by its first byte.
    fn of(raw: &RawValue) -> Self {
        match raw.get().as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't' | b'f') => Self::Boolean,
            Some(b'"') => Self::String,
            Some(b'[') => Self::Array,
            Some(b'{') => Self::Object,
            _ => Self::Number,
        }
    }
}

impl fmt::Display for JsonType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a text",
            Self::Array => "an array",
            Self::Object => "an object",
        })
    }
}

/// A text, borrowed where it holds no escapes.
struct BorrowedText<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for BorrowedText<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = BorrowedText<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(BorrowedText(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(BorrowedText(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// The entries of an object in the order sent, duplicates included, values not read yet.
pub(super) struct Entries<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::with_capacity(map.size_hint().unwrap_or(12));
                while let Some((key, value)) = map.next_entry::<BorrowedText, &RawValue>()? {
                    entries.push((key.0, value));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor)
    }
}

/// The echo of an accepted feedback request: its documented fields, no others, absent ones absent.
impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let customer = Group([
            ("name", &self.customer_name),
            ("email", &self.customer_email),
            ("custom_id", &self.customer_custom_id),
        ]);
        let employee = Group([
            ("email", &self.employee_email),
            ("custom_id", &self.employee_custom_id),
        ]);
        let mut echo = serializer.serialize_map(None)?;
        if !customer.is_empty() {
            echo.serialize_entry("customer", &customer)?;
        }
        if !employee.is_empty() {
            echo.serialize_entry("employee", &employee)?;
        }
        for (name, field) in [
            ("channel", &self.channel),
            ("ext_interaction_id", &self.ext_interaction_id),
            ("external_url", &self.external_url),
        ] {
            if let Some(text) = field.as_str() {
                echo.serialize_entry(name, text)?;
            }
        }
        if let Some(tags) = self.tags.value() {
            echo.serialize_entry("tags", tags)?;
        }
        if let Some(flag) = self.do_not_send.value() {
            echo.serialize_entry("do_not_send", flag)?;
        }
        for (name, field) in [
            ("brand", &self.brand),
            ("language", &self.language),
            ("country", &self.country),
        ] {
            if let Some(text) = field.as_str() {
                echo.serialize_entry(name, text)?;
            }
        }
        if let Some(properties) = self.custom_properties.value() {
            echo.serialize_entry("custom_properties", &Properties(properties))?;
        }
        echo.end()
    }
}

/// The fields of an object that are there.
struct Group<'a, const N: usize>([(&'static str, &'a Text<'a>); N]);

impl<const N: usize> Group<'_, N> {
    fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, field)| field.value().is_none())
    }
}

impl<const N: usize> Serialize for Group<'_, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = self.0.iter();
        let there = fields.filter_map(|(name, field)| Some((name, field.value()?)));
        serializer.collect_map(there)
    }
}

struct Properties<'a>(&'a [(Cow<'a, str>, Cow<'a, str>)]);

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
