//! A query put together from pieces: what a filter asks for decides its text, and every value stays a
//! parameter.

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{
    Array, BigInt, Binary, SmallInt, Text, Timestamptz, Untyped, Uuid as SqlUuid,
};
use uuid::Uuid;

use crate::domain::company::CompanyId;
use crate::domain::filter::{Filter, Subject, Term};
use crate::domain::request::RequestId;
use crate::domain::window::Window;

/// Whether people look at this again and again: a window that goes on, by few things.
pub(super) fn is_common(window: Window, filter: &Filter) -> bool {
    window.to.is_none() && is_simple(filter)
}

/// Whether a filter asks for one thing at most besides the environment. There are few forms of it.
pub(super) fn is_simple(filter: &Filter) -> bool {
    let is_other = |term: &&Term| !matches!(term.subject, Subject::Environment(_));
    filter.terms().iter().filter(is_other).count() <= 1
}

/// For the rest of the transaction a plan is for all values. A setting of Citus tells it apart: there a
/// plan needs the company, or it knows no shard.
const PLAN_FOR_ANY_VALUES: &str = "\
    SELECT set_config('plan_cache_mode', 'force_generic_plan', true) \
    WHERE current_setting('citus.shard_count', true) IS NULL";

/// A query put together from pieces, with its values.
#[derive(Clone)]
pub(super) struct Query {
    sql: String,
    values: Vec<Value>,
    planned: Planned,
}

/// When Postgres plans a query. After one that is planned once, the others of its transaction are planned
/// for any values as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Planned {
    /// Each time.
    Anew,
    /// When Postgres thinks that a plan for these very values is worth it.
    AsNeeded,
    /// Once on each connection, for all values.
    Once,
}

/// A value of a query.
#[derive(Clone)]
pub(super) enum Value {
    Integer(i64),
    Integers(Vec<i64>),
    Small(i16),
    Text(String),
    Texts(Vec<String>),
    Hashes(Vec<Vec<u8>>),
    Time(DateTime<Utc>),
    Times(Vec<DateTime<Utc>>),
    Id(Uuid),
    Ids(Vec<Uuid>),
}

impl Query {
    /// A query about a company, which is `$1`.
    pub(super) fn new(company: CompanyId) -> Self {
        Self {
            sql: String::new(),
            values: vec![Value::Integer(company.0)],
            planned: Planned::Anew,
        }
    }

