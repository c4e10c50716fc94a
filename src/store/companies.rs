//! The companies, and what a new one is made of.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde::Deserialize;
use serde_json::json;

use super::aliases;
use super::change::{Edit, Made};
use super::labels::LabelKind;
use super::schema::{brands, channels, companies, employees, languages};
use crate::domain::company::CompanyId;
use crate::domain::settings::ProfileStatus;
use crate::domain::{email, label};

/// A company's own row.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = companies)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct CompanyRow {
    pub id: i64,
    pub name: String,
    pub time_zone: String,
    pub expunge_after_days: i32,
    pub settings_version: i64,
    pub test_email: Option<String>,
    pub alert_emails: Vec<Option<String>>,
}

impl CompanyRow {
    /// The zone in which its pages show times; UTC for one that this program no longer knows.
    pub fn zone(&self) -> Tz {
        self.time_zone.parse().unwrap_or(Tz::UTC)
    }
}

/// A company's row.
pub fn find(connection: &mut PgConnection, company: CompanyId) -> QueryResult<CompanyRow> {
    companies::table
        .find(company.0)
        .select(CompanyRow::as_select())
        .first(connection)
}

/// What the company's own form says.
#[derive(Debug, Clone)]
pub struct Facts {
    /// As shown in the top bar.
    pub name: String,
    /// The zone in which its pages show times.
    pub zone: Tz,
    /// Customers' personal data is deleted after so many days.
    pub expunge_after_days: i32,
}

/// Somebody else's company has the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameTaken;

/// Changes a company's own facts.
pub fn set_facts(
    connection: &mut PgConnection,
    company: CompanyId,
    facts: &Facts,
) -> Made<NameTaken> {
    let row = find(connection, company)?;
    let is_same = (
        row.name.as_str(),
        row.time_zone.as_str(),
        row.expunge_after_days,
    ) == (&facts.name, facts.zone.name(), facts.expunge_after_days);
    if is_same {
        return Ok(Ok(None));
    }
    let is_new_name = row.name.to_lowercase() != facts.name.to_lowercase();
    if is_new_name && is_name_taken(connection, &facts.name)? {
        return Ok(Err(NameTaken));
    }
    diesel::update(companies::table.find(company.0))
        .set((
            companies::name.eq(&facts.name),
            companies::time_zone.eq(facts.zone.name()),
            companies::expunge_after_days.eq(facts.expunge_after_days),
        ))
        .execute(connection)?;
    let values = |name: &str, zone: &str, days: i32| json!({"name": name, "time_zone": zone, "expunge_after_days": days});
    Ok(Ok(Some(Edit {
        action: "company.changed",
        subject: facts.name.clone(),
        id: company.0,
        before: Some(values(&row.name, &row.time_zone, row.expunge_after_days)),
        after: Some(values(
            &facts.name,
            facts.zone.name(),
            facts.expunge_after_days,
        )),
    })))
}

/// Changes who gets mail.
pub fn set_mail(
    connection: &mut PgConnection,
    company: CompanyId,
    test_email: Option<String>,
    alert_emails: Vec<String>,
) -> Made<()> {
    let row = find(connection, company)?;
    let before = json!({"test_email": row.test_email, "alert_emails": row.alert_emails});
    let after = json!({"test_email": test_email, "alert_emails": alert_emails});
    if before == after {
        return Ok(Ok(None));
    }
    let alert_emails: Vec<Option<String>> = alert_emails.into_iter().map(Some).collect();
    diesel::update(companies::table.find(company.0))
        .set((
            companies::test_email.eq(test_email),
            companies::alert_emails.eq(alert_emails),
        ))
        .execute(connection)?;
    Ok(Ok(Some(Edit {
        action: "mail.changed",
        subject: row.name,
        id: company.0,
        before: Some(before),
        after: Some(after),
    })))
}

