//! A real Postgres of the tests' own, without `fsync`. It goes with the process that started it,
//! however that ends: a janitor, a shell whose input is a pipe from the process, sees the pipe
//! close, stops the server and removes its folder. Should the janitor be killed as well, the next
//! run cleans up.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, OnceLock};
use std::time::Duration;

use api_status_page::store::{connect, distribute, migrations};
use diesel::connection::SimpleConnection;
use rustix::process::{Pid, Signal, geteuid, kill_process};

use super::{eventually, within};

/// The cluster that nearly all tests share.
static SHARED: LazyLock<Cluster> = LazyLock::new(Cluster::start);

/// One that is a single server where that one is not.
static SINGLE: LazyLock<Cluster> = LazyLock::new(Cluster::alone);

/// What the janitor does: wait for the end of the process, stop the server, clear away.
const JANITOR: &str = r#"
    cat > /dev/null
    pid=$(head -n 1 "$1/data/postmaster.pid" 2> /dev/null)
    if [ -n "$pid" ]; then
        kill -QUIT "$pid"
        for i in $(seq 250); do kill -0 "$pid" || break; sleep 0.02; done
    fi
    rm -rf "$1"
"#;

/// The database of which stores in such a cluster are copies.
const SPREAD: &str = "spread";

/// A running server; with Citus it is a coordinator.
pub struct Cluster {
    workers: Vec<Cluster>,
    template: OnceLock<&'static str>,
    folder: PathBuf,
    programs: PathBuf,
    user: Option<(u32, u32)>,
    server: Mutex<Child>,
    janitor: Child,
    _lock: File,
}

/// How a server is told to stop.
#[derive(Debug, Clone, Copy)]
pub enum Shutdown {
    /// Sessions are ended, everything is written.
    Fast,
    /// As if it had crashed.
    Immediate,
    /// Its first process is killed; the others follow by themselves.
    Kill,
}

/// A server that does not get any time; it goes on when this is dropped.
pub struct Frozen(Vec<Pid>);

