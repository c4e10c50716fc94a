//! PostgreSQL's server programs: where they are, and how they are installed where they are not.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, anyhow, bail};
use rustix::process::{Signal, geteuid};

use super::cluster::Cluster;
use super::error::{EmbeddedError, Result};
use super::user::User;

/// The oldest major version that the migrations are written for.
pub const OLDEST_VERSION: u32 = 14;

/// Where packages put the programs when they are not on the `PATH`: Debian, SUSE, the RPMs of PGDG,
/// Alpine, Homebrew on both kinds of Mac, Postgres.app. The star is the version.
const USUAL_FOLDERS: [&str; 7] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/lib/postgresql*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/// The programs that fit the cluster, and the user that runs them.
pub struct Programs {
    folder: PathBuf,
    pub user: User,
}

impl Programs {
    /// Takes the first that match the version of the data, and where there is no data yet the first
    /// that are new enough.
    pub fn find(chosen: Option<&Path>, cluster: &Cluster, user: User) -> Result<Programs> {
        let data = cluster.version()?;
        let folders = match chosen {
            Some(folder) => vec![std::path::absolute(folder).context("POSTGRES_BIN")?],
            None => likely_folders(),
        };
        let mut newest = None;
        for folder in folders {
            let version = version_in(&folder, &user);
            if version.is_some_and(|v| data.map_or(v >= OLDEST_VERSION, |data| v == data)) {
                return Ok(Programs { folder, user });
            }
            newest = newest.max(version);
        }
        let data_dir = cluster.data_dir.clone();
        Err(match (newest, data, chosen) {
            (Some(found), None, _) => EmbeddedError::TooOld { found },
            (Some(found), Some(data), _) => EmbeddedError::VersionMismatch {
                data_dir,
                data,
                found,
            },
            (None, _, None) => EmbeddedError::NotInstalled {
                advice: how_to_install(),
            },
            (None, _, Some(folder)) => {
                let folder = folder.display();
                anyhow!("POSTGRES_BIN: no initdb and postgres that can be run in {folder}").into()
            }
        })
    }

    /// One of the programs, which gets this signal when the thread that spawns it ends.
    pub fn command(&self, program: &str, at_our_end: Signal) -> Command {
        self.user.command(&self.folder.join(program), at_our_end)
    }
}

/// Runs a program to its end; what it complains about becomes the error.
pub fn run(command: &mut Command, input: &str) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot run {program}"))?;
    // One that has ended already does not read: then its own words say why.
    let _ = child
        .stdin
        .take()
        .map(|mut stdin| stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!(
            "{program} failed ({}):\n{}",
            output.status,
            complaint.trim_end()
        );
    }
    Ok(())
}

fn likely_folders() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = env::split_paths(&path).collect();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(String::from_utf8_lossy(&output.stdout).trim_end().into());
    }
    folders.extend(USUAL_FOLDERS.into_iter().flat_map(newest_first));
    folders.retain(|folder| folder.is_absolute());
    folders
}

/// The folders that fit a pattern with one star, the highest version first.
fn newest_first(pattern: &str) -> impl Iterator<Item = PathBuf> {
    let (before, after) = pattern.split_once('*').unwrap_or((pattern, ""));
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let mut versions = BTreeSet::new();
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let version = name.to_str().and_then(|name| name.strip_prefix(prefix));
        versions.extend(version.and_then(|version| version.parse::<u32>().ok()));
    }
    let folder = move |version| format!("{before}{version}{after}").into();
    versions.into_iter().rev().map(folder)
}

/// The major version of the programs in a folder, if there are any that this user can run.
fn version_in(folder: &Path, user: &User) -> Option<u32> {
    if !folder.join("initdb").is_file() {
        return None;
    }
    // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "postgres (PostgreSQL) 19beta1"
    let mut postgres = user.command(&folder.join("postgres"), Signal::KILL);
    let output = postgres.arg("-V").output();
    let text = String::from_utf8(output.ok()?.stdout).ok()?;
    let version = text.split_whitespace().nth(2)?;
    let major = version.split(|c: char| !c.is_ascii_digit()).next()?;
    major.parse().ok()
}

fn how_to_install() -> String {
    let is_mac = cfg!(target_os = "macos");
    let os_release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let system = if is_mac { "ID=macos" } else { &os_release };
    let is_enough = is_mac || geteuid().is_root();
    let sudo = if is_enough { "" } else { "sudo " };
    match install_command(system) {
        Some(command) => format!("Install them with: {sudo}{command}"),
        None => "How to install them: https://www.postgresql.org/download/".to_owned(),
    }
}

/// The command for the system whose `os-release` this is: its own name counts, then its parents'.
fn install_command(os_release: &str) -> Option<&'static str> {
    let find = |key| os_release.lines().find_map(|line| line.strip_prefix(key));
    let (id, parents) = (find("ID=").unwrap_or(""), find("ID_LIKE=").unwrap_or(""));
    let names = [id, parents].map(|names| names.trim_matches(['"', '\'']));
    let mut names = names.iter().flat_map(|names| names.split(' '));
    names.find_map(|name| match name {
        "debian" | "ubuntu" => Some("apt-get install -y postgresql"),
        "fedora" | "rhel" | "centos" | "amzn" => Some("dnf install -y postgresql-server"),
        "suse" | "opensuse" | "sles" => Some("zypper install -y postgresql-server"),
        "arch" => Some("pacman -S --noconfirm postgresql"),
        "alpine" => Some("apk add postgresql"),
        "macos" => Some("brew install postgresql@17"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::install_command;

    #[test]
    fn each_system_is_told_its_own_command() {
        for (os_release, manager) in [
            ("NAME=x\nID=debian\n", Some("apt-get")),
            ("ID=mint\nID_LIKE=\"ubuntu debian\"\n", Some("apt-get")),
            ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"", Some("dnf")),
            (
                "ID='opensuse-leap'\nID_LIKE='suse opensuse'",
                Some("zypper"),
            ),
            ("ID=arch", Some("pacman")),
            ("ID=alpine", Some("apk")),
            ("ID=nixos", None),
            ("", None),
        ] {
            let command = install_command(os_release);
            let first_word = command.and_then(|command| command.split(' ').next());
            assert_eq!(first_word, manager, "{os_release}");
        }
    }
}
