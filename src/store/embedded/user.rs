//! The user that Postgres runs as, and how its programs are run.

use std::env;
use std::fs::{self, DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};
use rustix::process::{Signal, getegid, geteuid};

use super::cluster::Cluster;
use super::error::{EmbeddedError, Result};

/// Ourselves, or, as Postgres refuses to run as root, someone less.
pub struct User {
    name: String,
    uid: u32,
    gid: u32,
}

impl User {
    /// Data that exists keeps its owner; else root gives it to `postgres`, or to `nobody`.
    pub fn for_cluster(cluster: &Cluster) -> anyhow::Result<User> {
        let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
        let numbered = |uid, gid| User {
            name: format!("#{uid}"),
            uid,
            gid,
        };
        if !geteuid().is_root() {
            return Ok(numbered(uid, gid));
        }
        match fs::metadata(cluster.path()) {
            Ok(owned) if owned.uid() != 0 => return Ok(numbered(owned.uid(), owned.gid())),
            _ => {}
        }
        let users = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        let user = ["postgres", "nobody"].into_iter().find_map(|name| {
            // name:password:uid:gid:…
            let mut lines = users
                .lines()
                .map(|line| line.split(':').collect::<Vec<_>>());
            let fields = lines.find(|fields| fields[0] == name)?;
            let (uid, gid) = (fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?);
            Some(User {
                name: name.to_owned(),
                uid,
                gid,
            })
        });
        user.context("PostgreSQL refuses to run as root, and there is no user `postgres`")
    }

    /// Makes sure that the user can get to the data folder.
    pub fn check_way_to(&self, data_dir: &Path, is_new: bool) -> Result<()> {
        if !geteuid().is_root() {
            return Ok(()); // we are the user, and have been there
        }
        if is_new {
            // `mktemp -d` and a strict umask make folders that nobody else can pass.
            let mode = fs::metadata(data_dir).map_or(0o700, |folder| folder.mode());
            fs::set_permissions(data_dir, Permissions::from_mode(mode | 0o011))
                .with_context(|| format!("cannot let others pass {}", data_dir.display()))?;
        }
        let is_closed = |folder: &&Path| {
            fs::metadata(folder).is_ok_and(|folder| {
                let may_pass = match (folder.uid() == self.uid, folder.gid() == self.gid) {
                    (true, _) => 0o100,
                    (false, true) => 0o010,
                    (false, false) => 0o001,
                };
                folder.mode() & may_pass == 0
            })
        };
        match data_dir.ancestors().filter(is_closed).last() {
            None => Ok(()),
            Some(folder) => Err(EmbeddedError::Unreachable {
                folder: folder.to_owned(),
                user: self.name.clone(),
            }),
        }
    }

    /// Makes a folder that only this user can enter, or accepts one that is just so: under `/tmp`
    /// a stranger could have been first.
    pub fn make_private_dir(&self, path: &Path) -> anyhow::Result<()> {
        match DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => chown(path, Some(self.uid), Some(self.gid)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
        .with_context(|| format!("cannot make {}", path.display()))?;
        let found = fs::symlink_metadata(path)?;
        if !found.is_dir() || found.uid() != self.uid || found.mode() & 0o077 != 0 {
            let (path, uid) = (path.display(), self.uid);
            bail!("{path} is not a private folder of the user id {uid}: remove it");
        }
        Ok(())
    }

    /// A program as this user: without our secrets and the person's locale, out of reach of the
    /// terminal's Ctrl-C, signalled when the thread that spawns it ends.
    pub fn command(&self, program: &Path, at_our_end: Signal) -> Command {
        let kept = env::vars_os().filter(|(name, _)| name == "PATH" || name == "LD_LIBRARY_PATH");
        let mut command = Command::new(program);
        command.env_clear().envs(kept);
        command.env("LC_ALL", "C").env("TZ", "UTC");
        command.current_dir("/").process_group(0);
        command.uid(self.uid).gid(self.gid);
        signal_at_our_end(&mut command, at_our_end);
        command
    }
}

#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "between fork and exec is the one place for PR_SET_PDEATHSIG"
)]
fn signal_at_our_end(command: &mut Command, signal: Signal) {
    use rustix::io::Errno;
    use rustix::process::{getpid, getppid, set_parent_process_death_signal};

    let parent = getpid();
    let ask = move || {
        set_parent_process_death_signal(Some(signal))?;
        // Had the parent died before that line, the signal would never come.
        match getppid() {
            Some(pid) if pid == parent => Ok(()),
            _ => Err(Errno::SRCH.into()),
        }
    };
    // SAFETY: the closure makes two system calls; it allocates nothing and takes no lock.
    unsafe { command.pre_exec(ask) };
}

/// Elsewhere the next start stops what was left behind.
#[cfg(not(target_os = "linux"))]
fn signal_at_our_end(_command: &mut Command, _signal: Signal) {}
