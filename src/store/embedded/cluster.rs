//! The data folder of the embedded server, as it lies on disk.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use anyhow::Context;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustix::process::{Pid, Signal};
use tracing::info;

use super::programs::{Programs, run};

const DATABASE: &str = "api_status_page";
const ROLE: &str = "api_status_page";
const UNFINISHED: &str = "postgres.unfinished-";
const SOCKET: &str = ".s.PGSQL.5432";
/// A longer path is fatal to Postgres: 107 bytes on Linux, 103 on macOS.
const LONGEST_SOCKET: usize = 100;

/// A data folder with a Postgres cluster, or one that will have it.
pub struct Cluster {
    pub data_dir: PathBuf,
    pub socket_dir: String,
}

/// What `postmaster.pid` says about the server.
pub struct Postmaster {
    pub pid: Pid,
    pub is_ready: bool,
}

impl Cluster {
    pub fn new(data_dir: PathBuf) -> anyhow::Result<Cluster> {
        let socket_dir = socket_dir(&data_dir)?;
        Ok(Cluster {
            data_dir,
            socket_dir,
        })
    }

    /// The folder that Postgres owns.
    pub fn path(&self) -> PathBuf {
        self.data_dir.join("postgres")
    }

    pub fn database_url(&self) -> String {
        let host = utf8_percent_encode(&self.socket_dir, NON_ALPHANUMERIC);
        format!("postgresql:///{DATABASE}?host={host}&port=5432&user={ROLE}")
    }

    /// Whether a server takes connections here.
    pub fn answers(&self) -> bool {
        UnixStream::connect(Path::new(&self.socket_dir).join(SOCKET)).is_ok()
    }

    /// The major version that wrote the cluster, if there is a cluster.
    pub fn version(&self) -> anyhow::Result<Option<u32>> {
        let text = read_if_there(&self.path().join("PG_VERSION"))?;
        let version = text.map(|text| text.trim().parse()).transpose();
        version.context("PG_VERSION of the data is not a number")
    }

    pub fn postmaster(&self) -> anyhow::Result<Option<Postmaster>> {
        let text = read_if_there(&self.path().join("postmaster.pid"))?.unwrap_or_default();
        let mut lines = text.lines();
        let pid = lines.next().and_then(|line| line.parse().ok());
        let pid = pid.filter(|pid| *pid > 0).and_then(Pid::from_raw);
        let is_ready = lines.nth(6).is_some_and(|line| line.trim_end() == "ready");
        Ok(pid.map(|pid| Postmaster { pid, is_ready }))
    }

    /// Removes the clusters that processes did not live to finish.
    pub fn clear(&self) -> anyhow::Result<()> {
        for entry in fs::read_dir(&self.data_dir)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                // A program of the dead process may still write there; then the next start does it.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        Ok(())
    }

    /// Makes the cluster and its database under another name: what a crash leaves half done is
    /// never taken for it.
    pub fn make(&self, programs: &Programs, durable: bool) -> anyhow::Result<()> {
        info!(
            "making the embedded Postgres in {}",
            self.data_dir.display()
        );
        let folder = self
            .data_dir
            .join(format!("{UNFINISHED}{}", std::process::id()));
        programs.user.make_private_dir(&folder)?;

        let mut initdb = programs.command("initdb", Signal::KILL);
        initdb.args(["--encoding=UTF8", "--locale=C", "--auth=trust", "--no-sync"]);
        run(initdb.args(["-U", ROLE, "-D"]).arg(&folder), "")?;
        // The database is renamed, not created, which spares three hundred files, and in
        // single-user mode, which needs no client program.
        let mut rename = programs.command("postgres", Signal::KILL);
        rename.args(["--single", "-F", "-c", "exit_on_error=true", "-D"]);
        let statement = format!("ALTER DATABASE postgres RENAME TO {DATABASE}\n");
        run(rename.arg(&folder).arg("template1"), &statement)?;
        if durable {
            let mut sync = programs.command("initdb", Signal::KILL);
            run(sync.args(["--sync-only", "-D"]).arg(&folder), "")?;
        }

        fs::rename(&folder, self.path())
            .and_then(|()| File::open(&self.data_dir)?.sync_all())
            .with_context(|| format!("cannot make {}", self.path().display()))
    }
}

/// Beside the cluster; where that path is too long, or not plain enough for the list that Postgres
/// takes, under `/tmp` with a name that is this data folder's alone.
fn socket_dir(data_dir: &Path) -> anyhow::Result<String> {
    let beside = data_dir.join("run");
    let fits = |path: &&str| path.len() + 1 + SOCKET.len() <= LONGEST_SOCKET;
    let beside = beside.to_str().filter(fits);
    if let Some(path) = beside.filter(|path| !path.contains([',', '"'])) {
        return Ok(path.to_owned());
    }
    let found = fs::metadata(data_dir).context("cannot read DATA_DIR")?;
    Ok(format!(
        "/tmp/api-status-page-{:x}-{:x}",
        found.dev(),
        found.ino()
    ))
}

fn read_if_there(path: &Path) -> anyhow::Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}
