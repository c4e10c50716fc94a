//! Requests that were sent again. The table's key lets each original go but once: the recorder
//! claims it in the transaction that writes the new request.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::audit::{self, Entry};
use super::is_connection_lost;
use super::schema::resubmissions::{self, dsl};
use crate::domain::company::CompanyId;
use crate::domain::request::RequestId;

/// A row of `resubmissions`.
#[derive(Debug, Clone, Insertable, Queryable, Selectable)]
#[diesel(table_name = resubmissions)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct Resubmission {
    pub company_id: i64,
    pub original_id: Uuid,
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub user_id: i64,
    pub actor: String,
    pub run_id: Option<Uuid>,
}

/// What of a group is not written: requests whose originals are not free.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    /// Their ids.
    pub(super) ids: HashSet<Uuid>,
    /// Whether their originals were certainly sent again; else it could not be learned in time.
    pub(super) is_sure: bool,
}

/// Claims the originals and says which requests are to be left out; call it in the transaction that
/// writes them. Another node may be about to send one of them too: then it waits for that node's
/// commit, but never so long that the requests of senders in this group would suffer.
pub(super) fn claim<'r>(
    connection: &mut PgConnection,
    rows: impl Iterator<Item = &'r Resubmission>,
) -> QueryResult<LeftOut> {
    let mut rows: Vec<&Resubmission> = rows.collect();
    if rows.is_empty() {
        return Ok(LeftOut::default());
    }
    // In one order on every node, or two could wait for each other.
    rows.sort_by_key(|row| (row.company_id, row.original_id));
    let claimed = connection.transaction(|connection| {
        connection.batch_execute("SET LOCAL lock_timeout = '300ms'")?;
        let claimed: Vec<Uuid> = diesel::insert_into(resubmissions::table)
            .values(rows.clone())
            .on_conflict_do_nothing()
            .returning(dsl::id)
            .get_results(connection)?;
        let claimed: HashSet<Uuid> = claimed.into_iter().collect();
        for row in rows.iter().filter(|row| claimed.contains(&row.id)) {
            log(connection, row)?;
        }
        connection.batch_execute("SET LOCAL lock_timeout = '3s'")?;
        Ok(claimed)
    });
    let all = rows.iter().map(|row| row.id);
    match claimed {
        Ok(claimed) => Ok(LeftOut {
            ids: all.filter(|id| !claimed.contains(id)).collect(),
            is_sure: true,
        }),
        Err(error) if is_connection_lost(&error) => Err(error),
        Err(_) => Ok(LeftOut {
            ids: all.collect(),
            is_sure: false,
        }),
    }
}

/// A run over many has one entry of its own, made when it was started.
fn log(connection: &mut PgConnection, row: &Resubmission) -> QueryResult<()> {
    if row.run_id.is_some() {
        return Ok(());
    }
    let entry = Entry {
        at: row.at,
        user_id: Some(row.user_id),
        actor: &row.actor,
        action: "request.resubmitted",
        subject: &row.original_id.to_string(),
        before: None,
        after: Some(json!({"request": row.id})),
        settings_version: None,
    };
    audit::add(connection, CompanyId(row.company_id), &entry)
}

/// The ways between a request and the one that it was sent again as, or that it is of.
#[derive(Debug, Clone, Default)]
pub struct Links {
    /// It was sent again so.
    pub sent_again: Option<Resubmission>,
    /// It is another one, sent again.
    pub original: Option<Resubmission>,
}

/// The links of one request.
pub fn links(
    connection: &mut PgConnection,
    company: CompanyId,
    id: RequestId,
) -> QueryResult<Links> {
    Ok(Links {
        sent_again: dsl::resubmissions
            .filter(dsl::company_id.eq(company.0))
            .filter(dsl::original_id.eq(id.uuid()))
            .select(Resubmission::as_select())
            .first(connection)
            .optional()?,
        original: dsl::resubmissions
            .filter(dsl::company_id.eq(company.0))
            .filter(dsl::id.eq(id.uuid()))
            .select(Resubmission::as_select())
            .first(connection)
            .optional()?,
    })
}

/// Which of these requests were sent again, and by which run.
pub fn sent_again(
    connection: &mut PgConnection,
    company: CompanyId,
    ids: &[RequestId],
) -> QueryResult<HashMap<Uuid, Option<Uuid>>> {
    let uuids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows: Vec<(Uuid, Option<Uuid>)> = dsl::resubmissions
        .filter(dsl::company_id.eq(company.0))
        .filter(dsl::original_id.eq_any(uuids))
        .select((dsl::original_id, dsl::run_id))
        .load(connection)?;
    Ok(rows.into_iter().collect())
}