/// A company to be made: what `company create --settings` reads, in JSON.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NewSettings {
    /// IANA name, such as `America/Toronto`.
    pub time_zone: chrono_tz::Tz,
    /// Without any: phone, chat and email, enabled, in manual mode.
    pub channels: Vec<NewChannel>,
    /// None is fine.
    pub brands: Vec<NewBrand>,
    /// None is fine.
    pub languages: Vec<NewLanguage>,
    /// None is fine, until the first request comes.
    pub employees: Vec<NewEmployee>,
}

impl Default for NewSettings {
    fn default() -> Self {
        Self {
            time_zone: chrono_tz::UTC,
            channels: ["phone", "chat", "email"].map(NewChannel::manual).into(),
            brands: Vec::new(),
            languages: Vec::new(),
            employees: Vec::new(),
        }
    }
}

impl NewSettings {
    /// Every alias: its kind, the label that is meant, and the word that is sent.
    pub fn aliases(&self) -> impl Iterator<Item = (LabelKind, &str, &str)> {
        let channels = self.channels.iter();
        let channels = channels.map(|c| (LabelKind::Channel, &c.label, &c.aliases));
        let brands = self.brands.iter();
        let brands = brands.map(|b| (LabelKind::Brand, &b.label, &b.aliases));
        let languages = self.languages.iter();
        let languages = languages.map(|l| (LabelKind::Language, &l.tag, &l.aliases));
        let all = channels.chain(brands).chain(languages);
        all.flat_map(|(kind, label, aliases)| {
            let aliases = aliases.iter();
            aliases.map(move |alias| (kind, label.as_str(), alias.as_str()))
        })
    }
}

/// A channel to be made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewChannel {
    /// What requests name.
    pub label: String,
    /// As shown to people; the label by default.
    pub name: Option<String>,
    /// Whether requests may name it; yes by default.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Integrated, or in manual mode (the default).
    #[serde(default)]
    pub integrated: bool,
    /// Other words that are read as it.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// A brand to be made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewBrand {
    /// What requests name.
    pub label: String,
    /// As shown to people; the label by default.
    pub name: Option<String>,
    /// Whether requests may name it; yes by default.
    #[serde(default = "yes")]
    pub active: bool,
    /// Other words that are read as it.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// A language to be made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewLanguage {
    /// The BCP 47 tag.
    pub tag: String,
    /// Whether requests may name it; yes by default.
    #[serde(default = "yes")]
    pub active: bool,
    /// Other words that are read as it.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// An employee to be made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewEmployee {
    /// As shown to people; the e-mail or custom id by default.
    pub name: Option<String>,
    /// E-mail or custom id, or both.
    pub email: Option<String>,
    /// E-mail or custom id, or both.
    pub custom_id: Option<String>,
    /// `active` by default.
    #[serde(default)]
    pub status: ProfileStatus,
}

impl NewChannel {
    fn manual(label: &str) -> Self {
        Self {
            label: label.to_owned(),
            name: None,
            enabled: true,
            integrated: false,
            aliases: Vec::new(),
        }
    }
}

fn yes() -> bool {
    true
}

/// Whether the store has no company yet.
pub fn are_none(connection: &mut PgConnection) -> QueryResult<bool> {
    let any = diesel::dsl::exists(companies::table.select(companies::id));
    diesel::select(diesel::dsl::not(any)).get_result(connection)
}

/// Whether a company of this name is there, regardless of case. Holds off others who make one
/// until the transaction ends.
pub fn is_name_taken(connection: &mut PgConnection, name: &str) -> QueryResult<bool> {
    connection.batch_execute("LOCK TABLE companies IN SHARE ROW EXCLUSIVE MODE")?;
    let names: Vec<String> = companies::table.select(companies::name).load(connection)?;
    Ok(names
        .iter()
        .any(|n| n.to_lowercase() == name.to_lowercase()))
}

