//! A Postgres of the benchmark's own, as `serve` starts it, with `fsync` on.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use api_status_page::clock::Clock;
use api_status_page::store::embedded::{Embedded, Settings};
use api_status_page::store::{connect, migrations, partitions};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use rustix::fs::{Advice, fadvise};
use tempfile::TempDir;

/// The server and its folder.
pub struct Stage {
    /// `None` only while it is being restarted.
    postgres: Option<Embedded>,
    folder: PathBuf,
    /// A folder that goes with it.
    _temporary: Option<TempDir>,
}

impl Stage {
    /// Starts the server in a new temporary folder and brings the schema up to date.
    pub fn new() -> anyhow::Result<Self> {
        let temporary = tempfile::Builder::new().prefix("bench-").tempdir()?;
        Self::start(temporary.path().to_owned(), Some(temporary))
    }

    /// The same in a folder that stays, with what is in it.
    pub fn kept(folder: &Path) -> anyhow::Result<Self> {
        Self::start(folder.to_owned(), None)
    }

    fn start(folder: PathBuf, temporary: Option<TempDir>) -> anyhow::Result<Self> {
        let stage = Self {
            postgres: Some(postgres(&folder)?),
            folder,
            _temporary: temporary,
        };
        let mut connection = stage.connection()?;
        migrations::run(&mut connection)?;
        partitions::ensure_ahead(&mut connection, Clock::system().now())?;
        Ok(stage)
    }

    /// Stops the server, does what is to be done without it, and starts it again.
    pub fn restart(
        &mut self,
        meanwhile: impl FnOnce(&Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.postgres = None;
        meanwhile(&self.folder)?;
        self.postgres = Some(postgres(&self.folder)?);
        Ok(())
    }

    /// Counts from now on what each statement takes and reads.
    pub fn watch_statements(&mut self) -> anyhow::Result<()> {
        let preload = "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'";
        self.connection()?.batch_execute(preload)?;
        self.restart(|_| Ok(()))?;
        let mut connection = self.connection()?;
        for statement in [
            "ALTER SYSTEM SET pg_stat_statements.track_planning = on",
            "ALTER SYSTEM SET pg_stat_statements.track_utility = off",
            "SELECT pg_reload_conf()",
            "CREATE EXTENSION IF NOT EXISTS pg_stat_statements",
        ] {
            connection.batch_execute(statement)?;
        }
        Ok(())
    }

    /// A folder that lives as long.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The URL for libpq.
    pub fn url(&self) -> &str {
        let running = self.postgres.as_ref().expect("it runs but in a restart");
        running.database_url()
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

fn postgres(folder: &Path) -> anyhow::Result<Embedded> {
    Ok(Embedded::start(&Settings {
        data_dir: folder,
        postgres_bin: None,
        durable: true,
    })?)
}

/// Makes the system forget what it has in memory of the files in a folder, so that the next to read
/// them waits for the disk.
pub fn forget_files(folder: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()? {
            kind if kind.is_dir() => forget_files(&entry.path())?,
            kind if kind.is_file() => {
                let file = File::open(entry.path())?;
                file.sync_data()?;
                fadvise(&file, 0, None, Advice::DontNeed)?;
            }
            _ => {}
        }
    }
    Ok(())
}
