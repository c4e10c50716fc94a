//! A Postgres of the benchmark's own, as `serve` starts it, with `fsync` on.

use std::fs;
use std::path::Path;

use api_status_page::clock::Clock;
use api_status_page::store::embedded::{Embedded, Settings};
use api_status_page::store::{connect, migrations, partitions};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use tempfile::TempDir;

/// The server and its folder; both go with it.
pub struct Stage {
    postgres: Embedded,
    folder: TempDir,
}

impl Stage {
    /// Starts the server in a new temporary folder and brings the schema up to date.
    pub fn new() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("bench-").tempdir()?;
        let postgres = Embedded::start(&Settings {
            data_dir: folder.path(),
            postgres_bin: None,
            durable: true,
        })?;
        let stage = Self { postgres, folder };
        let mut connection = stage.connection()?;
        migrations::run(&mut connection)?;
        partitions::ensure_ahead(&mut connection, Clock::system().now())?;
        Ok(stage)
    }

    /// A temporary folder that lives as long.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The URL for libpq.
    pub fn url(&self) -> &str {
        self.postgres.database_url()
    }

    /// A connection to it.
    pub fn connection(&self) -> anyhow::Result<PgConnection> {
        connect(self.url())
    }

    /// The process that all its processes are children of.
    pub fn postmaster(&self) -> anyhow::Result<u32> {
        let text = fs::read_to_string(self.folder().join("postgres/postmaster.pid"))?;
        Ok(text.lines().next().unwrap_or_default().parse()?)
    }

    /// The same start for whoever comes next: nothing to fold, nothing to write back.
    pub fn settle(&self) -> anyhow::Result<()> {
        let statements = "TRUNCATE request_count_deltas; CHECKPOINT";
        Ok(self.connection()?.batch_execute(statements)?)
    }
}
