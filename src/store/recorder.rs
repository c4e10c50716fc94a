//! The group-commit writer. Handlers put their record on a queue and wait; one thread with a
//! connection of its own takes all that waits, writes it in one transaction with binary `COPY`,
//! commits, and only then wakes the handlers. While one commit runs the next group forms, so the
//! busier it gets the larger the groups are, and no timer delays a lone request.
//!
//! What a handler is told is exact: `Ok` means committed; an error means that it may be sent again,
//! and that it is not written later (only a commit whose fate cannot be learned may have held).

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use metrics::{counter, gauge, histogram};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::resubmissions::{self, LeftOut, Resubmission};
use super::schema::{request_count_deltas, request_documents, request_findings, requests};
use super::{HAND_ON, connect, is_connection_lost, partitions};
use crate::domain::request::Environment;
use crate::domain::window::{FINE_GRAIN_MINUTES, floor};

/// What waits may weigh so much, in bytes; then the answer is 503.
const QUEUE_BYTES: usize = 32 * 1024 * 1024;

/// A group has at most so many rows …
const GROUP_ROWS: usize = 500;

/// … and weighs at most about so much, in bytes.
const GROUP_BYTES: usize = 4 * 1024 * 1024;

/// What has waited longer is answered 503 and never written.
const QUEUE_WAIT: Duration = Duration::from_secs(4);

/// The longest that a handler waits in all: the queue, then a commit that hangs.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// What has waited longer is not committed any more: its handler might be gone before it holds.
const COMMIT_WAIT: Duration = Duration::from_secs(9);

/// Postgres refuses a row at once. What fails after so long was held up: by a lock, a full disk, a
/// slow machine.
const HELD_UP: Duration = Duration::from_millis(2_500);

/// A request as it is stored.
#[derive(Debug, Clone)]
pub struct Record {
    /// The facts.
    pub request: RequestRow,
    /// What may be personal.
    pub document: DocumentRow,
    /// What is wrong with it.
    pub findings: Vec<FindingRow>,
    /// The labels that it is counted under.
    pub counted: CountedLabels,
    /// Which request it is sent again for, where an admin did so.
    pub resubmission: Option<Resubmission>,
}

/// A row of `requests`.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = requests, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct RequestRow {
    pub company_id: i64,
    pub received_at: DateTime<Utc>,
    pub id: Uuid,
    pub kind: i16,
    pub environment: i16,
    pub key_id: i64,
    pub http_status: i16,
    pub error_mask: i16,
    pub warning_count: i16,
    pub settings_version: i64,
    pub employee_id: Option<i64>,
    pub employee_sent: Option<String>,
    pub employee_custom_id: Option<String>,
    pub channel_sent: Option<String>,
    pub channel: Option<String>,
    pub brand_sent: Option<String>,
    pub brand: Option<String>,
    pub language_sent: Option<String>,
    pub language: Option<String>,
    pub ticket_id: Option<String>,
    pub customer_hash: Option<Vec<u8>>,
    pub correlation_id: Option<String>,
    pub duration_us: i32,
    pub channel_unknown: Option<String>,
    pub brand_unknown: Option<String>,
    pub language_unknown: Option<String>,
}

/// A row of `request_documents`.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = request_documents, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct DocumentRow {
    pub company_id: i64,
    pub received_at: DateTime<Utc>,
    pub id: Uuid,
    pub body: Vec<u8>,
    pub body_cut: bool,
    pub content_type: Option<String>,
    pub answer: Option<String>,
    pub warnings: Option<serde_json::Value>,
    pub customer_name: Option<String>,
    pub customer_email: Option<String>,
    pub address: Option<String>,
    pub user_agent: Option<String>,
}

/// A row of `request_findings`.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = request_findings, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct FindingRow {
    pub company_id: i64,
    pub received_at: DateTime<Utc>,
    pub id: Uuid,
    pub position: i16,
    pub code: i16,
    pub reason: i16,
    pub pointer: String,
    pub value: Option<String>,
    pub environment: i16,
    pub key_id: i64,
    pub sent: Option<String>,
}

