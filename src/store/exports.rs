//! Exports: all that a list holds, chunk by chunk. A chunk is a read of its own, so that no
//! transaction stays open for as long as a download takes; rows are never updated, so between two
//! fixed moments all chunks together are one list.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Uuid as SqlUuid};
use uuid::Uuid;

use super::matching::{Direction, judged};
use super::requests::{self, ListRow, Selection};
use crate::domain::company::CompanyId;
use crate::domain::paging::Cursor;
use crate::domain::request::RequestId;

/// A chunk looks at so many index entries. Large enough that planning its queries does not count,
/// small enough that four exports stay within a few dozen megabytes.
const CHUNK_ENTRIES: i64 = 10_000;

/// A piece of an export.
#[derive(Debug)]
pub struct Chunk {
    /// Its rows, newest first; few or none where the filter matches rarely.
    pub rows: Vec<ListRow>,
    /// Where the next one begins; `None` after the last.
    pub next: Option<Cursor>,
}

/// An entry of the list before the filter.
#[derive(QueryableByName)]
struct Entry {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Bool)]
    matches: bool,
}

/// The rows that match among the next [`CHUNK_ENTRIES`] of a list.
pub fn chunk(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
    cursor: Cursor,
) -> QueryResult<Chunk> {
    let entries: Vec<Entry> =
        judged(company, selection, cursor, Direction::Older, CHUNK_ENTRIES).load(connection)?;
    let is_full = entries.len() as i64 == CHUNK_ENTRIES;
    let last = entries.last().filter(|_| is_full);
    let next = last
        .and_then(|entry| RequestId::from_uuid(entry.id))
        .map(Cursor::OlderThan);
    let matching = entries.into_iter().filter(|entry| entry.matches);
    let ids: Vec<Uuid> = matching.map(|entry| entry.id).collect();
    let rows = requests::rows(connection, company, &ids)?;
    Ok(Chunk { rows, next })
}
