//! The file for spreadsheets: RFC 4180, UTF-8 with a byte-order mark, without which Excel takes it
//! for something older and breaks every umlaut. Two columns say the time, in UTC and in the
//! company's zone with the offset. What a spreadsheet would run as a formula gets an apostrophe in
//! front; programs read JSON Lines, where every value is as it was sent.

use chrono::SecondsFormat;
use chrono_tz::Tz;
use csv::{Terminator, Writer, WriterBuilder};

use super::super::row::{KeyNames, reasons, value};
use crate::domain::dictionary::{EndedBy, Reason};
use crate::domain::request::{Environment, Kind};
use crate::domain::spreadsheet;
use crate::store::requests::ListRow;

/// The first line.
const COLUMNS: [&str; 23] = [
    "received_at_utc",
    "received_at_local",
    "request_id",
    "result",
    "error",
    "value",
    "ended_by",
    "all_errors",
    "employee",
    "employee_name",
    "customer_name",
    "customer_email",
    "channel",
    "brand",
    "language",
    "ticket_id",
    "kind",
    "environment",
    "key",
    "http_status",
    "warnings",
    "correlation_id",
    "settings_version",
];

/// About so many bytes has a line.
const LINE_BYTES: usize = 320;

/// What the file begins with.
pub fn first_line() -> String {
    format!("\u{feff}{}\r\n", COLUMNS.join(","))
}

/// The lines of these rows.
pub fn lines(rows: &[ListRow], keys: &KeyNames, zone: Tz) -> Vec<u8> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::with_capacity(rows.len() * LINE_BYTES));
    for row in rows {
        write(&mut writer, row, keys, zone).expect("memory takes every line");
    }
    writer.into_inner().expect("memory takes every line")
}

fn write(
    writer: &mut Writer<Vec<u8>>,
    row: &ListRow,
    keys: &KeyNames,
    zone: Tz,
) -> csv::Result<()> {
    let local = row.received_at.with_timezone(&zone);
    let first = reasons(row).next();
    let result = if row.error_mask == 0 {
        "valid"
    } else {
        "invalid"
    };
    let kind = Kind::from_number(row.kind).map_or("", Kind::as_str);
    let environment = Environment::from_number(row.environment).map_or("", Environment::as_str);
    writer.write_field(row.received_at.to_rfc3339_opts(SecondsFormat::Millis, true))?;
    writer.write_field(local.to_rfc3339_opts(SecondsFormat::Millis, false))?;
    writer.write_field(row.id.hyphenated().encode_lower(&mut [0; 36]))?;
    writer.write_field(result)?;
    writer.write_field(first.map_or("", |(reason, _)| reason.code().title()))?;
    let value = first.and_then(|(reason, finding)| value(row, reason, finding));
    sent(writer, value)?;
    writer.write_field(first.map_or("", |(reason, _)| ended_by(reason)))?;
    writer.write_field(all_errors(row))?;
    for text in [
        &row.employee_sent,
        &row.employee_name,
        &row.customer_name,
        &row.customer_email,
        &row.channel_sent,
        &row.brand_sent,
        &row.language_sent,
        &row.ticket_id,
    ] {
        sent(writer, text.as_deref())?;
    }
    writer.write_field(kind)?;
    writer.write_field(environment)?;
    let key = keys.get(&row.key_id);
    let key = key.map(|(name, tail)| format!("{name} …{tail}"));
    sent(writer, key.as_deref())?;
    writer.write_field(row.http_status.to_string())?;
    writer.write_field(row.warning_count.to_string())?;
    sent(writer, row.correlation_id.as_deref())?;
    writer.write_field(row.settings_version.to_string())?;
    writer.write_record(None::<&[u8]>)
}

/// A cell with what somebody else wrote.
fn sent(writer: &mut Writer<Vec<u8>>, text: Option<&str>) -> csv::Result<()> {
    let cell = spreadsheet::safe(text.unwrap_or_default());
    writer.write_field(cell.as_bytes())
}

/// Such as `employee_not_found.unknown invalid_brand.inactive`.
fn all_errors(row: &ListRow) -> String {
    let mut all = String::new();
    for (reason, _) in reasons(row) {
        if !all.is_empty() {
            all.push(' ');
        }
        all.push_str(reason.code().as_str());
        if let Some(variant) = reason.variant() {
            all.push('.');
            all.push_str(variant);
        }
    }
    all
}

fn ended_by(reason: Reason) -> &'static str {
    match reason.ended_by() {
        EndedBy::Admin => "settings",
        EndedBy::Sender => "sender",
        EndedBy::Either => "settings or sender",
    }
}