/// The labels that a request is counted under, in the words of `request_counts`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct CountedLabels {
    pub channel: String,
    pub brand: String,
    pub language: String,
}

#[derive(Insertable)]
#[diesel(table_name = request_count_deltas, treat_none_as_default_value = false)]
struct DeltaRow<'r> {
    company_id: i64,
    bucket: DateTime<Utc>,
    id: Uuid,
    environment: i16,
    kind: i16,
    key_id: i64,
    channel: &'r str,
    brand: &'r str,
    language: &'r str,
    error_mask: i16,
    count: i64,
    resubmitted: bool,
    employee_sent: Option<&'r str>,
    employee_custom_id: Option<&'r str>,
}

impl Record {
    /// About how much memory it holds, in bytes.
    fn weight(&self) -> usize {
        let answer = self.document.answer.as_ref().map_or(0, String::len);
        size_of::<Self>() + self.document.body.len() + answer + 200 * self.findings.len() + 400
    }
}

/// Why a record was not written.
#[derive(Debug, thiserror::Error)]
pub enum NotRecorded {
    /// The store is full or away for the moment: 503.
    #[error("the store cannot take the request just now")]
    Unavailable,
    /// The request that it is sent again for was sent again before: nothing was written.
    #[error("the request was sent again before")]
    SentBefore,
    /// The store refused this very record: 500, and ours to mend.
    #[error("the store refused the request")]
    Refused(#[source] anyhow::Error),
}

/// A handle on the writer, cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    queue: Arc<Queue>,
}

/// The writer's thread; stop it last, when no more requests come in.
pub struct RecorderThread {
    queue: Arc<Queue>,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct Queue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Default)]
struct QueueState {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    closed: bool,
}

struct Waiting {
    record: Box<Record>,
    weight: usize,
    since: Instant,
    reply: oneshot::Sender<Result<(), NotRecorded>>,
}

impl Recorder {
    /// Starts the writer on a connection of its own to the database at `url`.
    pub fn start(url: &str) -> anyhow::Result<(Self, RecorderThread)> {
        let queue = Arc::<Queue>::default();
        let mut writer = Writer {
            url: url.to_owned(),
            connection: None,
            refused_in_a_row: 0,
        };
        writer.connection()?;
        let thread = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn({
                let queue = queue.clone();
                move || {
                    while let Some(group) = queue.next_group() {
                        writer.write(group);
                    }
                }
            })?;
        let recorder = Self {
            queue: queue.clone(),
        };
        Ok((recorder, RecorderThread { queue, thread }))
    }

    /// Stores a record; returns when it is committed, or not going to be.
    pub async fn record(&self, record: Record) -> Result<(), NotRecorded> {
        let answer = self.queue.push(record)?;
        match tokio::time::timeout(ANSWER_WAIT, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(NotRecorded::Unavailable),
        }
    }
}

impl RecorderThread {
    /// Writes what still waits, then ends.
    pub fn drain(self) {
        self.queue.lock().closed = true;
        self.queue.changed.notify_all();
        if self.thread.join().is_err() {
            tracing::error!("the recorder panicked");
        }
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().expect("nothing panics under this lock")
    }

    fn push(
        &self,
        record: Record,
    ) -> Result<oneshot::Receiver<Result<(), NotRecorded>>, NotRecorded> {
        let weight = record.weight();
        let (reply, answer) = oneshot::channel();
        let mut state = self.lock();
        if state.closed || state.bytes + weight > QUEUE_BYTES {
            counter!("recorder_queue_refused_total").increment(1);
            return Err(NotRecorded::Unavailable);
        }
        let is_first = state.waiting.is_empty();
        state.bytes += weight;
        state.waiting.push_back(Waiting {
            record: Box::new(record),
            weight,
            since: Instant::now(),
            reply,
        });
        drop(state);
        // The writer waits for an empty queue alone, and each notice is a call of the system.
        if is_first {
            self.changed.notify_one();
        }
        Ok(answer)
    }

