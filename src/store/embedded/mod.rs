//! The embedded Postgres: a private, real server for an installation that names no database.
//!
//! [`Embedded::start`] takes the data folder for itself, makes the cluster the first time, and hands
//! the server to a supervisor thread, which starts it again when it dies and stops it at the end.
//!
//! ```text
//! <data folder>/serve.lock     locked while a process serves it; says which one, and where
//! <data folder>/postgres/      the cluster; it and run/ belong to the user that Postgres runs as
//! <data folder>/run/           the socket; who gets in here is the superuser, so nobody else does
//! <data folder>/postgres.log   what the server says, emptied at 10 MiB
//! ```

use std::env;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context;
use rustix::process::geteuid;
use tracing::warn;

use self::cluster::Cluster;
pub use self::error::EmbeddedError;
use self::error::Result;
use self::programs::Programs;
use self::server::Server;
use self::user::User;

mod cluster;
mod error;
mod programs;
mod server;
mod user;

/// How often a change is looked for that is a matter of milliseconds.
const POLL: Duration = Duration::from_millis(5);

/// What the embedded server is started with.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// The folder for the cluster and all that goes with it; made when it is not there.
    pub data_dir: &'a Path,
    /// The folder of `initdb` and `postgres`; looked for when not given.
    pub postgres_bin: Option<&'a Path>,
    /// Whether a commit is on disk before it is answered; only tests do without.
    pub durable: bool,
}

/// The running server; it stops when this is dropped, and on Linux also when the process is killed.
#[derive(Debug)]
pub struct Embedded {
    database_url: String,
    lock: Lock,
    stop: Option<Sender<()>>,
    supervisor: Option<JoinHandle<()>>,
}

impl Embedded {
    /// Starts the server on this data folder and waits until it takes connections; the first time
    /// it makes the cluster and its empty database.
    pub fn start(settings: &Settings) -> Result<Embedded> {
        let (data_dir, is_new) =
            make_data_dir(settings.data_dir).with_context(|| cannot_use(settings.data_dir))?;
        let lock = take(&data_dir)?;
        let cluster = Cluster::new(data_dir)?;
        let user = User::for_cluster(&cluster)?;
        user.check_way_to(&cluster.data_dir, is_new)?;
        let programs = Programs::find(settings.postgres_bin, &cluster, user)?;
        cluster.clear()?;
        if cluster.version()?.is_none() {
            cluster.make(&programs, settings.durable)?;
        }
        let database_url = cluster.database_url();
        let server = Server::new(cluster, programs, settings.durable)?;

        let (stop, stop_asked) = channel();
        let (report, started) = channel();
        // Postgres is told to end when the *thread* that spawned it ends: this one stays.
        let supervisor = thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || server.supervise(&stop_asked, &report))
            .context("cannot start the supervisor of Postgres")?;
        started
            .recv()
            .context("the supervisor of Postgres ended")??;
        Ok(Embedded {
            database_url,
            lock,
            stop: Some(stop),
            supervisor: Some(supervisor),
        })
    }

    /// The URL for libpq, over the private socket; it is the same after a restart of the server.
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// Tells a second process that wants this data folder where this one serves.
    pub fn announce(&self, address: &str) {
        if let Err(error) = self.lock.sign(address) {
            warn!(%error, "the address could not be written into serve.lock");
        }
    }

    /// Ends the sessions, stops the server and waits until it has gone, as dropping does.
    pub fn stop(self) {}
}

impl Drop for Embedded {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(supervisor) = self.supervisor.take() {
            let _ = supervisor.join();
        }
    }
}

/// The URL of the server that another process runs on this data folder, if one does.
pub fn attach(data_dir: &Path) -> Result<Option<String>> {
    let Ok(data_dir) = data_dir.canonicalize() else {
        return Ok(None);
    };
    let cluster = Cluster::new(data_dir)?;
    let is_ready = cluster.postmaster()?.is_some_and(|found| found.is_ready);
    Ok((is_ready && cluster.answers()).then(|| cluster.database_url()))
}

/// Where the process that has this data folder serves, if it has said so.
pub fn announced_address(data_dir: &Path) -> Option<String> {
    let text = fs::read_to_string(data_dir.join("serve.lock")).ok()?;
    let address = text.lines().nth(1)?;
    (!address.is_empty()).then(|| address.to_owned())
}

/// The data folder when none is named: the system's for root, else the person's own.
pub fn default_data_dir() -> PathBuf {
    let parent = if geteuid().is_root() {
        PathBuf::from("/var/lib")
    } else {
        env::var_os("XDG_DATA_HOME")
            .map(PathBuf::from)
            .filter(|folder| folder.is_absolute())
            .unwrap_or_else(|| env::home_dir().unwrap_or_default().join(".local/share"))
    };
    parent.join("api-status-page")
}

/// The folder's full path, and whether there is nothing in it yet.
fn make_data_dir(path: &Path) -> io::Result<(PathBuf, bool)> {
    fs::create_dir_all(path)?;
    let path = path.canonicalize()?;
    let is_new = fs::read_dir(&path)?.next().is_none();
    Ok((path, is_new))
}

/// Locks the data folder until the lock is dropped, and signs it.
fn take(data_dir: &Path) -> Result<Lock> {
    let path = data_dir.join("serve.lock");
    let mut options = OpenOptions::new();
    let lock = options.read(true).write(true).create(true).truncate(false);
    let lock = lock.open(&path);
    let lock = Lock(lock.with_context(|| cannot_use(data_dir))?);
    loop {
        match lock.0.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => Err(error).with_context(|| cannot_use(data_dir))?,
        }
        let holder = fs::read_to_string(&path).unwrap_or_default();
        let (pid, address) = holder.split_once('\n').unwrap_or_default();
        if let Ok(pid) = pid.parse() {
            let address = address.trim_end();
            return Err(EmbeddedError::AlreadyServing {
                data_dir: data_dir.to_owned(),
                pid,
                address: (!address.is_empty()).then(|| address.to_owned()),
            });
        }
        thread::sleep(POLL); // locked this very moment, and not signed yet
    }
    lock.sign("").with_context(|| cannot_use(data_dir))?;
    Ok(lock)
}

fn cannot_use(data_dir: &Path) -> String {
    let folder = data_dir.display();
    format!("The data folder {folder} cannot be used: choose another DATA_DIR")
}

/// The lock of a data folder.
#[derive(Debug)]
struct Lock(File);

impl Lock {
    /// Writes this process's id and the address that it serves, if it has one, into it.
    fn sign(&self, address: &str) -> io::Result<()> {
        let text = format!("{}\n{address}\n", std::process::id());
        self.0.write_all_at(text.as_bytes(), 0)?;
        self.0.set_len(text.len() as u64)
    }
}

/// A process that this one starts at the same moment has the file as well until it runs its own
/// program: closing ours would leave it locked for so long.
impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_ends_though_a_process_being_started_has_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let lock = take(folder.path()).unwrap();
        let of_a_child = lock.0.try_clone().unwrap();
        assert!(take(folder.path()).is_err());
        drop(lock);
        take(folder.path()).unwrap();
        drop(of_a_child);
    }
}
