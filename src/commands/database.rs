//! The database that a command works on: the one configured, or the private one of the data folder.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use diesel::PgConnection;

use crate::config::StoreConfig;
use crate::store::embedded::{self, Embedded, Settings};
use crate::store::{connect, migrations};

/// A database that can be connected to. A private one that was started for it stops when this is
/// dropped.
pub struct Database {
    url: String,
    /// Started by this process.
    embedded: Option<Embedded>,
    /// Where the process that has the private one serves.
    served_at: Option<String>,
}

impl Database {
    /// For `serve`: the private one is this process's alone.
    pub fn open_alone(config: &StoreConfig) -> anyhow::Result<Self> {
        match config.configured_database() {
            Some(url) => Ok(Self::configured(url)),
            None => Self::start(config),
        }
    }

    /// For the other commands: the private one as it runs, else started for as long as they take.
    pub fn open(config: &StoreConfig) -> anyhow::Result<Self> {
        if let Some(url) = config.configured_database() {
            return Ok(Self::configured(url));
        }
        let data_dir = data_dir(config);
        match embedded::attach(&data_dir)? {
            Some(url) => Ok(Self {
                url,
                embedded: None,
                served_at: embedded::announced_address(&data_dir),
            }),
            None => Self::start(config),
        }
    }

    fn configured(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            embedded: None,
            served_at: None,
        }
    }

    fn start(config: &StoreConfig) -> anyhow::Result<Self> {
        let embedded = Embedded::start(&Settings {
            data_dir: &data_dir(config),
            postgres_bin: config.postgres_bin.as_deref(),
            durable: true,
        })?;
        Ok(Self {
            url: embedded.database_url().to_owned(),
            embedded: Some(embedded),
            served_at: None,
        })
    }

    /// The connection string.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the process that has the private one serves, if it is another and says so.
    pub fn served_at(&self) -> Option<&str> {
        self.served_at.as_deref()
    }

    /// Tells whoever wants the same data folder where this process serves.
    pub fn announce(&self, address: &str) {
        if let Some(embedded) = &self.embedded {
            embedded.announce(address);
        }
    }

    /// A connection to it, with the schema up to date. A store that nodes of an older version may be
    /// at work on is refused and not migrated under them.
    pub fn connect(&self) -> anyhow::Result<PgConnection> {
        let mut connection = connect(&self.url)?;
        let lacking = migrations::lacking(&mut connection)?.unwrap_or(0);
        ensure!(
            lacking == 0 || self.embedded.is_some(),
            "this store lacks {lacking} of the schema's steps: stop all nodes and run \
             `api-status-page migrate`"
        );
        migrations::run(&mut connection)?;
        Ok(connection)
    }
}

/// The folder of the private database and of `demo.json`.
pub fn data_dir(config: &StoreConfig) -> PathBuf {
    let chosen = config.data_dir.clone();
    chosen.unwrap_or_else(embedded::default_data_dir)
}

/// Prints what a command has to say. Nobody may be listening any more: that is no failure.
pub fn say(text: &str) -> anyhow::Result<()> {
    use std::io::{ErrorKind, Write};
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("nothing can be printed")
        }
        _ => Ok(()),
    }
}