    /// Waits for something to write; `None` when closed and empty.
    fn next_group(&self) -> Option<Vec<Waiting>> {
        let mut state = self.lock();
        loop {
            let mut group = Vec::new();
            let mut bytes = 0;
            while group.len() < GROUP_ROWS && bytes < GROUP_BYTES {
                let Some(waiting) = state.waiting.pop_front() else {
                    break;
                };
                state.bytes -= waiting.weight;
                if waiting.since.elapsed() > QUEUE_WAIT {
                    waiting.answer(Err(NotRecorded::Unavailable));
                } else {
                    bytes += waiting.weight;
                    group.push(waiting);
                }
            }
            if !group.is_empty() {
                gauge!("recorder_queue_bytes").set(state.bytes as f64);
                return Some(group);
            }
            if state.closed {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .expect("nothing panics under this lock");
        }
    }
}

impl Waiting {
    /// Tells the handler; it may be gone, because its sender hung up.
    fn answer(self, result: Result<(), NotRecorded>) {
        let _ = self.reply.send(result);
    }
}

/// How an attempt to write a group failed.
enum Failure {
    /// The connection is gone; nothing was committed.
    Connection(anyhow::Error),
    /// The connection went while the commit was under way: it held, or it did not. What was left out
    /// of it is known.
    LostCommit(anyhow::Error, LeftOut),
    /// Postgres could not get it done in time; nothing was committed.
    HeldUp(anyhow::Error),
    /// A week has no partition.
    MissingPartition,
    /// Postgres refused something in it.
    Refused(anyhow::Error),
}

struct Writer {
    url: String,
    connection: Option<PgConnection>,
    /// So many lone rows were refused since something was written.
    refused_in_a_row: u32,
}

impl Writer {
    /// Writes a group and answers all who wait for it.
    fn write(&mut self, group: Vec<Waiting>) {
        let started = Instant::now();
        let rows = group.len();
        // A new group is always tried, and one row that is refused turns none of its neighbours away.
        self.refused_in_a_row = self.refused_in_a_row.min(1);
        self.write_or_split(group);
        histogram!("recorder_group_rows").record(rows as f64);
        histogram!("recorder_group_seconds").record(started.elapsed().as_secs_f64());
    }

    /// Writes a group; one that Postgres refuses is split until the culprit stands alone. From the
    /// second lone row refused in a row on the store is at fault, not the rows; after the third the
    /// rest of the group is not tried.
    fn write_or_split(&mut self, mut group: Vec<Waiting>) {
        if self.refused_in_a_row >= 3 {
            return lose(group);
        }
        match self.write_with_remedies(&group) {
            Ok(left_out) => {
                self.refused_in_a_row = 0;
                for waiting in group {
                    let is_left_out = left_out.ids.contains(&waiting.record.request.id);
                    waiting.answer(match is_left_out {
                        false => Ok(()),
                        true if left_out.is_sure => Err(NotRecorded::SentBefore),
                        true => Err(NotRecorded::Unavailable),
                    });
                }
            }
            Err(Failure::Refused(error)) if group.len() == 1 => {
                self.refused_in_a_row += 1;
                let record = &group[0].record;
                let id = record.request.id;
                // A sender repeats what got 503; what an admin sends again nobody does.
                let is_told = self.refused_in_a_row == 1 || record.resubmission.is_some();
                tracing::error!(request.id = %id, error = format!("{error:#}"), "request {id} was refused by the store");
                match is_told {
                    true => answer_all(group, || {
                        NotRecorded::Refused(anyhow!("refused, see the log"))
                    }),
                    false => lose(group),
                }
            }
            Err(Failure::Refused(_)) => {
                let second = group.split_off(group.len() / 2);
                self.write_or_split(group);
                self.write_or_split(second);
            }
            Err(Failure::Connection(error) | Failure::LostCommit(error, _)) => {
                tracing::error!(
                    rows = group.len(),
                    error = format!("{error:#}"),
                    "the recorder lost the store"
                );
                lose(group);
            }
            Err(Failure::HeldUp(error)) => {
                tracing::error!(
                    rows = group.len(),
                    error = format!("{error:#}"),
                    "the store holds the recorder up"
                );
                lose(group);
            }
            Err(Failure::MissingPartition) => {
                tracing::error!(
                    rows = group.len(),
                    "a partition is missing and could not be made"
                );
                lose(group);
            }
        }
    }