impl Cluster {
    /// The one of this process, started when first asked for.
    pub fn shared() -> &'static Self {
        &SHARED
    }

    /// One of this process that is a single server in any case.
    pub fn single() -> &'static Self {
        match SHARED.is_spread() {
            true => &SINGLE,
            false => &SHARED,
        }
    }

    /// Starts another one, for a test that does to it what others must not feel.
    pub fn start() -> Self {
        let mut cluster = Self::alone();
        if with_citus() {
            cluster.workers = vec![Self::alone(), Self::alone()];
        }
        cluster
    }

    /// Starts one that is a single server in any case.
    pub fn alone() -> Self {
        Self::with_data(|programs, user| {
            let mut initdb = command(programs, "initdb", user);
            initdb.args(["-E", "UTF8", "--locale=C", "--auth=trust", "--no-sync"]);
            initdb.args(["-U", "tests"]);
            initdb
        })
    }

    /// Starts a standby that streams from this one.
    pub fn standby(&self) -> Self {
        Self::with_data(|programs, user| {
            let mut backup = command(programs, "pg_basebackup", user);
            backup.arg("-h").arg(&self.folder).args(["-U", "tests"]);
            backup.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync"]);
            backup
        })
    }

    /// A running server with data made by `make`, which is told the folder.
    fn with_data(make: impl FnOnce(&Path, Option<(u32, u32)>) -> Command) -> Self {
        let (folder, lock) = make_folder();
        let user = user_of_postgres();
        if let Some((uid, gid)) = user {
            chown(&folder, Some(uid), Some(gid)).unwrap();
        }
        let programs = programs();
        let mut make = make(&programs, user);
        let made = make.arg("-D").arg(folder.join("data")).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let server = launch(&programs, &folder, user);
        let janitor = Command::new("sh")
            .args(["-c", JANITOR, "janitor"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        Self {
            workers: Vec::new(),
            template: OnceLock::new(),
            folder,
            programs,
            user,
            server: Mutex::new(server),
            janitor,
            _lock: lock,
        }
    }

    /// Where it listens: the folder of its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.join(".s.PGSQL.5432")
    }

    /// The address of a database, with parameters such as `&options=…`.
    pub fn url(&self, database: &str, parameters: &str) -> String {
        let host = self.folder.display();
        format!("postgresql:///{database}?host={host}&user=tests{parameters}")
    }

    /// The address of a database on whichever of two servers takes writes.
    pub fn url_of_primary(&self, other: &Self, database: &str) -> String {
        let parameters = "&target_session_attrs=read-write";
        let hosts = [self, other].map(|cluster| cluster.folder.display().to_string());
        let url = self.url(database, parameters);
        url.replace(&hosts[0], &hosts.join(","))
    }

    /// Whether stores are spread over its workers.
    pub fn is_spread(&self) -> bool {
        !self.workers.is_empty()
    }

    /// Makes a database; with Citus on every server, as a copy of one whose tables are spread, for to
    /// spread them takes seconds.
    pub fn create(&self, database: &str) {
        if !self.is_spread() {
            return self.execute(&[&format!("CREATE DATABASE {database}")]);
        }
        let template = self.template.get_or_init(|| self.spread_template());
        let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname =";
        for server in self.servers() {
            // Citus's daemon looks at the template now and then, and nobody may while it is copied.
            eventually("a store is copied", || {
                server.execute(&[&format!("{others} '{template}'")]);
                let copy = format!("CREATE DATABASE {database} TEMPLATE {template}");
                let mut connection = connect(&server.url("postgres", "")).unwrap();
                connection.batch_execute(&copy).ok()
            });
        }
    }

    /// The addresses of a database on every server, the coordinator's first.
    pub fn urls(&self, database: &str) -> Vec<String> {
        self.servers().map(|s| s.url(database, "")).collect()
    }

    fn servers(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.workers)
    }

    /// Makes an empty store whose tables are spread.
    fn spread_template(&self) -> &'static str {
        let run = |server: &Self, statement: &str| {
            let mut connection = connect(&server.url(SPREAD, "")).unwrap();
            connection.batch_execute(statement).unwrap();
        };
        for server in self.servers() {
            server.execute(&[&format!("CREATE DATABASE {SPREAD}")]);
            run(server, "CREATE EXTENSION citus");
        }
        let here = self.folder.display();
        run(
            self,
            &format!("SELECT citus_set_coordinator_host('{here}', 5432)"),
        );
        for worker in &self.workers {
            let there = worker.folder.display();
            run(self, &format!("SELECT citus_add_node('{there}', 5432)"));
        }
        let mut connection = connect(&self.url(SPREAD, "")).unwrap();
        migrations::run(&mut connection).unwrap();
        distribute::run(&mut connection).unwrap();
        SPREAD
    }

    /// Makes a primary of a standby.
    pub fn promote(&self) {
        let promoted = command(&self.programs, "pg_ctl", self.user)
            .args(["promote", "--wait", "-D"])
            .arg(self.folder.join("data"))
            .output()
            .unwrap();
        assert!(promoted.status.success(), "{promoted:?}");
    }

    /// Runs statements in the database that every server has.
    #[track_caller]
    pub fn execute(&self, statements: &[&str]) {
        let mut connection = connect(&self.url("postgres", "")).unwrap();
        for statement in statements {
            connection.batch_execute(statement).unwrap();
        }
    }

    /// What it wrote into its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap()
    }

    /// Stops the server and starts it again; clients feel it.
    pub fn restart(&self, how: Shutdown) {
        self.stop(how)();
    }

    /// Stops the server; what it returns starts it again.
    pub fn stop(&self, how: Shutdown) -> impl FnOnce() + '_ {
        let mut server = self.server.lock().unwrap();
        let signal = match how {
            Shutdown::Fast => Signal::INT,
            Shutdown::Immediate => Signal::QUIT,
            Shutdown::Kill => Signal::KILL,
        };
        kill_process(Pid::from_child(&server), signal).unwrap();
        server.wait().unwrap();
        move || *server = launch(&self.programs, &self.folder, self.user)
    }

    /// Takes all time from the server and these sessions of it.
    pub fn freeze(&self, sessions: &[i32]) -> Frozen {
        let server = Pid::from_child(&self.server.lock().unwrap());
        let sessions = sessions.iter().filter_map(|pid| Pid::from_raw(*pid));
        let all: Vec<Pid> = sessions.chain([server]).collect();
        for pid in &all {
            kill_process(*pid, Signal::STOP).unwrap();
        }
        Frozen(all)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for pid in &self.0 {
            // A session may have ended meanwhile.
            let _ = kill_process(*pid, Signal::CONT);
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = kill_process(
            Pid::from_child(self.server.get_mut().unwrap()),
            Signal::QUIT,
        );
        let _ = self.server.get_mut().unwrap().wait();
        drop(self.janitor.stdin.take());
        let _ = self.janitor.wait();
    }
}

/// Whether every cluster is a coordinator with two workers, and every store is spread over them. Single
/// servers have Citus loaded as well, and do without it.
pub fn with_citus() -> bool {
    std::env::var("TEST_CITUS").is_ok_and(|set| set == "1")
}

