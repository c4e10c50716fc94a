//! The private Postgres against real programs, and the processes that hold one.

use std::fs::{self, Permissions};
use std::io;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use api_status_page::store::embedded::{Embedded, EmbeddedError, Settings, attach};
use rustix::process::{Pid, Signal, geteuid, kill_process, test_kill_process};
use tempfile::TempDir;

/// The program itself.
const PROGRAM: &str = env!("CARGO_BIN_EXE_api-status-page");

const FAR: Duration = Duration::from_secs(15);

fn folder() -> TempDir {
    let mut builder = tempfile::Builder::new();
    builder
        .permissions(Permissions::from_mode(0o755))
        .tempdir_in("/tmp")
        .unwrap()
}

fn settings(data_dir: &Path) -> Settings<'_> {
    Settings {
        data_dir,
        postgres_bin: None,
        durable: false,
    }
}

fn sql(url: &str, statement: &str) -> Result<String, String> {
    let output = Command::new("psql")
        .args(["-XAtq", "-d", url, "-c", statement])
        .output()
        .unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    } else {
        Err(String::from_utf8(output.stderr).unwrap())
    }
}

fn postmaster(data_dir: &Path) -> Option<i32> {
    let text = fs::read_to_string(data_dir.join("postgres/postmaster.pid")).ok()?;
    text.lines().next()?.parse().ok()
}

fn is_alive(pid: i32) -> bool {
    test_kill_process(Pid::from_raw(pid).unwrap()).is_ok()
}

fn kill(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

fn wait_until(what: &str, mut happened: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !happened() {
        assert!(begun.elapsed() < FAR, "in vain: {what}");
        sleep(Duration::from_millis(5));
    }
    begun.elapsed()
}

/// Every process whose command line names this folder.
fn processes_of(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().unwrap();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains(folder) && !line.contains("psql") {
            found.push(format!("{} {line}", entry.file_name().to_string_lossy()));
        }
    }
    found
}

/// A process that serves a data folder.
struct Holder {
    child: Child,
    /// The connection string of its Postgres, or why it does not serve.
    said: String,
}

impl Holder {
    fn spawn(command: &mut Command) -> Holder {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Holder {
            child: child.spawn().unwrap(),
            said: String::new(),
        }
    }

    fn start(data_dir: &Path) -> Holder {
        let mut holder = Holder::spawn(&mut hold(data_dir));
        holder.listen(data_dir);
        holder
    }

    /// Waits for its welcome, or for its end.
    fn listen(&mut self, data_dir: &Path) {
        let stdout = BufReader::new(self.child.stdout.take().unwrap());
        let is_welcome = |line: &io::Result<String>| line.as_ref().unwrap().starts_with("Stop");
        if stdout.lines().any(|line| is_welcome(&line)) {
            self.said = attach(data_dir).unwrap().unwrap();
        } else {
            let stderr = self.child.stderr.as_mut().unwrap();
            stderr.read_to_string(&mut self.said).unwrap();
        }
    }

    fn kill_9(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn stop(mut self) {
        kill(self.child.id().cast_signed(), Signal::TERM);
        assert!(self.child.wait().unwrap().success());
    }
}

/// A holder that a failing test leaves behind would hold the test run's output open.
impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn hold(data_dir: &Path) -> Command {
    hold_by(Path::new(PROGRAM), data_dir)
}

fn hold_by(program: &Path, data_dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["--no-demo", "--bind-address=127.0.0.1:0", "--data-dir"]);
    command.arg(data_dir);
    for name in ["DATABASE_URL", "POSTGRES_BIN", "PUBLIC_URL"] {
        command.env_remove(name);
    }
    command
}

fn said_by(command: &mut Command, data_dir: &Path) -> String {
    let mut holder = Holder::spawn(command);
    holder.listen(data_dir);
    std::mem::take(&mut holder.said)
}