    /// Writes a group, and puts right what can be put right: a missing partition is made, a lost
    /// commit is looked up. Each once. Says what was left out.
    fn write_with_remedies(&mut self, group: &[Waiting]) -> Result<LeftOut, Failure> {
        match self.write_once(group) {
            Err(Failure::MissingPartition) => {
                self.make_partitions(group)?;
                self.write_once(group)
            }
            Err(Failure::LostCommit(error, left_out)) => {
                tracing::warn!(error = format!("{error:#}"), "lost a commit, looking it up");
                if self.is_committed(group, &left_out)? {
                    Ok(left_out)
                } else {
                    self.write_once(group)
                }
            }
            result => result,
        }
    }

    fn write_once(&mut self, group: &[Waiting]) -> Result<LeftOut, Failure> {
        let connection = self.connection().map_err(Failure::Connection)?;
        let started = Instant::now();
        let written = begin(connection, group).and_then(|()| write(connection, group));
        let failure = match written {
            Ok(_) if is_too_late(group) => {
                let rolled_back = AnsiTransactionManager::rollback_transaction(connection);
                let error = anyhow!("written too late to be committed");
                match rolled_back {
                    Ok(()) => Failure::HeldUp(error),
                    Err(_) => Failure::Connection(error),
                }
            }
            Ok(left_out) => match AnsiTransactionManager::commit_transaction(connection) {
                Ok(()) => return Ok(left_out),
                Err(error) if is_gone(connection, &error) => {
                    Failure::LostCommit(error.into(), left_out)
                }
                Err(error) => Failure::Refused(error.into()),
            },
            Err(error) => {
                let rolled_back = AnsiTransactionManager::rollback_transaction(connection);
                if rolled_back.is_err() || is_gone(connection, &error) || is_read_only(&error) {
                    Failure::Connection(error.into())
                } else if lacks_partition(connection, group, &error) {
                    Failure::MissingPartition
                } else if started.elapsed() > HELD_UP {
                    Failure::HeldUp(error.into())
                } else {
                    Failure::Refused(error.into())
                }
            }
        };
        if matches!(failure, Failure::Connection(_) | Failure::LostCommit(..)) {
            self.connection = None;
        }
        Err(failure)
    }

    fn make_partitions(&mut self, group: &[Waiting]) -> Result<(), Failure> {
        let times = || group.iter().map(|w| w.record.request.received_at);
        let (Some(first), Some(last)) = (times().min(), times().max()) else {
            return Ok(());
        };
        let connection = self.connection().map_err(Failure::Connection)?;
        partitions::ensure(connection, first, last)
            .context("a missing partition could not be made")
            .map_err(Failure::Refused)
    }

