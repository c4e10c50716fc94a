//! Values that belong to the whole installation.

use diesel::prelude::*;

use super::schema::installation;

/// The value of this name, made by `make` when there is none yet. Two nodes that make it at the
/// same time both get the one that was first.
pub fn get_or_make(
    connection: &mut PgConnection,
    name: &str,
    make: impl FnOnce() -> Vec<u8>,
) -> QueryResult<Vec<u8>> {
    let stored = installation::table.find(name).select(installation::value);
    if let Some(value) = stored.first(connection).optional()? {
        return Ok(value);
    }
    diesel::insert_into(installation::table)
        .values((installation::name.eq(name), installation::value.eq(make())))
        .on_conflict_do_nothing()
        .execute(connection)?;
    stored.first(connection)
}