#[test]
fn the_first_start_makes_a_database_and_a_warm_start_keeps_it() {
    let folder = folder();
    let data_dir = folder.path().join("new/data");
    let settings = Settings {
        durable: true,
        ..settings(&data_dir)
    };
    let embedded = Embedded::start(&settings).unwrap();
    sql(embedded.database_url(), "CREATE TABLE t AS SELECT 7 AS n").unwrap();
    let url = embedded.database_url().to_owned();
    assert_eq!(sql(&url, "SHOW server_encoding").unwrap(), "UTF8");
    assert_eq!(sql(&url, "SHOW fsync").unwrap(), "on");
    assert_eq!(
        sql(&url, "SELECT current_database(), current_user").unwrap(),
        "api_status_page|api_status_page"
    );
    embedded.stop();
    assert_eq!(postmaster(&data_dir), None);
    assert!(sql(&url, "SELECT 1").is_err());

    let embedded = Embedded::start(&settings).unwrap();
    assert_eq!(embedded.database_url(), url);
    assert_eq!(sql(&url, "SELECT n FROM t").unwrap(), "7");
    drop(embedded);
    assert_eq!(processes_of(folder.path()), [""; 0]);
    let mut names: Vec<_> = fs::read_dir(&data_dir)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["postgres", "postgres.log", "serve.lock"]);
    assert_eq!(
        fs::metadata(data_dir.join("postgres")).unwrap().mode() & 0o777,
        0o700
    );
}

