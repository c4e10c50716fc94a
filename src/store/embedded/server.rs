//! The life of the server: launched, watched, launched again when it dies, stopped.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tracing::{error, info, warn};

use super::POLL;
use super::cluster::Cluster;
use super::programs::Programs;

/// How often the supervisor looks whether the server lives; a stop does not wait for it.
const WATCH: Duration = Duration::from_millis(100);
/// How long the server of a process that was killed may take to go.
const LEFTOVER_PATIENCE: Duration = Duration::from_secs(10);
/// Between two launches of a server that does not stay; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const LARGEST_LOG: u64 = 10 << 20;

/// All that it takes to launch the server, the second time too.
pub struct Server {
    cluster: Cluster,
    programs: Programs,
    durable: bool,
    log: File,
}

impl Server {
    pub fn new(cluster: Cluster, programs: Programs, durable: bool) -> anyhow::Result<Server> {
        let path = cluster.data_dir.join("postgres.log");
        let mut options = OpenOptions::new();
        let log = options
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path);
        let log = log.with_context(|| format!("cannot open {}", path.display()))?;
        Ok(Server {
            cluster,
            programs,
            durable,
            log,
        })
    }

    /// Runs the server until a stop is asked for, and reports how the first launch went.
    pub fn supervise(&self, stop_asked: &Receiver<()>, report: &Sender<anyhow::Result<()>>) {
        let mut child = match self.launch(stop_asked) {
            Ok(child) => child,
            Err(error) => return drop(report.send(Err(error))),
        };
        let _ = report.send(Ok(()));
        let mut pause = FIRST_PAUSE;
        'until_asked: loop {
            let since = Instant::now();
            let Some(status) = self.watch(&mut child, stop_asked) else {
                stop(child);
                break;
            };
            warn!(%status, "the embedded Postgres ended by itself and is started again");
            if since.elapsed() > LONGEST_PAUSE {
                pause = FIRST_PAUSE;
            }
            child = loop {
                if is_asked(stop_asked, pause) {
                    break 'until_asked;
                }
                pause = LONGEST_PAUSE.min(pause * 2);
                match self.launch(stop_asked) {
                    Ok(child) => break child,
                    Err(error) => error!("the embedded Postgres is down: {error:#}"),
                }
            };
        }
        let _ = fs::remove_dir(&self.cluster.socket_dir);
    }

    /// Starts the server and waits until it takes connections or a stop is asked for. There is no
    /// limit: crash recovery may take minutes, and would begin anew.
    fn launch(&self, stop_asked: &Receiver<()>) -> anyhow::Result<Child> {
        let socket_dir = Path::new(&self.cluster.socket_dir);
        self.programs.user.make_private_dir(socket_dir)?;
        self.end_leftover();
        let started = Instant::now();
        loop {
            let log_before = self.log.metadata()?.len();
            let mut child = self.spawn()?;
            let status = loop {
                if self.is_ready(&child) || is_asked(stop_asked, POLL) {
                    return Ok(child);
                }
                if let Some(status) = child.try_wait()? {
                    break status;
                }
            };
            let complaint = self.log_since(log_before);
            // The sessions of a server that was killed hold its memory until they notice.
            let is_held = complaint.contains("pre-existing shared memory block");
            let patient = is_held && started.elapsed() < LEFTOVER_PATIENCE;
            if !patient || is_asked(stop_asked, FIRST_PAUSE) {
                bail!("Postgres did not start ({status}):\n{complaint}");
            }
        }
    }

    fn spawn(&self) -> anyhow::Result<Child> {
        let safe = if self.durable { "on" } else { "off" };
        let has_memory = memory_kib() > 2 << 20;
        let mut command = self.programs.command("postgres", Signal::INT);
        command.arg("-D").arg(self.cluster.path());
        for (name, value) in [
            ("listen_addresses", ""),
            ("port", "5432"),
            ("unix_socket_directories", &self.cluster.socket_dir),
            ("max_connections", "100"),
            ("shared_buffers", if has_memory { "256MB" } else { "64MB" }),
            ("fsync", safe),
            ("synchronous_commit", safe),
            ("full_page_writes", safe),
            ("wal_compression", "on"),
            ("max_wal_size", "2GB"),
            ("checkpoint_completion_target", "0.9"),
            // How often it looks for what is to be vacuumed, see `VACUUMED_SOON`.
            ("autovacuum_naptime", "15s"),
            ("jit", "off"),
            ("timezone", "UTC"),
            ("logging_collector", "off"),
            ("log_checkpoints", "off"),
            // Statements and the details of errors carry e-mails and bodies.
            ("log_min_error_statement", "panic"),
            ("log_error_verbosity", "terse"),
        ] {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let log = self.log.try_clone()?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        command.spawn().context("cannot run postgres")
    }

    /// Waits until the server of a process that was killed has gone; where nothing told it that
    /// its process is dead, this does.
    fn end_leftover(&self) {
        let started = Instant::now();
        let mut is_told = false;
        while let Ok(Some(leftover)) = self.cluster.postmaster()
            && test_kill_process(leftover.pid).is_ok()
            && started.elapsed() < LEFTOVER_PATIENCE
        {
            // Our socket answers, so the process with that id is no stranger.
            if !is_told && self.cluster.answers() {
                info!("stopping the Postgres of a process that was killed");
                let _ = kill_process(leftover.pid, Signal::INT);
                is_told = true;
            }
            thread::sleep(POLL);
        }
    }

    /// The file of another server may say `ready` too, so the process id counts.
    fn is_ready(&self, child: &Child) -> bool {
        let found = self.cluster.postmaster().ok().flatten();
        found.is_some_and(|found| found.is_ready && found.pid == Pid::from_child(child))
    }

    /// How the server ended, or nothing when it is to be stopped.
    fn watch(&self, child: &mut Child, stop_asked: &Receiver<()>) -> Option<ExitStatus> {
        while !is_asked(stop_asked, WATCH) {
            if let Ok(Some(status)) = child.try_wait() {
                return Some(status);
            }
            // Postgres appends, so the file can be emptied under it.
            if self.log.metadata().is_ok_and(|log| log.len() > LARGEST_LOG) {
                let _ = self.log.set_len(0);
            }
        }
        None
    }

    /// What the server has said since the log was this long, of which the first part will do.
    fn log_since(&self, start: u64) -> String {
        let mut text = vec![0; 4096];
        let length = self.log.read_at(&mut text, start).unwrap_or_default();
        String::from_utf8_lossy(&text[..length])
            .trim_end()
            .to_owned()
    }
}

/// A fast shutdown, and if its checkpoint takes too long an immediate one, from which the next
/// start recovers.
fn stop(mut child: Child) {
    for (signal, patience) in [(Signal::INT, 30), (Signal::QUIT, 10)] {
        let asked = Instant::now();
        let _ = kill_process(Pid::from_child(&child), signal);
        while asked.elapsed() < Duration::from_secs(patience) {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(POLL);
        }
        warn!("the embedded Postgres has not stopped within {patience} s");
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Waits this long for a stop to be asked for, which is done by dropping the other end.
fn is_asked(stop_asked: &Receiver<()>, wait: Duration) -> bool {
    stop_asked.recv_timeout(wait) != Err(RecvTimeoutError::Timeout)
}

/// The machine's memory in KiB; 0 where it cannot be read.
fn memory_kib() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let mut lines = text.lines();
    let total = lines.find_map(|line| line.strip_prefix("MemTotal:"));
    total
        .and_then(|total| total.trim().split(' ').next()?.parse().ok())
        .unwrap_or(0)
}
