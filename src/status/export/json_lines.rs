//! The file for programs: a JSON object per line, every value as it was sent, `null` where there is
//! none.

use chrono::SecondsFormat;
use chrono_tz::Tz;
use serde::Serialize;
use uuid::Uuid;

use super::super::row::{KeyNames, reasons, value};
use crate::domain::request::{Environment, Kind};
use crate::store::requests::ListRow;

/// About so many bytes has a line.
const LINE_BYTES: usize = 800;

#[derive(Serialize)]
struct Line<'r> {
    request_id: Uuid,
    received_at: String,
    received_at_local: String,
    result: &'static str,
    errors: Vec<ErrorItem<'r>>,
    employee: Employee<'r>,
    customer: Customer<'r>,
    channel: Option<&'r str>,
    brand: Option<&'r str>,
    language: Option<&'r str>,
    ticket_id: Option<&'r str>,
    kind: Option<&'static str>,
    environment: Option<&'static str>,
    key: Option<Key<'r>>,
    http_status: i16,
    warnings: i16,
    correlation_id: Option<&'r str>,
    settings_version: i64,
}

#[derive(Serialize)]
struct ErrorItem<'r> {
    code: &'static str,
    variant: Option<&'static str>,
    title: &'static str,
    ended_by: &'static str,
    pointer: &'r str,
    value: Option<&'r str>,
}

#[derive(Serialize)]
struct Employee<'r> {
    sent: Option<&'r str>,
    name: Option<&'r str>,
}

#[derive(Serialize)]
struct Customer<'r> {
    name: Option<&'r str>,
    email: Option<&'r str>,
    /// Whether the customer's data was deleted after the company's threshold.
    deleted: bool,
}

#[derive(Serialize)]
struct Key<'r> {
    name: &'r str,
    tail: &'r str,
}

/// The lines of these rows.
pub fn lines(rows: &[ListRow], keys: &KeyNames, zone: Tz) -> Vec<u8> {
    let mut lines = Vec::with_capacity(rows.len() * LINE_BYTES);
    for row in rows {
        serde_json::to_writer(&mut lines, &Line::new(row, keys, zone))
            .expect("texts and numbers always become JSON");
        lines.push(b'\n');
    }
    lines
}

impl<'r> Line<'r> {
    fn new(row: &'r ListRow, keys: &'r KeyNames, zone: Tz) -> Self {
        let errors = reasons(row).map(|(reason, finding)| ErrorItem {
            code: reason.code().as_str(),
            variant: reason.variant(),
            title: reason.code().title(),
            ended_by: reason.ended_by().as_str(),
            pointer: &finding.pointer,
            value: value(row, reason, finding),
        });
        Self {
            request_id: row.id,
            received_at: row.received_at.to_rfc3339_opts(SecondsFormat::Millis, true),
            received_at_local: row
                .received_at
                .with_timezone(&zone)
                .to_rfc3339_opts(SecondsFormat::Millis, false),
            result: if row.error_mask == 0 {
                "valid"
            } else {
                "invalid"
            },
            errors: errors.collect(),
            employee: Employee {
                sent: row.employee_sent.as_deref(),
                name: row.employee_name.as_deref(),
            },
            customer: Customer {
                name: row.customer_name.as_deref(),
                email: row.customer_email.as_deref(),
                deleted: !row.has_document,
            },
            channel: row.channel_sent.as_deref(),
            brand: row.brand_sent.as_deref(),
            language: row.language_sent.as_deref(),
            ticket_id: row.ticket_id.as_deref(),
            kind: Kind::from_number(row.kind).map(Kind::as_str),
            environment: Environment::from_number(row.environment).map(Environment::as_str),
            key: keys.get(&row.key_id).map(|(name, tail)| Key { name, tail }),
            http_status: row.http_status,
            warnings: row.warning_count,
            correlation_id: row.correlation_id.as_deref(),
            settings_version: row.settings_version,
        }
    }
}