fn launch(programs: &Path, folder: &Path, user: Option<(u32, u32)>) -> Child {
    let log = folder.join("log");
    let log = File::options().append(true).create(true).open(log).unwrap();
    let mut postgres = command(programs, "postgres", user);
    postgres.arg("-D").arg(folder.join("data"));
    let sockets = format!("unix_socket_directories={}", folder.display());
    for setting in [
        "listen_addresses=",
        &sockets,
        "fsync=off",
        "full_page_writes=off",
        "max_connections=200",
        "shared_buffers=64MB",
        "max_wal_size=4GB",
        "timezone=UTC",
        // As on the connections for pages.
        "jit=off",
    ] {
        postgres.args(["-c", setting]);
    }
    if with_citus() {
        for setting in [
            "shared_preload_libraries=citus",
            "max_prepared_transactions=200",
            "max_locks_per_transaction=1000",
            "max_worker_processes=100",
            "max_connections=500",
            // Fewer are laid out faster.
            "citus.shard_count=4",
        ] {
            postgres.args(["-c", setting]);
        }
    }
    let mut server = postgres
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    let pid = server.id().to_string();
    within(Duration::from_secs(30), "Postgres is ready", || {
        assert!(server.try_wait().unwrap().is_none(), "Postgres ended");
        let status = fs::read_to_string(folder.join("data/postmaster.pid")).ok()?;
        let mut lines = status.lines();
        (lines.next() == Some(&pid) && lines.nth(6)?.trim() == "ready").then_some(())
    });
    server
}

fn command(programs: &Path, name: &str, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(programs.join(name));
    command.current_dir("/").process_group(0).env("LC_ALL", "C");
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}

/// Root may not run Postgres; the user `postgres`, else `nobody`, may.
fn user_of_postgres() -> Option<(u32, u32)> {
    if !geteuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        let line = users.lines().find(|line| line.starts_with(name))?;
        let mut ids = line.split(':').skip(2).map(str::parse);
        Some((ids.next()?.ok()?, ids.next()?.ok()?))
    };
    Some(find("postgres:").or_else(|| find("nobody:")).unwrap())
}

/// The folder with the server programs: as set, on the path, or where Debian puts them.
fn programs() -> PathBuf {
    let set = std::env::var_os("POSTGRES_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|version| {
            let number = version.file_name().to_str()?.parse().ok()?;
            Some((number, version.path().join("bin")))
        })
        .collect();
    debian.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    set.into_iter()
        .chain(std::env::split_paths(&path))
        .chain(debian.into_iter().map(|(_, folder)| folder))
        // A link to one of them says where all of them are.
        .filter_map(|folder| {
            Some(
                folder
                    .join("initdb")
                    .canonicalize()
                    .ok()?
                    .parent()?
                    .to_owned(),
            )
        })
        .find(|folder| folder.join("postgres").is_file())
        .expect("PostgreSQL's server programs are needed: set POSTGRES_BIN to their folder")
}

/// A folder of this process's own, short enough for a socket, and the lock that says it is in use.
/// Removes the folders of processes that died.
fn make_folder() -> (PathBuf, File) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let root = PathBuf::from(format!("/tmp/api-status-page-tests-{}", geteuid().as_raw()));
    match fs::create_dir(&root) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => panic!("{error}"),
        _ => {}
    }
    let owner = fs::symlink_metadata(&root).unwrap().uid();
    assert_eq!(owner, geteuid().as_raw(), "someone else's {root:?}");
    // One at a time, or a folder just made, not locked yet, would look left over.
    let gate = File::create(root.join("gate")).unwrap();
    gate.lock().unwrap();
    for entry in fs::read_dir(&root).unwrap().flatten() {
        let is_left_over =
            File::open(entry.path().join("lock")).is_ok_and(|lock| lock.try_lock().is_ok());
        if is_left_over {
            clear_away(&entry.path());
        }
    }
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = root.join(format!("{}-{number}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    lock.try_lock().unwrap();
    (folder, lock)
}

fn clear_away(folder: &Path) {
    let socket = folder.join(".s.PGSQL.5432");
    let status = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
    let pid = status.lines().next().and_then(|pid| pid.parse().ok());
    // Its socket answers, so the process of this number is no stranger.
    if let Some(pid) = pid.and_then(Pid::from_raw)
        && UnixStream::connect(&socket).is_ok()
    {
        let _ = kill_process(pid, Signal::QUIT);
        eventually("a Postgres left over has gone", || {
            UnixStream::connect(&socket).is_err().then_some(())
        });
    }
    let _ = fs::remove_dir_all(folder);
}