#[test]
fn a_second_start_names_the_process_and_the_address_of_the_first() {
    let folder = folder();
    let first = Holder::start(folder.path());
    match Embedded::start(&settings(folder.path())) {
        Err(error @ EmbeddedError::AlreadyServing { pid, .. }) => {
            assert_eq!(pid, first.child.id());
            assert!(error.to_string().contains("http://127.0.0.1:"), "{error}");
            assert!(error.to_string().contains(&pid.to_string()), "{error}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(sql(&first.said, "SELECT 1").unwrap(), "1");
    first.stop();

    let own = Embedded::start(&settings(folder.path())).unwrap();
    let error = Embedded::start(&settings(folder.path())).unwrap_err();
    assert!(
        matches!(error, EmbeddedError::AlreadyServing { address: None, .. }),
        "{error}"
    );
    own.announce("http://127.0.0.1:1");
    let error = Embedded::start(&settings(folder.path()))
        .unwrap_err()
        .to_string();
    assert!(error.contains("http://127.0.0.1:1.\n"), "{error}");
}

#[test]
fn others_attach_while_it_runs_and_only_then() {
    let folder = folder();
    assert!(attach(&folder.path().join("nowhere")).unwrap().is_none());
    assert!(attach(folder.path()).unwrap().is_none());
    let mut holder = Holder::start(folder.path());
    assert_eq!(attach(folder.path()).unwrap().as_ref(), Some(&holder.said));
    let server = postmaster(folder.path()).unwrap();
    holder.kill_9();
    wait_until("postgres goes", || !is_alive(server));
    assert!(attach(folder.path()).unwrap().is_none());
    let run = fs::metadata(folder.path().join("run")).unwrap();
    assert_eq!(run.mode() & 0o777, 0o700);
    // A server that was killed leaves its file behind, with `ready` in it.
    let holder = Holder::start(folder.path());
    let stale = fs::read(folder.path().join("postgres/postmaster.pid")).unwrap();
    holder.stop();
    fs::write(folder.path().join("postgres/postmaster.pid"), stale).unwrap();
    assert!(attach(folder.path()).unwrap().is_none());
    Embedded::start(&settings(folder.path())).unwrap();
}

#[test]
fn kill_9_leaves_no_orphan_and_the_next_start_finds_the_data() {
    let folder = folder();
    let mut holder = Holder::start(folder.path());
    sql(&holder.said, "CREATE TABLE t (n int)").unwrap();
    for n in 1..=5 {
        sql(&holder.said, &format!("INSERT INTO t VALUES ({n})")).unwrap();
        // A session that works is no reason to stay.
        let mut busy = Command::new("psql");
        let busy = busy.args(["-XAtq", "-d", &holder.said, "-c", "SELECT pg_sleep(60)"]);
        let mut busy = busy.stderr(Stdio::null()).spawn().unwrap();
        sleep(Duration::from_millis(50));
        holder.kill_9();
        if n % 2 == 0 {
            wait_until("postgres goes", || processes_of(folder.path()).is_empty());
        }
        holder = Holder::start(folder.path());
        assert_eq!(
            sql(&holder.said, "SELECT count(*) FROM t").unwrap(),
            n.to_string()
        );
        busy.wait().unwrap();
    }
    holder.stop();
}

#[test]
fn kill_9_of_both_is_survived_while_a_session_still_holds_the_memory() {
    let folder = folder();
    let mut holder = Holder::start(folder.path());
    let session = sql(&holder.said, "SELECT 1");
    session.unwrap();
    let mut busy = Command::new("psql");
    let statement = "SELECT pg_backend_pid(); SELECT pg_sleep(60)";
    let busy = busy.args([
        "-XAtq",
        "-d",
        &holder.said,
        "-c",
        "SELECT pg_backend_pid()",
        "-c",
        statement,
    ]);
    let mut busy = busy
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(busy.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    let backend: i32 = line.trim().parse().unwrap();
    kill(backend, Signal::STOP);
    let server = postmaster(folder.path()).unwrap();
    kill(server, Signal::STOP);
    holder.kill_9();
    kill(server, Signal::KILL);
    let wakes = std::thread::spawn(move || {
        sleep(Duration::from_millis(1500));
        kill(backend, Signal::CONT);
    });
    let begun = Instant::now();
    let holder = Holder::start(folder.path());
    assert_eq!(sql(&holder.said, "SELECT 1").unwrap(), "1");
    assert!(begun.elapsed() > Duration::from_millis(1400));
    wakes.join().unwrap();
    busy.wait().unwrap();
    holder.stop();
}

#[test]
fn a_server_that_dies_is_started_again_under_the_same_address() {
    let folder = folder();
    let embedded = Embedded::start(&settings(folder.path())).unwrap();
    let url = embedded.database_url();
    for signal in [Signal::KILL, Signal::INT, Signal::QUIT, Signal::KILL] {
        let before = postmaster(folder.path()).unwrap();
        kill(before, signal);
        wait_until("postgres comes back", || {
            postmaster(folder.path()).is_some_and(|pid| pid != before)
                && sql(url, "SELECT 1").is_ok()
        });
    }
    let begun = Instant::now();
    embedded.stop();
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(processes_of(folder.path()), [""; 0]);
}

#[test]
fn a_stop_does_not_wait_for_a_server_that_cannot_be_started_again() {
    let folder = folder();
    let embedded = Embedded::start(&settings(folder.path())).unwrap();
    let server = postmaster(folder.path()).unwrap();
    let control = folder.path().join("postgres/global/pg_control");
    fs::rename(&control, control.with_extension("away")).unwrap();
    kill(server, Signal::KILL);
    sleep(Duration::from_millis(1500));
    let begun = Instant::now();
    embedded.stop();
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(processes_of(folder.path()), [""; 0]);
    let error = Embedded::start(&settings(folder.path())).unwrap_err();
    assert!(error.to_string().contains("pg_control"), "{error}");
    fs::rename(control.with_extension("away"), &control).unwrap();
    Embedded::start(&settings(folder.path())).unwrap();
}

#[test]
fn killed_while_it_makes_the_cluster_it_leaves_no_half_of_one() {
    let folder = folder();
    for millis in [30, 100, 200, 350, 500, 650, 800] {
        let mut holder = Holder::spawn(&mut hold(folder.path()));
        sleep(Duration::from_millis(millis));
        holder.kill_9();
        let whole = folder.path().join("postgres/PG_VERSION").exists();
        assert_eq!(folder.path().join("postgres").exists(), whole);
        if millis == 500 {
            // The next one need not wait for the programs of the last one to end.
            let holder = Holder::start(folder.path());
            assert_eq!(sql(&holder.said, "SELECT 1").unwrap(), "1");
            holder.stop();
            fs::remove_dir_all(folder.path().join("postgres")).unwrap();
        }
        wait_until("its programs end", || {
            processes_of(folder.path()).is_empty()
        });
    }
    // What a program of a dead process still wrote while the first start swept, the second sweeps.
    for _ in 0..2 {
        let holder = Holder::start(folder.path());
        assert_eq!(sql(&holder.said, "SELECT 1").unwrap(), "1");
        holder.stop();
    }
    let names = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let unfinished: Vec<_> = names
        .filter(|name| name.to_string_lossy().contains("unfinished"))
        .collect();
    assert!(unfinished.is_empty(), "{unfinished:?}");
}

#[test]
fn postgres_has_neither_our_terminal_nor_our_secrets() {
    let folder = folder();
    let mut holder = Holder::spawn(
        hold(folder.path())
            .env("SECRET_KEY", "hush".repeat(9))
            .env("PGPORT", "1")
            .env("LC_ALL", "xx_XX"),
    );
    holder.listen(folder.path());
    assert_eq!(sql(&holder.said, "SELECT 1").unwrap(), "1");
    let server = postmaster(folder.path()).unwrap();
    let environment = fs::read(format!("/proc/{server}/environ")).unwrap();
    let environment = String::from_utf8_lossy(&environment).replace('\0', "\n");
    assert!(
        !environment.contains("hush") && !environment.contains("PGPORT"),
        "{environment}"
    );
    let stat = fs::read_to_string(format!("/proc/{server}/stat")).unwrap();
    let group: i32 = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .nth(2)
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(group, server);
    // A person's Ctrl-C.
    kill(i32::try_from(holder.child.id()).unwrap(), Signal::INT);
    holder.child.wait().unwrap();
    wait_until("postgres goes", || processes_of(folder.path()).is_empty());
}

#[test]
fn long_and_strange_paths_work() {
    let folder = folder();
    for name in [
        "x".repeat(150),
        "a, b \"c\" 'd' é%20&=?".to_owned(),
        "p q'r\\s ü&=?#%41".to_owned(),
    ] {
        let data_dir = folder.path().join(name);
        let embedded = Embedded::start(&settings(&data_dir)).unwrap();
        assert_eq!(sql(embedded.database_url(), "SELECT 1").unwrap(), "1");
        assert_eq!(
            attach(&data_dir).unwrap().as_deref(),
            Some(embedded.database_url())
        );
    }
}

#[test]
fn a_socket_folder_of_a_stranger_is_refused() {
    let folder = folder();
    let run = folder.path().join("run");
    fs::create_dir(&run).unwrap();
    fs::set_permissions(&run, Permissions::from_mode(0o777)).unwrap();
    let error = Embedded::start(&settings(folder.path())).unwrap_err();
    assert!(
        error.to_string().contains("is not a private folder"),
        "{error}"
    );
}

#[test]
fn programs_that_do_not_fit_are_refused() {
    let folder = folder();
    let old = folder.path().join("old");
    fs::create_dir(&old).unwrap();
    for program in ["initdb", "postgres"] {
        let path = old.join(program);
        fs::write(
            &path,
            "#!/bin/sh\necho 'postgres (PostgreSQL) 13.9 (Debian)'\n",
        )
        .unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    }
    let data_dir = folder.path().join("data");
    let with = |bin| Settings {
        postgres_bin: Some(bin),
        ..settings(&data_dir)
    };
    let error = Embedded::start(&with(&old)).unwrap_err();
    assert!(
        matches!(error, EmbeddedError::TooOld { found: 13 }),
        "{error:?}"
    );
    let error = Embedded::start(&with(Path::new("/nonexistent"))).unwrap_err();
    assert!(error.to_string().contains("POSTGRES_BIN"), "{error}");
    Embedded::start(&settings(&data_dir)).unwrap();
    let error = Embedded::start(&with(&old)).unwrap_err();
    assert!(
        matches!(error, EmbeddedError::VersionMismatch { found: 13, .. }),
        "{error:?}"
    );
}

#[test]
fn the_log_is_emptied_before_it_grows_too_large() {
    let folder = folder();
    let log = folder.path().join("postgres.log");
    fs::write(&log, vec![b'x'; 11 << 20]).unwrap();
    let embedded = Embedded::start(&settings(folder.path())).unwrap();
    wait_until("the log is emptied", || {
        fs::metadata(&log).unwrap().len() < 1 << 20
    });
    assert!(sql(embedded.database_url(), "SELECT 1/0 AS secret").is_err());
    let text = fs::read_to_string(&log).unwrap();
    assert!(
        text.contains("division by zero") && !text.contains("secret"),
        "{text}"
    );
    assert!(!text.contains('\0'));
}

#[test]
fn as_root_a_closed_folder_on_the_way_is_named() {
    if !geteuid().is_root() {
        return;
    }
    let folder = folder();
    let home = folder.path().join("home");
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, Permissions::from_mode(0o700)).unwrap();
    match Embedded::start(&settings(&home.join("data"))) {
        Err(EmbeddedError::Unreachable { folder, user }) => {
            assert_eq!(folder, home);
            assert_eq!(user, "postgres");
        }
        other => panic!("{other:?}"),
    }
    // A folder of its own that is closed only because root's umask made it so is no obstacle.
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    fs::set_permissions(&empty, Permissions::from_mode(0o700)).unwrap();
    let embedded = Embedded::start(&settings(&empty)).unwrap();
    assert_eq!(sql(embedded.database_url(), "SELECT 1").unwrap(), "1");
    assert_ne!(fs::metadata(empty.join("postgres")).unwrap().uid(), 0);
}

#[test]
fn root_serves_the_data_of_an_ordinary_user_and_gives_it_back_unharmed() {
    if !geteuid().is_root() {
        return;
    }
    const SOMEBODY: u32 = 1; // daemon
    let folder = folder();
    let data_dir = folder.path().join("data");
    fs::create_dir(&data_dir).unwrap();
    chown(&data_dir, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    // The build folder may be in a home that is closed to others.
    let program = folder.path().join("program");
    // By a process of its own: a file that this one has open for writing is busy in every child
    // that another test starts meanwhile.
    let copied = Command::new("cp")
        .arg(PROGRAM)
        .arg(&program)
        .status()
        .unwrap();
    assert!(copied.success());
    let as_somebody = || {
        let mut command = hold_by(&program, &data_dir);
        command.uid(SOMEBODY).gid(SOMEBODY);
        command
    };
    let mut holder = Holder::spawn(&mut as_somebody());
    holder.listen(&data_dir);
    assert_eq!(sql(&holder.said, "SELECT 1").unwrap(), "1");
    let server = postmaster(&data_dir).unwrap();
    assert_eq!(
        fs::metadata(format!("/proc/{server}")).unwrap().uid(),
        SOMEBODY
    );
    holder.kill_9();
    wait_until("postgres goes", || !is_alive(server));

    let embedded = Embedded::start(&settings(&data_dir)).unwrap();
    let server = postmaster(&data_dir).unwrap();
    assert_eq!(
        fs::metadata(format!("/proc/{server}")).unwrap().uid(),
        SOMEBODY
    );
    embedded.stop();
    let said = said_by(&mut as_somebody(), &data_dir);
    assert!(said.starts_with("postgresql:"), "{said}");
    // The data of root is not theirs.
    let roots = folder.path().join("roots");
    let embedded = Embedded::start(&settings(&roots)).unwrap();
    let mut command = hold_by(&program, &roots);
    let said = said_by(command.uid(SOMEBODY).gid(SOMEBODY), &roots);
    assert!(
        said.contains("another DATA_DIR: Permission denied"),
        "{said}"
    );
    embedded.stop();
    let closed = Path::new("/root/x");
    let mut command = hold_by(&program, closed);
    let said = said_by(command.uid(SOMEBODY).gid(SOMEBODY), closed);
    assert!(
        said.contains("/root/x") && said.contains("Permission denied"),
        "{said}"
    );
}

#[test]
fn without_programs_the_command_to_install_them_is_named() {
    if !geteuid().is_root() {
        return;
    }
    let folder = folder();
    let hide = "mount -t tmpfs none /usr/lib/postgresql && PATH=/none exec \"$0\" \"$@\"";
    let data_dir: PathBuf = folder.path().join("data");
    let hold = hold(&data_dir);
    let mut command = Command::new("unshare");
    command
        .args(["-m", "sh", "-c", hide])
        .arg(hold.get_program());
    let said = said_by(command.args(hold.get_args()), &data_dir);
    assert!(said.contains("apt-get install -y postgresql"), "{said}");
}