    /// Whether a group whose commit was lost is there. It is all or none: its first row that was
    /// written speaks for it. The server may still be working on the commit, so a row that is not there is looked for
    /// under the lock that the old transaction would hold: its advisory lock on the id.
    fn is_committed(&mut self, group: &[Waiting], left_out: &LeftOut) -> Result<bool, Failure> {
        let mut rows = group.iter().map(|waiting| &waiting.record.request);
        let Some(first) = rows.find(|row| !left_out.ids.contains(&row.id)) else {
            return Ok(true); // Nothing was to be written.
        };
        let mut looked_up = Err(anyhow!("never tried"));
        for pause in [0, 100, 300, 1_000] {
            std::thread::sleep(Duration::from_millis(pause));
            looked_up = self.connection().and_then(|connection| {
                Ok(begin(connection, group)
                    .and_then(|()| {
                        diesel::select(diesel::dsl::exists(requests::table.find((
                            first.company_id,
                            first.received_at,
                            first.id,
                        ))))
                        .get_result(connection)
                    })
                    .and_then(|found: bool| {
                        if found {
                            wait_for_standby(connection)?;
                        }
                        AnsiTransactionManager::commit_transaction(connection)?;
                        Ok(found)
                    })?)
            });
            if looked_up.is_ok() {
                break;
            }
            self.connection = None;
        }
        looked_up
            .context("the fate of a commit could not be learned")
            .map_err(|error| Failure::LostCommit(error, LeftOut::default()))
    }

