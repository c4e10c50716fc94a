//! Alerts, and the mails about them. Opening one and writing down whom to tell is one transaction,
//! so an alert is never open with nobody to tell; a mail is claimed before it is sent, so that two
//! nodes do not both send it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Int4, SmallInt, Text, Timestamptz};

use super::locks;
use super::schema::{alert_mails, alerts};
use crate::domain::alert::{Alert, AlertMail, Event};
use crate::domain::company::CompanyId;
use crate::domain::cube::Rate;
use crate::domain::window::Window;

/// Keeps two nodes from judging one company at the same time.
const JUDGE_LOCK: i32 = 0x616c_6572;

#[derive(QueryableByName)]
struct RateRow {
    #[diesel(sql_type = BigInt)]
    company_id: i64,
    #[diesel(sql_type = BigInt)]
    failed: i64,
    #[diesel(sql_type = BigInt)]
    total: i64,
}

/// The measure of the alert: how many production requests each company received since the window
/// began, and how many of them failed. From the counters at five minutes, folded or not; a company
/// that received none is left out. What an admin sent again says nothing about the senders and is not
/// counted. Nothing else counts for alerts, and nothing else is left out.
pub fn rates(
    connection: &mut PgConnection,
    companies: &[CompanyId],
    hour: Window,
) -> QueryResult<Vec<(CompanyId, Rate)>> {
    let part = |table: &str, condition: &str| {
        format!(
            "SELECT company_id, sum(count) AS total, \
                    sum(count) FILTER (WHERE error_mask <> 0) AS failed \
             FROM {table} WHERE {condition} AND company_id = ANY($1) AND bucket >= $2 \
                   AND environment = 2 AND NOT resubmitted \
             GROUP BY company_id"
        )
    };
    let rows: Vec<RateRow> = diesel::sql_query(format!(
        "SELECT company_id, coalesce(sum(failed), 0)::bigint AS failed, sum(total)::bigint AS total \
         FROM ({} UNION ALL {}) AS parts GROUP BY company_id",
        part("request_counts", "grain = 5"),
        part("request_count_deltas", "true"),
    ))
    .bind::<Array<BigInt>, _>(companies.iter().map(|company| company.0).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(hour.from)
    .load(connection)?;
    let rate = |row: RateRow| {
        let RateRow { failed, total, .. } = row;
        (CompanyId(row.company_id), Rate { failed, total })
    };
    Ok(rows.into_iter().map(rate).collect())
}

/// The same of one company.
pub fn rate(connection: &mut PgConnection, company: CompanyId, hour: Window) -> QueryResult<Rate> {
    let rates = rates(connection, &[company], hour)?;
    Ok(rates.first().map(|(_, rate)| *rate).unwrap_or_default())
}

/// The companies with an open alert.
pub fn open_ones(connection: &mut PgConnection) -> QueryResult<Vec<CompanyId>> {
    let ids: Vec<i64> = alerts::table
        .filter(alerts::closed_at.is_null())
        .select(alerts::company_id)
        .load(connection)?;
    Ok(ids.into_iter().map(CompanyId).collect())
}

/// Takes the right to judge a company until the transaction ends; `false` while another node has it.
pub fn try_lock(connection: &mut PgConnection, company: CompanyId) -> QueryResult<bool> {
    locks::try_lock_of(connection, company, JUDGE_LOCK)
}

/// Since when the company's alert is open.
pub fn open_since(
    connection: &mut PgConnection,
    company: CompanyId,
) -> QueryResult<Option<DateTime<Utc>>> {
    alerts::table
        .filter(alerts::company_id.eq(company.0))
        .filter(alerts::closed_at.is_null())
        .select(alerts::opened_at)
        .first(connection)
        .optional()
}

/// Opens an alert and writes down whom to tell: every alert e-mail of the company. `false` when one is
/// open already.
pub fn open(
    connection: &mut PgConnection,
    company: CompanyId,
    rate: Rate,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let opened: Option<DateTime<Utc>> = diesel::insert_into(alerts::table)
        .values((
            alerts::company_id.eq(company.0),
            alerts::opened_at.eq(now),
            alerts::opened_failed.eq(rate.failed),
            alerts::opened_total.eq(rate.total),
        ))
        .on_conflict_do_nothing()
        .returning(alerts::opened_at)
        .get_result(connection)
        .optional()?;
    let Some(opened_at) = opened else {
        return Ok(false);
    };
    diesel::sql_query(
        "INSERT INTO alert_mails (company_id, opened_at, event, address, made_at, due_at) \
         SELECT DISTINCT c.id, $2, $3, told.address, $2, $2 \
         FROM companies c, unnest(c.alert_emails) AS told (address) WHERE c.id = $1",
    )
    .bind::<BigInt, _>(company.0)
    .bind::<Timestamptz, _>(opened_at)
    .bind::<SmallInt, _>(Event::Opened.number())
    .execute(connection)?;
    Ok(true)
}

/// Closes an alert and writes down whom to tell: those who were told that it opened and are alert
/// e-mails still. `false` when it is closed already.
pub fn close(
    connection: &mut PgConnection,
    company: CompanyId,
    opened_at: DateTime<Utc>,
    rate: Rate,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let open = alerts::table
        .find((company.0, opened_at))
        .filter(alerts::closed_at.is_null());
    let closed = diesel::update(open)
        .set((
            alerts::closed_at.eq(now),
            alerts::closed_failed.eq(rate.failed),
            alerts::closed_total.eq(rate.total),
        ))
        .execute(connection)?;
    if closed == 0 {
        return Ok(false);
    }
    diesel::sql_query(
        "INSERT INTO alert_mails (company_id, opened_at, event, address, made_at, due_at) \
         SELECT m.company_id, m.opened_at, $3, m.address, $4, $4 \
         FROM alert_mails m JOIN companies c ON c.id = m.company_id \
         WHERE m.company_id = $1 AND m.opened_at = $2 AND m.event = $5 \
               AND m.address = ANY(c.alert_emails) \
               AND (m.sent_at IS NOT NULL OR m.due_at IS NOT NULL)",
    )
    .bind::<BigInt, _>(company.0)
    .bind::<Timestamptz, _>(opened_at)
    .bind::<SmallInt, _>(Event::Closed.number())
    .bind::<Timestamptz, _>(now)
    .bind::<SmallInt, _>(Event::Opened.number())
    .execute(connection)?;
    Ok(true)
}

/// A mail that is this node's to send, for a while.
#[derive(Debug, Clone, QueryableByName)]
pub struct Claimed {
    /// The alert.
    #[diesel(sql_type = Timestamptz)]
    pub opened_at: DateTime<Utc>,
    #[diesel(sql_type = SmallInt)]
    event: i16,
    /// Whom to tell.
    #[diesel(sql_type = Text)]
    pub address: String,
    /// Since when it is to be sent.
    #[diesel(sql_type = Timestamptz)]
    pub made_at: DateTime<Utc>,
    /// How often it was tried, this time included.
    #[diesel(sql_type = Int4)]
    pub attempts: i32,
}

impl Claimed {
    /// What it tells.
    pub fn event(&self) -> Event {
        Event::from_number(self.event).unwrap_or(Event::Opened)
    }
}

/// The companies that have mails to be sent.
pub fn with_mails(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> QueryResult<Vec<CompanyId>> {
    let ids: Vec<i64> = alert_mails::table
        .filter(alert_mails::due_at.le(now))
        .select(alert_mails::company_id)
        .distinct()
        .load(connection)?;
    Ok(ids.into_iter().map(CompanyId).collect())
}

/// Takes a mail that is due: until `until` no other node will. Who has not been told yet that an alert
/// opened is not told that it closed.
pub fn claim(
    connection: &mut PgConnection,
    company: CompanyId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> QueryResult<Option<Claimed>> {
    // Due is asked once more of the row itself: another node may have taken it meanwhile.
    diesel::sql_query(
        "UPDATE alert_mails SET due_at = $3, attempts = attempts + 1 \
         WHERE company_id = $1 AND due_at <= $2 AND (opened_at, event, address) = ( \
             SELECT m.opened_at, m.event, m.address FROM alert_mails m \
             WHERE m.company_id = $1 AND m.due_at <= $2 AND NOT EXISTS ( \
                 SELECT FROM alert_mails before \
                 WHERE before.company_id = $1 AND before.opened_at = m.opened_at \
                       AND before.address = m.address AND before.event < m.event \
                       AND before.due_at IS NOT NULL) \
             ORDER BY m.due_at, m.opened_at, m.event, m.address LIMIT 1) \
         RETURNING opened_at, event, address, made_at, attempts",
    )
    .bind::<BigInt, _>(company.0)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(until)
    .get_result(connection)
    .optional()
}

/// The mail server took it.
pub fn sent(
    connection: &mut PgConnection,
    company: CompanyId,
    mail: &Claimed,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(alert_mails::table.find(key(company, mail)))
        .set((
            alert_mails::sent_at.eq(Some(now)),
            alert_mails::due_at.eq(None::<DateTime<Utc>>),
            alert_mails::problem.eq(None::<String>),
        ))
        .execute(connection)
        .map(|_| ())
}

/// It was not sent; it is tried again at `next`, or given up.
pub fn not_sent(
    connection: &mut PgConnection,
    company: CompanyId,
    mail: &Claimed,
    problem: &str,
    next: Option<DateTime<Utc>>,
) -> QueryResult<()> {
    diesel::update(alert_mails::table.find(key(company, mail)))
        .set((
            alert_mails::due_at.eq(next),
            alert_mails::problem.eq(Some(problem)),
        ))
        .execute(connection)
        .map(|_| ())
}

fn key(company: CompanyId, mail: &Claimed) -> (i64, DateTime<Utc>, i16, &str) {
    (company.0, mail.opened_at, mail.event, &mail.address)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = alerts)]
struct AlertRow {
    opened_at: DateTime<Utc>,
    opened_failed: i64,
    opened_total: i64,
    closed_at: Option<DateTime<Utc>>,
    closed_failed: Option<i64>,
    closed_total: Option<i64>,
}

/// An alert.
pub fn find(
    connection: &mut PgConnection,
    company: CompanyId,
    opened_at: DateTime<Utc>,
) -> QueryResult<Option<Alert>> {
    let row = alerts::table
        .find((company.0, opened_at))
        .select(AlertRow::as_select())
        .first(connection)
        .optional()?;
    row.map(|row| with_mails_of(connection, company, row))
        .transpose()
}

/// The company's open alert.
pub fn find_open(connection: &mut PgConnection, company: CompanyId) -> QueryResult<Option<Alert>> {
    let row = alerts::table
        .filter(alerts::company_id.eq(company.0))
        .filter(alerts::closed_at.is_null())
        .select(AlertRow::as_select())
        .first(connection)
        .optional()?;
    row.map(|row| with_mails_of(connection, company, row))
        .transpose()
}

/// The company's last alert, open or not.
pub fn last(connection: &mut PgConnection, company: CompanyId) -> QueryResult<Option<Alert>> {
    let row = alerts::table
        .filter(alerts::company_id.eq(company.0))
        .order(alerts::opened_at.desc())
        .select(AlertRow::as_select())
        .first(connection)
        .optional()?;
    row.map(|row| with_mails_of(connection, company, row))
        .transpose()
}

fn with_mails_of(
    connection: &mut PgConnection,
    company: CompanyId,
    row: AlertRow,
) -> QueryResult<Alert> {
    type Mail = (
        i16,
        String,
        Option<DateTime<Utc>>,
        Option<DateTime<Utc>>,
        Option<String>,
    );
    let mails: Vec<Mail> = alert_mails::table
        .filter(alert_mails::company_id.eq(company.0))
        .filter(alert_mails::opened_at.eq(row.opened_at))
        .order((alert_mails::event, alert_mails::address))
        .select((
            alert_mails::event,
            alert_mails::address,
            alert_mails::due_at,
            alert_mails::sent_at,
            alert_mails::problem,
        ))
        .load(connection)?;
    let mail = |(event, address, due_at, sent_at, problem): Mail| {
        Some(AlertMail {
            event: Event::from_number(event)?,
            address,
            due_at,
            sent_at,
            problem,
        })
    };
    let closed_rate = row.closed_failed.zip(row.closed_total);
    let closed_rate = closed_rate.map(|(failed, total)| Rate { failed, total });
    Ok(Alert {
        opened_at: row.opened_at,
        opened: Rate {
            failed: row.opened_failed,
            total: row.opened_total,
        },
        closed: row.closed_at.zip(closed_rate),
        mails: mails.into_iter().filter_map(mail).collect(),
    })
}