    /// Takes a value and returns its placeholder.
    pub(super) fn value(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    /// A condition: that the time in a column lies in a window.
    pub(super) fn during(&mut self, column: &str, window: Window) -> String {
        let from = self.value(Value::Time(window.from));
        match window.to {
            Some(to) => {
                let to = self.value(Value::Time(to));
                format!("{column} >= {from} AND {column} < {to}")
            }
            None => format!("{column} >= {from}"),
        }
    }

    /// The same, and a window that goes on has an end which never comes. By a beginning alone Postgres'
    /// generic plan expects a third of a table, so it would plan anew whatever reads much less of it.
    pub(super) fn between(&mut self, column: &str, window: Window) -> String {
        let during = self.during(column, window);
        match window.to {
            Some(_) => during,
            None => format!("{during} AND {column} < 'infinity'"),
        }
    }

    /// Takes the ids of requests and their times, and returns both placeholders.
    pub(super) fn keys(&mut self, ids: &[RequestId]) -> (String, String) {
        let times = ids.iter().map(|id| id.received_at()).collect();
        let ids = ids.iter().map(|id| id.uuid()).collect();
        (self.value(Value::Ids(ids)), self.value(Value::Times(times)))
    }

    /// The query and this after it.
    pub(super) fn and(mut self, sql: &str) -> Self {
        self.sql.push_str(sql);
        self
    }

    /// Its text so far.
    pub(super) fn text(&self) -> &str {
        &self.sql
    }

    /// Another text with the same values.
    pub(super) fn instead(mut self, sql: &str) -> Self {
        self.sql = sql.to_owned();
        self
    }

    /// The query between these.
    pub(super) fn within(mut self, before: &str, after: &str) -> Self {
        self.sql = format!("{before}{}{after}", self.sql);
        self
    }

    /// Where `is_kept`, the statement stays prepared on its connection: most of ours are planned for
    /// longer than they run. Not for those whose text takes many forms: each plan over all partitions
    /// holds some 200 KB of Postgres' memory, on every connection.
    pub(super) fn kept(mut self, is_kept: bool) -> Self {
        self.planned = match is_kept {
            true => Planned::AsNeeded,
            false => Planned::Anew,
        };
        self
    }

    /// The same, and it is planned for any values: for what reads a stretch of an index, whichever that
    /// is. Postgres by itself would plan anew at each look, for it thinks that a plan for all partitions
    /// reads all of them.
    pub(super) fn planned_once(mut self, is_kept: bool) -> Self {
        self.planned = match is_kept {
            true => Planned::Once,
            false => Planned::Anew,
        };
        self
    }

    /// Its rows, sorted by nothing where there is another way. For the rest of the transaction Postgres
    /// reads in the order of an index what has one: it knows badly how many requests meet several
    /// conditions, and where it thinks of a few, it would read all that do, however many, to sort them
    /// for a page of fifty. And it adds up in a hash table: a sort by eight columns takes twice as long.
    /// What is [planned once](Self::planned_once) is so by this.
    pub(super) fn load_unsorted<T: QueryableByName<Pg> + 'static>(
        self,
        connection: &mut PgConnection,
    ) -> QueryResult<Vec<T>> {
        connection.batch_execute("SET LOCAL enable_sort = off")?;
        if self.planned == Planned::Once {
            connection.batch_execute(PLAN_FOR_ANY_VALUES)?;
        }
        self.load(connection)
    }

    /// The number that it gives as `count`.
    pub(super) fn load_count(self, connection: &mut PgConnection) -> QueryResult<i64> {
        #[derive(QueryableByName)]
        struct Counted {
            #[diesel(sql_type = BigInt)]
            count: i64,
        }
        let counted: Vec<Counted> = self.load_unsorted(connection)?;
        Ok(counted.iter().map(|counted| counted.count).sum())
    }
}

impl diesel::query_builder::Query for Query {
    type SqlType = Untyped;
}

impl<Connection> RunQueryDsl<Connection> for Query {}

/// The text tells one statement from another.
impl QueryId for Query {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for Query {
    /// Diesel numbers the placeholders itself: a value is sent as often as the text has it.
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.planned == Planned::Anew {
            out.unsafe_to_cache_prepared();
        }
        let mut pieces = self.sql.split('$');
        out.push_sql(pieces.next().unwrap_or_default());
        for piece in pieces {
            let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
            let (place, rest) = piece.split_at(digits);
            let place: usize = place.parse().map_err(|_| not_a_value(place))?;
            let value = self.values.get(place.wrapping_sub(1));
            value.ok_or_else(|| not_a_value(place))?.bind(&mut out)?;
            out.push_sql(rest);
        }
        Ok(())
    }
}

fn not_a_value(place: impl std::fmt::Display) -> diesel::result::Error {
    diesel::result::Error::QueryBuilderError(format!("${place} is no value of the query").into())
}

impl Value {
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Integer(value) => out.push_bind_param::<BigInt, _>(value),
            Self::Integers(value) => out.push_bind_param::<Array<BigInt>, _>(value),
            Self::Small(value) => out.push_bind_param::<SmallInt, _>(value),
            Self::Text(value) => out.push_bind_param::<Text, _>(value),
            Self::Texts(value) => out.push_bind_param::<Array<Text>, _>(value),
            Self::Hashes(value) => out.push_bind_param::<Array<Binary>, _>(value),
            Self::Time(value) => out.push_bind_param::<Timestamptz, _>(value),
            Self::Times(value) => out.push_bind_param::<Array<Timestamptz>, _>(value),
            Self::Id(value) => out.push_bind_param::<SqlUuid, _>(value),
            Self::Ids(value) => out.push_bind_param::<Array<SqlUuid>, _>(value),
        }
    }
}
