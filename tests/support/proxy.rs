//! A network between the program and Postgres that can be cut at the worst moment: at the recorder's
//! `COMMIT`, before the server got it or after it carried it out.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// Where the connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Cut {
    /// Nowhere.
    Never = 0,
    /// The server never gets the `COMMIT`.
    BeforeCommit = 1,
    /// The server carries it out, but its answer is lost.
    AfterCommit = 2,
}

/// A proxy on a port of its own.
pub struct Proxy {
    /// Where the program connects to.
    pub address: SocketAddr,
    wire: Arc<Wire>,
}

struct Wire {
    socket: PathBuf,
    cut: AtomicU8,
    cuts: AtomicUsize,
}

impl Proxy {
    /// Passes on to the server behind `socket`. It runs until the process ends.
    pub fn to(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let wire = Arc::new(Wire {
            socket,
            cut: AtomicU8::new(Cut::Never as u8),
            cuts: AtomicUsize::new(0),
        });
        std::thread::spawn({
            let wire = wire.clone();
            move || {
                for client in listener.incoming().flatten() {
                    let wire = wire.clone();
                    std::thread::spawn(move || wire.pass(client));
                }
            }
        });
        Self { address, wire }
    }

    /// Cuts the next of the recorder's commits.
    pub fn cut_next(&self, cut: Cut) {
        self.wire.cut.store(cut as u8, Ordering::SeqCst);
    }

    /// How many were cut.
    pub fn cuts(&self) -> usize {
        self.wire.cuts.load(Ordering::SeqCst)
    }
}

impl Wire {
    fn pass(&self, mut client: TcpStream) {
        let Ok(mut server) = UnixStream::connect(&self.socket) else {
            return;
        };
        let (mut answers, mut to_client) =
            (server.try_clone().unwrap(), client.try_clone().unwrap());
        let is_deaf = Arc::new(AtomicU8::new(0));
        let answering = std::thread::spawn({
            let is_deaf = is_deaf.clone();
            move || {
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(length @ 1..) = answers.read(&mut buffer) {
                    if is_deaf.load(Ordering::SeqCst) == 1 {
                        break; // The server has answered the commit; nobody hears it.
                    }
                    if to_client.write_all(&buffer[..length]).is_err() {
                        break;
                    }
                }
                let _ = to_client.shutdown(Shutdown::Both);
            }
        });
        let _ = self.pass_on(&mut client, &mut server, &is_deaf);
        let _ = server.shutdown(Shutdown::Write);
        let _ = answering.join();
        let _ = server.shutdown(Shutdown::Both);
        let _ = client.shutdown(Shutdown::Both);
    }

    fn pass_on(
        &self,
        client: &mut TcpStream,
        server: &mut UnixStream,
        is_deaf: &AtomicU8,
    ) -> io::Result<()> {
        // The first message has no type; each of the others has one, then its length.
        let mut is_recorder = false;
        let first = read_message(client, Vec::new())?;
        server.write_all(&first)?;
        loop {
            let mut kind = vec![0];
            client.read_exact(&mut kind)?;
            let message = read_message(client, kind)?;
            let text = &message[5..];
            is_recorder |= contains(text, b"api-status-page recorder");
            if is_recorder && message[0] == b'Q' && text == b"COMMIT\0" {
                match self.cut.swap(Cut::Never as u8, Ordering::SeqCst) {
                    1 => {
                        self.cuts.fetch_add(1, Ordering::SeqCst);
                        return Ok(());
                    }
                    2 => {
                        self.cuts.fetch_add(1, Ordering::SeqCst);
                        is_deaf.store(1, Ordering::SeqCst);
                    }
                    _ => {}
                }
            }
            server.write_all(&message)?;
        }
    }
}

/// Reads the length and the rest of a message after `start`.
fn read_message(client: &mut TcpStream, mut start: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    client.read_exact(&mut length)?;
    let rest = u32::from_be_bytes(length) as usize - 4;
    start.extend_from_slice(&length);
    let begin = start.len();
    start.resize(begin + rest, 0);
    client.read_exact(&mut start[begin..])?;
    Ok(start)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