    fn connection(&mut self) -> anyhow::Result<&mut PgConnection> {
        if self.connection.is_none() {
            let mut connection = connect(&self.url)?;
            connection.batch_execute(&format!(
                "SET synchronous_commit = on; SET statement_timeout = '5s'; SET TIME ZONE 'UTC'; \
                 SET lock_timeout = '3s'; SET application_name = 'api-status-page recorder'; {HAND_ON}"
            ))?;
            self.connection = Some(connection);
        }
        Ok(self.connection.as_mut().expect("made just above"))
    }
}

/// Begins a transaction and takes, in the same round trip, the lock that it holds until it ends:
/// "this group is being written".
fn begin(connection: &mut PgConnection, group: &[Waiting]) -> QueryResult<()> {
    let (_, low) = group[0].record.request.id.as_u64_pair();
    let sql = format!("BEGIN; SELECT pg_advisory_xact_lock({})", low as i64);
    AnsiTransactionManager::begin_transaction_sql(connection, &sql)
}

/// Makes the commit of this transaction wait for a synchronous standby, as the commit that was lost
/// would have: rows may be seen on the primary before the standby has them.
fn wait_for_standby(connection: &mut PgConnection) -> QueryResult<()> {
    diesel::sql_query("SELECT pg_logical_emit_message(true, 'api-status-page', '')")
        .execute(connection)
        .map(|_| ())
}

/// Answers a group, or a part of one, that the store did not take.
fn lose(group: Vec<Waiting>) {
    counter!("recorder_groups_lost_total").increment(1);
    answer_all(group, || NotRecorded::Unavailable);
}

fn answer_all(group: Vec<Waiting>, reason: impl Fn() -> NotRecorded) {
    for waiting in group {
        waiting.answer(Err(reason()));
    }
}

/// Writes a group and says what of it was left out.
fn write(connection: &mut PgConnection, group: &[Waiting]) -> QueryResult<LeftOut> {
    let all = || group.iter().map(|waiting| &*waiting.record);
    let resubmissions = all().filter_map(|record| record.resubmission.as_ref());
    let left_out = resubmissions::claim(connection, resubmissions)?;
    let records: Vec<&Record> = all()
        .filter(|record| !left_out.ids.contains(&record.request.id))
        .collect();
    match records[..] {
        [] => {}
        [record] => insert(connection, record)?,
        _ => copy(connection, &records)?,
    }
    Ok(left_out)
}

/// Writes a lone request: an `INSERT` is one round trip, where a `COPY` is two.
fn insert(connection: &mut PgConnection, record: &Record) -> QueryResult<()> {
    diesel::insert_into(requests::table)
        .values(&record.request)
        .execute(connection)?;
    diesel::insert_into(request_documents::table)
        .values(&record.document)
        .execute(connection)?;
    if !record.findings.is_empty() {
        diesel::insert_into(request_findings::table)
            .values(&record.findings)
            .execute(connection)?;
    }
    diesel::insert_into(request_count_deltas::table)
        .values(deltas(&[record]))
        .execute(connection)?;
    Ok(())
}

/// Writes many requests.
fn copy(connection: &mut PgConnection, records: &[&Record]) -> QueryResult<()> {
    let rows: Vec<&RequestRow> = records.iter().map(|r| &r.request).collect();
    diesel::copy_from(requests::table)
        .from_insertable(rows)
        .execute(connection)?;
    let rows: Vec<&DocumentRow> = records.iter().map(|r| &r.document).collect();
    diesel::copy_from(request_documents::table)
        .from_insertable(rows)
        .execute(connection)?;
    let rows: Vec<&FindingRow> = records.iter().flat_map(|r| &r.findings).collect();
    if !rows.is_empty() {
        diesel::copy_from(request_findings::table)
            .from_insertable(rows)
            .execute(connection)?;
    }
    diesel::copy_from(request_count_deltas::table)
        .from_insertable(deltas(records))
        .execute(connection)?;
    Ok(())
}

/// Sums a group up: one row per combination counted; of what is on the lists, whose employee is counted as
/// well. What failed has a row of its own, by which its findings are found until they are counted.
fn deltas<'r>(records: &[&'r Record]) -> Vec<DeltaRow<'r>> {
    let mut places = HashMap::new();
    let mut rows: Vec<DeltaRow<'r>> = Vec::new();
    for record in records {
        let request = &record.request;
        let bucket = floor(request.received_at, TimeDelta::minutes(FINE_GRAIN_MINUTES));
        let is_listed =
            request.error_mask != 0 || request.environment == Environment::Test.number();
        let employee = |name: &'r Option<String>| name.as_deref().filter(|_| is_listed);
        let employee_sent = employee(&request.employee_sent);
        let employee_custom_id = employee(&request.employee_custom_id);
        let key = (
            request.company_id,
            bucket,
            request.kind,
            request.key_id,
            request.error_mask,
            (request.error_mask != 0).then_some(request.id),
            record.resubmission.is_some(),
            (employee_sent, employee_custom_id),
            &record.counted,
        );
        let place = *places.entry(key).or_insert_with(|| {
            rows.push(DeltaRow {
                company_id: request.company_id,
                bucket,
                id: request.id,
                environment: request.environment,
                kind: request.kind,
                key_id: request.key_id,
                channel: &record.counted.channel,
                brand: &record.counted.brand,
                language: &record.counted.language,
                error_mask: request.error_mask,
                count: 0,
                resubmitted: record.resubmission.is_some(),
                employee_sent,
                employee_custom_id,
            });
            rows.len() - 1
        });
        rows[place].count += 1;
    }
    rows
}

/// Whether the connection is of no more use. Where the error does not say, a question does.
fn is_gone(connection: &mut PgConnection, error: &DieselError) -> bool {
    is_connection_lost(error) || connection.batch_execute("SELECT 1").is_err()
}

/// Whether this is a standby: after a failover the next connection may reach the primary.
fn is_read_only(error: &DieselError) -> bool {
    use DatabaseErrorKind::ReadOnlyTransaction;
    matches!(error, DieselError::DatabaseError(ReadOnlyTransaction, _))
}

/// Whether a handler that waits for this group may give up before a commit holds.
fn is_too_late(group: &[Waiting]) -> bool {
    group.iter().any(|w| w.since.elapsed() > COMMIT_WAIT)
}

/// Whether the rows were refused because a week has no partition. Rows that break a constraint are
/// refused with the same kind of error, and the words depend on the server's language.
fn lacks_partition(connection: &mut PgConnection, group: &[Waiting], error: &DieselError) -> bool {
    let times = group.iter().map(|w| w.record.request.received_at);
    matches!(
        error,
        DieselError::DatabaseError(DatabaseErrorKind::CheckViolation, _)
    ) && partitions::are_made(connection, times).is_ok_and(|made| !made)
}
