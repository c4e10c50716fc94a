//! Why the embedded server does not run, in words that say what to do.

use std::path::{Path, PathBuf};

use super::programs::OLDEST_VERSION;

pub type Result<T, E = EmbeddedError> = std::result::Result<T, E>;

/// Why the embedded server does not run; show it with its causes (`{:#}` of `anyhow`).
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// Another process has the data folder.
    #[error("{}", already_serving(data_dir, *pid, address.as_deref()))]
    AlreadyServing {
        /// The folder that it has.
        data_dir: PathBuf,
        /// Its process id.
        pid: u32,
        /// Where it serves, once it has said so.
        address: Option<String>,
    },

    /// There are no server programs on this machine.
    #[error(
        "PostgreSQL's server programs (initdb, postgres) were not found. {advice}\n\
         Or name their folder with POSTGRES_BIN, or a server that runs with DATABASE_URL."
    )]
    NotInstalled {
        /// How they are installed on this system.
        advice: String,
    },

    /// The programs are older than what the migrations need.
    #[error(
        "PostgreSQL {found} is too old: API Status Page needs {OLDEST_VERSION} or later. Install a \
         newer one,\nor name its folder with POSTGRES_BIN, or a server that runs with DATABASE_URL."
    )]
    TooOld {
        /// The newest major version there is.
        found: u32,
    },

    /// The data was written by a major version that is not installed.
    #[error(
        "The data in {} was written by PostgreSQL {data}, but only {found} was found.\n\
         Install PostgreSQL {data} beside it (POSTGRES_BIN names its folder), or choose another \
         DATA_DIR.",
        data_dir.display()
    )]
    VersionMismatch {
        /// The folder with the data.
        data_dir: PathBuf,
        /// The major version that wrote the data.
        data: u32,
        /// The newest major version there is.
        found: u32,
    },

    /// The user that Postgres runs as cannot get to the data folder.
    #[error(
        "The folder {} is closed to the user `{user}`, as whom PostgreSQL runs because it refuses \
         to run as root.\nChoose another DATA_DIR, or open the way with: chmod o+x {}",
        folder.display(),
        folder.display()
    )]
    Unreachable {
        /// The first folder on the way that cannot be passed.
        folder: PathBuf,
        /// The user that cannot pass.
        user: String,
    },

    /// Anything else: the context says what was being done, the source why it failed.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

fn already_serving(data_dir: &Path, pid: u32, address: Option<&str>) -> String {
    let folder = data_dir.display();
    let who = match address {
        Some(address) => {
            format!("API Status Page already serves {folder}: process {pid}, {address}")
        }
        None => format!("Process {pid} is using {folder}"),
    };
    format!("{who}.\nStop it first (kill {pid}), or give this one another DATA_DIR.")
}
