//! `distribute`: spreads the tables over the machines of a Citus cluster.

use super::database::{Database, say};
use crate::config::StoreConfig;
use crate::store::distribute;

/// Distributes what is not distributed yet and says what that was.
pub fn run(config: &StoreConfig) -> anyhow::Result<()> {
    let database = Database::open(config)?;
    let done = distribute::run(&mut database.connect()?)?;
    say(&match done.is_empty() {
        true => "All tables are distributed.\n".to_owned(),
        false => format!("Distributed: {}.\n", done.join(", ")),
    })
}
