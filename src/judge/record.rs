//! Turns a judged request into the rows that are stored. Nothing leaves here that Postgres could
//! refuse: no NUL in a text, no text too long for an index.

use super::{Answer, Arrival};
use crate::domain::body::Body;
use crate::domain::dictionary::Reason;
use crate::domain::email;
use crate::domain::filter::Label;
use crate::domain::label;
use crate::domain::request::KEPT_CHARS;
use crate::domain::validate::{Finding, Verdict};
use crate::domain::warning::Warning;
use crate::store::recorder::{CountedLabels, DocumentRow, FindingRow, Record, RequestRow};
use crate::store::settings::Snapshot;

/// The rows of a request, all but the bytes of its body, which the caller moves in.
pub fn record(
    arrival: &Arrival,
    snapshot: &Snapshot,
    body: &Body<'_>,
    verdict: &Verdict<'_>,
    answer: &Answer,
) -> Record {
    let (company_id, id) = (snapshot.company.0, arrival.id.uuid());
    let received_at = arrival.id.received_at();
    let environment = arrival.environment.number();
    let custom_id = body.employee_custom_id.as_str();
    let (employee_sent, employee_custom_id) = match body.employee_email.as_str() {
        Some(email) => (Some(email::fold(email).into_owned()), custom_id),
        None => (custom_id.map(str::to_owned), None),
    };
    Record {
        request: RequestRow {
            company_id,
            received_at,
            id,
            kind: arrival.kind.number(),
            environment,
            key_id: arrival.key_id,
            http_status: answer.status.as_u16() as i16,
            error_mask: verdict.error_mask(),
            warning_count: answer.warnings.len() as i16,
            settings_version: snapshot.rules.version,
            employee_id: verdict.employee.map(|e| e.id),
            employee_sent: employee_sent.as_deref().map(kept),
            employee_custom_id: employee_custom_id.map(kept),
            channel_sent: body.channel.as_str().map(kept),
            channel: verdict.channel.map(str::to_owned),
            brand_sent: body.brand.as_str().map(kept),
            brand: verdict.brand.map(str::to_owned),
            language_sent: body.language.as_str().map(kept),
            language: verdict.language.map(str::to_owned),
            ticket_id: body.ext_interaction_id.as_str().map(kept),
            customer_hash: body
                .customer_email
                .as_str()
                .map(|email| email::lookup_hash(&snapshot.lookup_key, email)),
            correlation_id: arrival.sender.correlation_id.as_deref().map(kept),
            duration_us: arrival
                .sender
                .since
                .elapsed()
                .as_micros()
                .try_into()
                .unwrap_or(i32::MAX),
            channel_unknown: unknown(body.channel.as_str(), verdict.channel),
            brand_unknown: unknown(body.brand.as_str(), verdict.brand),
            language_unknown: unknown(body.language.as_str(), verdict.language),
        },
        document: DocumentRow {
            company_id,
            received_at,
            id,
            body: Vec::new(),
            body_cut: arrival.received.cut,
            content_type: arrival.received.content_type.as_deref().map(kept),
            answer: answer.stored_body(),
            warnings: stored_warnings(&answer.warnings),
            customer_name: body.customer_name.as_str().map(kept),
            customer_email: body.customer_email.as_str().map(kept),
            address: arrival.sender.address.map(|address| address.to_string()),
            user_agent: arrival.sender.user_agent.as_deref().map(kept),
        },
        findings: verdict
            .findings
            .iter()
            .zip(0..)
            .map(|(finding, position)| {
                let value = decisive(finding, verdict);
                FindingRow {
                    company_id,
                    received_at,
                    id,
                    position,
                    code: finding.code().bit(),
                    reason: finding.reason.number(),
                    pointer: kept(stored_pointer(finding)),
                    sent: spelled(finding, value.as_deref()),
                    value,
                    environment,
                    key_id: arrival.key_id,
                }
            })
            .collect(),
        counted: CountedLabels {
            channel: counted(body.channel.as_str(), verdict.channel),
            brand: counted(body.brand.as_str(), verdict.brand),
            language: counted(body.language.as_str(), verdict.language),
        },
        resubmission: None,
    }
}

/// The decisive value, in the form in which it is matched: however a label or an e-mail was spelled,
/// and whether an alias read it, what failed for one setting has one cause. Of a malformed field it is
/// the name. A finding outlives the customer's data, so it must not hold any.
fn decisive(finding: &Finding, verdict: &Verdict<'_>) -> Option<String> {
    let sent = finding.value.as_deref();
    match finding.reason {
        Reason::CustomerEmailMissing | Reason::CustomerEmailFormat | Reason::CustomerNameFormat => {
            None
        }
        Reason::ChannelNotEnabled | Reason::ChannelManual => verdict.channel.map(kept),
        Reason::BrandInactive => verdict.brand.map(kept),
        Reason::LanguageInactive => verdict.language.map(kept),
        Reason::ChannelUnknown | Reason::BrandUnknown | Reason::LanguageUnknown => {
            unknown(sent, None)
        }
        Reason::WrongType | Reason::Missing => Some(field(stored_pointer(finding))),
        _ if finding.pointer == "/employee/email" => sent.map(|sent| kept(&email::fold(sent))),
        _ => sent.map(kept),
    }
}

/// The value as sent, where the decisive one is another form of it.
fn spelled(finding: &Finding, decisive: Option<&str>) -> Option<String> {
    let sent = kept(finding.value.as_deref()?);
    (decisive? != sent).then_some(sent)
}

/// The names of custom properties are the sender's own and may say who the customer is: the row
/// names the object that holds them, the answer the property.
fn stored_pointer(finding: &Finding) -> &str {
    const CUSTOM_PROPERTIES: &str = "/custom_properties";
    match finding.pointer.strip_prefix(CUSTOM_PROPERTIES) {
        Some(property) if property.starts_with('/') => CUSTOM_PROPERTIES,
        _ => &finding.pointer,
    }
}

/// The documented field that a pointer leads to, or into: `customer.email`, and `tags` for each of them.
fn field(pointer: &str) -> String {
    let steps = pointer.trim_start_matches('/');
    match steps.split_once('/') {
        Some(("tags", _)) => "tags".to_owned(),
        _ => steps.replace('/', "."),
    }
}

fn stored_warnings(warnings: &[Warning]) -> Option<serde_json::Value> {
    let kept = warnings.iter().map(|warning| {
        serde_json::json!({
            "code": warning.code,
            "pointer": kept(&warning.pointer),
            "detail": kept(&warning.detail),
        })
    });
    (!warnings.is_empty()).then(|| kept.collect())
}

/// The form in which a label is compared, of one that was not found.
fn unknown(sent: Option<&str>, found: Option<&str>) -> Option<String> {
    match found {
        None => sent.map(|sent| kept(&label::fold(sent))),
        Some(_) => None,
    }
}

fn counted(sent: Option<&str>, found: Option<&str>) -> String {
    match (sent, found) {
        (_, Some(label)) => label.to_owned(),
        (Some(_), None) => Label::Unknown.word().into_owned(),
        (None, None) => Label::NotSent.word().into_owned(),
    }
}

/// What of a text is kept: its first characters, without the NUL that Postgres refuses.
fn kept(text: &str) -> String {
    // Nearly every text is short and clean: one copy is all that it takes.
    if text.len() <= KEPT_CHARS && !text.contains('\0') {
        return text.to_owned();
    }
    text.chars()
        .take(KEPT_CHARS)
        .map(|c| if c == '\0' { '\u{FFFD}' } else { c })
        .collect()
}
