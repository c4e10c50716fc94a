//! Aliases: words that senders use for a channel, brand or language of another label.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz};
use serde_json::json;

use super::change::{Edit, Made};
use super::labels::{self, LabelKind};
use super::schema::label_aliases;
use crate::domain::company::CompanyId;
use crate::domain::label;

/// To tell what an alias does, at most so many requests are read: they are told by what was sent,
/// which the counters do not know.
pub const MOST_READ: i64 = 20_000;

/// An alias.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = label_aliases)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct AliasRow {
    pub id: i64,
    pub kind: i16,
    pub label: String,
    pub folded: String,
    pub target: String,
}

/// Why nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AliasProblem {
    /// It is the label of this one.
    IsLabel(String),
    /// It is an alias already, of this one.
    IsAlias(String),
    /// There is nothing of the label that it should mean.
    NoTarget,
}

/// All of a company, by kind, in the order in which they were made.
pub fn all(connection: &mut PgConnection, company: CompanyId) -> QueryResult<Vec<AliasRow>> {
    label_aliases::table
        .filter(label_aliases::company_id.eq(company.0))
        .order((label_aliases::kind, label_aliases::id))
        .select(AliasRow::as_select())
        .load(connection)
}

/// The alias that `sent` is. Anything may be asked for: no alias has a NUL, which Postgres takes in
/// no text.
pub fn find(
    connection: &mut PgConnection,
    company: CompanyId,
    kind: LabelKind,
    sent: &str,
) -> QueryResult<Option<AliasRow>> {
    if sent.contains('\0') {
        return Ok(None);
    }
    label_aliases::table
        .filter(label_aliases::company_id.eq(company.0))
        .filter(label_aliases::kind.eq(kind.number()))
        .filter(label_aliases::folded.eq(label::fold(sent)))
        .select(AliasRow::as_select())
        .first(connection)
        .optional()
}

/// Makes one: from now on `sent` is read as `target`, which must be a label and no alias.
pub fn create(
    connection: &mut PgConnection,
    company: CompanyId,
    kind: LabelKind,
    sent: &str,
    target: &str,
) -> Made<AliasProblem> {
    if let Some(other) = labels::find(connection, company, kind, sent)? {
        return Ok(Err(AliasProblem::IsLabel(other.label)));
    }
    let Some(target) = labels::find(connection, company, kind, target)? else {
        return Ok(Err(AliasProblem::NoTarget));
    };
    match find(connection, company, kind, sent)? {
        Some(alias) if alias.target == target.label => return Ok(Ok(None)),
        Some(alias) => return Ok(Err(AliasProblem::IsAlias(alias.target))),
        None => {}
    }
    let id = insert(connection, company, kind, sent, &target.label)?;
    Ok(Ok(Some(Edit {
        action: "alias.created",
        subject: sent.to_owned(),
        id,
        before: None,
        after: Some(values(kind, &target.label)),
    })))
}

/// Writes one down.
pub fn insert(
    connection: &mut PgConnection,
    company: CompanyId,
    kind: LabelKind,
    sent: &str,
    target: &str,
) -> QueryResult<i64> {
    diesel::insert_into(label_aliases::table)
        .values((
            label_aliases::company_id.eq(company.0),
            label_aliases::kind.eq(kind.number()),
            label_aliases::label.eq(sent),
            label_aliases::folded.eq(label::fold(sent)),
            label_aliases::target.eq(target),
        ))
        .returning(label_aliases::id)
        .get_result(connection)
}

/// Takes one away; there is nothing to do when it is gone.
pub fn remove(
    connection: &mut PgConnection,
    company: CompanyId,
    kind: LabelKind,
    sent: &str,
) -> Made<AliasProblem> {
    let Some(alias) = find(connection, company, kind, sent)? else {
        return Ok(Ok(None));
    };
    diesel::delete(label_aliases::table.find((company.0, alias.id))).execute(connection)?;
    Ok(Ok(Some(Edit {
        action: "alias.removed",
        subject: alias.label,
        id: alias.id,
        before: Some(values(kind, &alias.target)),
        after: None,
    })))
}

fn values(kind: LabelKind, target: &str) -> serde_json::Value {
    json!({"kind": kind.noun(), "read_as": target})
}

/// What was accepted by an alias among the newest requests.
#[derive(Debug, Default)]
pub struct Reads {
    /// How many, by key.
    pub by_key: Vec<(i64, i64)>,
    /// The first of the requests that were read, where there were more.
    pub cut_at: Option<DateTime<Utc>>,
}

/// Reads the newest requests since a moment, at most [`MOST_READ`], for those accepted by an alias.
pub fn reads(
    connection: &mut PgConnection,
    company: CompanyId,
    kind: LabelKind,
    alias: &AliasRow,
    since: DateTime<Utc>,
) -> QueryResult<Reads> {
    #[derive(QueryableByName)]
    struct Group {
        #[diesel(sql_type = BigInt)]
        key_id: i64,
        #[diesel(sql_type = Nullable<Text>)]
        sent: Option<String>,
        #[diesel(sql_type = BigInt)]
        count: i64,
        #[diesel(sql_type = Timestamptz)]
        first: DateTime<Utc>,
    }
    let column = kind.noun();
    let groups: Vec<Group> = diesel::sql_query(format!(
        "SELECT key_id, sent, count(*) AS count, min(received_at) AS first FROM ( \
             SELECT received_at, key_id, \
                    CASE WHEN error_mask = 0 AND {column} = $3 AND {column}_sent <> {column} \
                         THEN {column}_sent END AS sent \
             FROM requests WHERE company_id = $1 AND received_at >= $2 \
             ORDER BY received_at DESC, id DESC LIMIT {MOST_READ} \
         ) AS newest GROUP BY key_id, sent"
    ))
    .bind::<BigInt, _>(company.0)
    .bind::<Timestamptz, _>(since)
    .bind::<Text, _>(&alias.target)
    .load(connection)?;
    let is_it = |sent: &String| label::fold(sent) == alias.folded;
    let read: i64 = groups.iter().map(|group| group.count).sum();
    let first = groups.iter().map(|group| group.first).min();
    Ok(Reads {
        by_key: groups
            .iter()
            .filter(|group| group.sent.as_ref().is_some_and(is_it))
            .map(|group| (group.key_id, group.count))
            .collect(),
        cut_at: first.filter(|_| read == MOST_READ),
    })
}
