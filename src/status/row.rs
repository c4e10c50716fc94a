//! One request as a row: why it failed, without a click.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::ROOT;
use crate::domain::dictionary::{EndedBy, ErrorCode, Reason};
use crate::domain::recheck::Now;
use crate::domain::request::{Environment, Kind};
use crate::store::api_keys::KeyRow;
use crate::store::requests::{FindingRow, ListRow};
use crate::web::format::{Breakable, Moment, counted};

/// A row of the table.
pub struct Row {
    /// Its id, by which it is chosen.
    pub id: String,
    /// The page of the request.
    pub url: String,
    /// When it was received.
    pub received: Moment,
    /// The day, when it is not today.
    pub day: Option<String>,
    /// How many warnings it got.
    pub warnings: i16,
    /// Its first error; `None` of a valid request.
    pub fault: Option<Fault>,
    /// Whether it would pass by today's settings, where that was checked, and whether that is only as
    /// far as known.
    pub recheck: Option<(Now, bool)>,
    /// Whether an admin sent it again.
    pub is_sent_again: bool,
    /// The employee.
    pub employee: Named,
    /// The customer.
    pub customer: Customer,
    /// Channel, brand and language as sent.
    pub context: Vec<Part>,
    /// Whether the body could be read at all.
    pub is_readable: bool,
    /// Test or production.
    pub environment: Environment,
    /// Whether it is a recovery.
    pub is_recovery: bool,
    /// The name of the key and its last characters.
    pub key: Option<(String, String)>,
    /// The sender's ticket number.
    pub ticket: Option<String>,
}

/// The first error of a request.
pub struct Fault {
    /// Its title.
    pub title: &'static str,
    /// Its icon in the sprite.
    pub icon: &'static str,
    /// Who ends exactly this.
    pub ended_by: EndedBy,
    /// How many more errors there are.
    pub more: usize,
    /// The value it is about.
    pub value: About,
}

/// The adjacent column.
pub enum About {
    /// What was sent.
    Value(Breakable),
    /// What is wrong where there is no single value.
    Words(&'static str),
    /// Nothing was sent.
    NotSent,
    /// It was the customer's, and is gone.
    Expunged,
}

/// An employee in a row.
pub enum Named {
    /// Found, by this name.
    Known(String),
    /// Sent, but nobody's.
    Unknown,
    /// Not sent.
    NotSent,
    /// The body could not be read.
    NotChecked,
}

/// A customer in a row.
pub enum Customer {
    /// The address, else the name.
    Sent(Breakable),
    /// None was sent.
    NotSent,
    /// The data was deleted.
    Expunged,
}

/// A channel, brand or language as sent.
pub struct Part {
    /// The word, or what was not sent.
    pub text: String,
    /// Whether it was not sent.
    pub absent: bool,
    /// Who ends its error, where it has one.
    pub offends: Option<EndedBy>,
}

/// The icon of an error in the sprite.
pub fn icon(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::EmployeeProfileNotComplete
        | ErrorCode::DeactivatedEmployee
        | ErrorCode::EmployeeNotFound => "person",
        ErrorCode::InvalidCustomer => "customer",
        ErrorCode::ChannelNotEnabled | ErrorCode::ChannelInManualMode => "channel",
        ErrorCode::BrandNotProvided | ErrorCode::InvalidBrand => "tag",
        ErrorCode::LanguageNotSpecified | ErrorCode::LanguageNotAvailable => "globe",
        ErrorCode::MalformedRequest => "document",
    }
}

/// The class that colours what one person or the other ends.
pub fn tone(ended_by: EndedBy) -> &'static str {
    ended_by.as_str()
}

/// The names of the keys by id.
pub type KeyNames = HashMap<i64, (String, String)>;

/// Makes the names of the keys.
pub fn key_names(keys: &[KeyRow]) -> KeyNames {
    keys.iter()
        .map(|key| (key.id, (key.name.clone(), key.tail.clone())))
        .collect()
}

/// Every reason of a row with its finding, in rule order.
pub fn reasons(row: &ListRow) -> impl Iterator<Item = (Reason, &FindingRow)> {
    let findings = row.findings.0.iter();
    findings.filter_map(|f| Some((Reason::from_number(f.reason)?, f)))
}

impl Fault {
    /// The class of its colour.
    pub fn tone(&self) -> &'static str {
        tone(self.ended_by)
    }
}

impl Part {
    /// The class of its colour.
    pub fn tone(&self) -> &'static str {
        self.offends.map_or("", tone)
    }
}

impl Row {
    /// How many warnings it got, in words.
    pub fn warnings_in_words(&self) -> String {
        counted(self.warnings.into(), "warning")
    }

