//! A server in a process of its own: the real program, or a role of the benchmark itself.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::stage::Stage;

/// So long a server may take to be there.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server; it is stopped when this is dropped.
pub struct Program {
    pub address: SocketAddr,
    child: Child,
}

impl Program {
    /// The real program, as in production.
    pub fn real(stage: &Stage) -> anyhow::Result<Self> {
        let log = File::create(stage.folder().join("program.log"))?;
        let mut program = Command::new(env!("CARGO_BIN_EXE_api-status-page"));
        program
            .env_clear()
            .env("DATABASE_URL", stage.url())
            .env("LOG_FORMAT", "json")
            .stderr(log);
        Self::start(program, "--bind-address")
    }

    /// The same with a private Postgres in this folder, which must be for it alone.
    pub fn private(folder: &Path) -> anyhow::Result<Self> {
        let mut program = Command::new(env!("CARGO_BIN_EXE_api-status-page"));
        program
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("DATA_DIR", folder)
            .env("LOG_FORMAT", "json")
            .stderr(Stdio::null());
        Self::start(program, "--bind-address")
    }

    /// The benchmark itself with these arguments.
    pub fn role(role: &str, stage: &Stage) -> anyhow::Result<Self> {
        let mut program = Command::new(std::env::current_exe()?);
        program.args(["--role", role, "--database-url", stage.url()]);
        Self::start(program, "--listen")
    }

    fn start(mut program: Command, listen_on: &str) -> anyhow::Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = program
            .args([listen_on, &address.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("cannot start the server")?;
        let mut program = Self { address, child };
        let since = Instant::now();
        while !program.is_ready() {
            if let Some(status) = program.child.try_wait()? {
                bail!("the server ended: {status}");
            }
            if since.elapsed() > PATIENCE {
                bail!("the server is not ready after {PATIENCE:?}");
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(program)
    }

    /// The id of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn is_ready(&self) -> bool {
        self.get("/readyz")
            .is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
    }

    /// A whole answer, head and body.
    pub fn get(&self, path: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// The sum of a metric over all its labels.
    pub fn metric(&self, name: &str) -> io::Result<f64> {
        let text = self.get("/metrics")?;
        Ok(text
            .lines()
            .filter(|line| line.split([' ', '{']).next() == Some(name))
            .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
            .sum())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ = self.child.wait();
    }
}
