//! A query put together from pieces: what a filter asks for decides its text, and every value stays a
//! parameter.

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use crate::domain::company::CompanyId;

/// A query put together from pieces, with its values.
#[derive(Clone)]
pub(super) struct Query {
    sql: String,
    values: Vec<Value>,
}

/// A value of a query.
#[derive(Clone)]
pub(super) enum Value {
    Integer(i64),
    Integers(Vec<i64>),
    Small(i16),
    Text(String),
    Texts(Vec<String>),
    Time(DateTime<Utc>),
    Id(Uuid),
}

impl Query {
    /// A query about a company, which is `$1`.
    pub(super) fn new(company: CompanyId) -> Self {
        Self {
            sql: String::new(),
            values: vec![Value::Integer(company.0)],
        }
    }

    /// Takes a value and returns its placeholder.
    pub(super) fn value(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
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

    /// Its rows, in the order of an index. For the rest of the transaction Postgres sorts nothing that
    /// an index has in order: it knows badly how many requests meet several conditions, and where it
    /// thinks of a few, it would read all that do, however many, to sort them for a page of fifty.
    pub(super) fn load_in_order<T: QueryableByName<Pg> + 'static>(
        self,
        connection: &mut PgConnection,
    ) -> QueryResult<Vec<T>> {
        connection.batch_execute("SET LOCAL enable_sort = off")?;
        self.load(connection)
    }

    /// Its rows.
    pub(super) fn load<T: QueryableByName<Pg> + 'static>(
        self,
        connection: &mut PgConnection,
    ) -> QueryResult<Vec<T>> {
        let mut query = diesel::sql_query(self.sql).into_boxed::<Pg>();
        for value in self.values {
            query = match value {
                Value::Integer(value) => query.bind::<BigInt, _>(value),
                Value::Integers(value) => query.bind::<Array<BigInt>, _>(value),
                Value::Small(value) => query.bind::<SmallInt, _>(value),
                Value::Text(value) => query.bind::<Text, _>(value),
                Value::Texts(value) => query.bind::<Array<Text>, _>(value),
                Value::Time(value) => query.bind::<Timestamptz, _>(value),
                Value::Id(value) => query.bind::<SqlUuid, _>(value),
            };
        }
        query.load(connection)
    }
}