    /// Writes a stored request as a row, as seen at `now`.
    pub fn new(row: &ListRow, keys: &KeyNames, now: DateTime<Utc>, zone: Tz) -> Self {
        let unreadable = |reason| matches!(reason, Reason::NotJson | Reason::TooLarge);
        let is_readable = !reasons(row).any(|(reason, _)| unreadable(reason));
        let kind = Kind::from_number(row.kind).unwrap_or(Kind::Feedback);
        Self {
            id: row.id.to_string(),
            url: format!("{ROOT}/requests/{}", row.id),
            received: Moment::new(row.received_at, zone),
            day: Moment::new(row.received_at, zone).other_day(now),
            warnings: row.warning_count,
            fault: fault(row),
            recheck: None,
            is_sent_again: false,
            employee: employee(row, is_readable),
            customer: customer(row),
            context: match kind {
                Kind::Feedback => context(row),
                Kind::Recovery => Vec::new(),
            },
            is_readable,
            environment: Environment::from_number(row.environment)
                .unwrap_or(Environment::Production),
            is_recovery: kind == Kind::Recovery,
            key: keys.get(&row.key_id).cloned(),
            ticket: row.ticket_id.clone(),
        }
    }
}

fn fault(row: &ListRow) -> Option<Fault> {
    let (reason, finding) = reasons(row).next()?;
    Some(Fault {
        title: reason.code().title(),
        icon: icon(reason.code()),
        ended_by: reason.ended_by(),
        more: row.findings.0.len() - 1,
        value: about(row, reason, finding),
    })
}

/// The value that a finding is about, as a cell.
pub fn about(row: &ListRow, reason: Reason, finding: &FindingRow) -> About {
    let is_personal = [Reason::CustomerEmailFormat, Reason::CustomerNameFormat].contains(&reason);
    match (reason, value(row, reason, finding)) {
        (Reason::NotJson, _) => About::Words("not JSON"),
        (Reason::TooLarge, _) => About::Words("over 256 KiB"),
        (_, Some(value)) => About::Value(Breakable::new(value)),
        (_, None) if is_personal && !row.has_document => About::Expunged,
        (_, None) => About::NotSent,
    }
}

/// The value that a finding is about, as sent: the customer's own from the document, the rest from
/// itself.
pub fn value<'r>(row: &'r ListRow, reason: Reason, finding: &'r FindingRow) -> Option<&'r str> {
    match reason {
        Reason::CustomerEmailFormat => row.customer_email.as_deref(),
        Reason::CustomerNameFormat => row.customer_name.as_deref(),
        Reason::WrongType => Some(&finding.pointer),
        Reason::Missing => None,
        _ => finding.sent.as_deref().or(finding.value.as_deref()),
    }
}

fn employee(row: &ListRow, is_readable: bool) -> Named {
    match (&row.employee_name, row.employee_id, &row.employee_sent) {
        (Some(name), _, _) => Named::Known(name.clone()),
        // Found then, deleted since.
        (None, Some(_), Some(sent)) => Named::Known(sent.clone()),
        (None, _, Some(_)) => Named::Unknown,
        (None, _, None) if is_readable => Named::NotSent,
        (None, _, None) => Named::NotChecked,
    }
}

fn customer(row: &ListRow) -> Customer {
    match (&row.customer_email, &row.customer_name) {
        (Some(email), _) => Customer::Sent(Breakable::new(email)),
        (None, Some(name)) => Customer::Sent(Breakable::new(name)),
        (None, None) if row.has_document => Customer::NotSent,
        (None, None) => Customer::Expunged,
    }
}

fn context(row: &ListRow) -> Vec<Part> {
    use ErrorCode::{
        BrandNotProvided, ChannelInManualMode, ChannelNotEnabled, InvalidBrand,
        LanguageNotAvailable, LanguageNotSpecified,
    };
    let part = |sent: &Option<String>, what: &str, codes: [ErrorCode; 2]| Part {
        text: sent.clone().unwrap_or_else(|| format!("no {what}")),
        absent: sent.is_none(),
        offends: reasons(row)
            .find(|(reason, _)| codes.contains(&reason.code()))
            .map(|(reason, _)| reason.ended_by()),
    };
    let channel = [ChannelNotEnabled, ChannelInManualMode];
    let brand = [BrandNotProvided, InvalidBrand];
    let language = [LanguageNotSpecified, LanguageNotAvailable];
    let parts = [
        part(&row.channel_sent, "channel", channel),
        part(&row.brand_sent, "brand", brand),
        part(&row.language_sent, "language", language),
    ];
    // What was not sent is said only where it matters; a company with one brand needs none.
    let matters = |part: &Part| !part.absent || part.offends.is_some();
    parts.into_iter().filter(matters).collect()
}