/// Makes a company with its settings and returns its id. `lookup_key` is 32 random bytes.
pub fn create(
    connection: &mut PgConnection,
    name: &str,
    settings: &NewSettings,
    lookup_key: &[u8],
    now: DateTime<Utc>,
) -> QueryResult<CompanyId> {
    let company = diesel::insert_into(companies::table)
        .values((
            companies::name.eq(name),
            companies::time_zone.eq(settings.time_zone.name()),
            companies::lookup_key.eq(lookup_key),
            companies::created_at.eq(now),
        ))
        .returning(companies::id)
        .get_result(connection)
        .map(CompanyId)?;
    for channel in &settings.channels {
        diesel::insert_into(channels::table)
            .values((
                channels::company_id.eq(company.0),
                channels::label.eq(channel.label.trim()),
                channels::folded.eq(label::fold(&channel.label)),
                channels::name.eq(channel.name.as_ref().unwrap_or(&channel.label)),
                channels::enabled.eq(channel.enabled),
                channels::integrated.eq(channel.integrated),
            ))
            .execute(connection)?;
    }
    for brand in &settings.brands {
        diesel::insert_into(brands::table)
            .values((
                brands::company_id.eq(company.0),
                brands::label.eq(brand.label.trim()),
                brands::folded.eq(label::fold(&brand.label)),
                brands::name.eq(brand.name.as_ref().unwrap_or(&brand.label)),
                brands::active.eq(brand.active),
            ))
            .execute(connection)?;
    }
    for language in &settings.languages {
        diesel::insert_into(languages::table)
            .values((
                languages::company_id.eq(company.0),
                languages::tag.eq(language.tag.trim()),
                languages::folded.eq(label::fold(&language.tag)),
                languages::active.eq(language.active),
            ))
            .execute(connection)?;
    }
    for (kind, label, alias) in settings.aliases() {
        aliases::insert(connection, company, kind, alias.trim(), label.trim())?;
    }
    // Postgres takes 65,535 values in one statement; an employee has six.
    for employees in settings.employees.chunks(5_000) {
        let rows: Vec<_> = employees
            .iter()
            .map(|e| employee_values(company, e))
            .collect();
        diesel::insert_into(employees::table)
            .values(rows)
            .execute(connection)?;
    }
    Ok(company)
}

/// Switches a brand on or off; says whether there is one of this label.
pub fn set_brand_active(
    connection: &mut PgConnection,
    company: CompanyId,
    label: &str,
    active: bool,
) -> QueryResult<bool> {
    let brand = brands::table
        .filter(brands::company_id.eq(company.0))
        .filter(brands::folded.eq(label::fold(label)));
    let changed = diesel::update(brand).set(brands::active.eq(active));
    Ok(changed.execute(connection)? > 0)
}

/// Moves an employee's profile to another status; says whether there is one of this e-mail.
pub fn set_employee_status(
    connection: &mut PgConnection,
    company: CompanyId,
    address: &str,
    status: ProfileStatus,
) -> QueryResult<bool> {
    let employee = employees::table
        .filter(employees::company_id.eq(company.0))
        .filter(employees::email_folded.eq(email::fold(address)));
    let changed = diesel::update(employee).set(employees::status.eq(status.number()));
    Ok(changed.execute(connection)? > 0)
}

type EmployeeValues = (
    diesel::dsl::Eq<employees::company_id, i64>,
    diesel::dsl::Eq<employees::email, Option<String>>,
    diesel::dsl::Eq<employees::email_folded, Option<String>>,
    diesel::dsl::Eq<employees::custom_id, Option<String>>,
    diesel::dsl::Eq<employees::name, String>,
    diesel::dsl::Eq<employees::status, i16>,
);

fn employee_values(company: CompanyId, employee: &NewEmployee) -> EmployeeValues {
    let trimmed = |text: &Option<String>| {
        let text = text.as_deref().map(str::trim);
        text.filter(|t| !t.is_empty()).map(str::to_owned)
    };
    let address = trimmed(&employee.email);
    let custom_id = trimmed(&employee.custom_id);
    let name = trimmed(&employee.name)
        .or_else(|| address.clone())
        .or_else(|| custom_id.clone());
    let folded = address.as_deref().map(|a| email::fold(a).into_owned());
    (
        employees::company_id.eq(company.0),
        employees::email.eq(address),
        employees::email_folded.eq(folded),
        employees::custom_id.eq(custom_id),
        employees::name.eq(name.unwrap_or_default()),
        employees::status.eq(employee.status.number()),
    )
}
