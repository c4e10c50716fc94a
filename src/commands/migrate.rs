//! `migrate`: brings the schema up to date, so that `serve` may run as a user who cannot.

use super::database::{Database, say};
use crate::config::StoreConfig;
use crate::store::{connect, migrations};

/// Applies what is missing and says what that was.
pub fn run(config: &StoreConfig) -> anyhow::Result<()> {
    let database = Database::open(config)?;
    let applied = migrations::run(&mut connect(database.url())?)?;
    say(&match applied {
        0 => "The schema is up to date.\n".to_owned(),
        1 => "Applied one step: the schema is up to date.\n".to_owned(),
        steps => format!("Applied {steps} steps: the schema is up to date.\n"),
    })
}
