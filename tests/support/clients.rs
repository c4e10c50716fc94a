//! Clients named by who they are.

use std::net::SocketAddr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::company::Key;
use super::http::{Answer, Call};

/// A program with an API key: a helpdesk, a developer's script.
#[derive(Debug, Clone)]
pub struct Sender {
    address: SocketAddr,
    header: (&'static str, String),
}

/// Someone without any credentials.
#[derive(Debug, Clone)]
pub struct Visitor {
    address: SocketAddr,
}

/// A call of a client, ready to be sent.
#[derive(Debug, Clone)]
pub struct ClientCall {
    address: SocketAddr,
    /// What will be sent.
    pub call: Call,
}

impl Sender {
    /// One that sends the header `x-api-key`.
    pub fn with_header(address: SocketAddr, key: &Key) -> Self {
        let header = ("x-api-key", key.text.clone());
        Self { address, header }
    }

    /// One that can only sign in with HTTP Basic.
    pub fn with_basic(address: SocketAddr, user: &str, key: &Key) -> Self {
        let pair = BASE64_STANDARD.encode(format!("{user}:{}", key.text));
        let header = ("authorization", format!("Basic {pair}"));
        Self { address, header }
    }

    /// A `POST` with the key.
    pub fn post(&self, path: &str) -> ClientCall {
        let call = Call::new("POST", path).header(self.header.0, &self.header.1);
        ClientCall {
            address: self.address,
            call,
        }
    }

    /// Asks for feedback.
    #[track_caller]
    pub fn requests(&self, body: &Value) -> Answer {
        self.post("/v1/requests").json(body).send()
    }

    /// Asks for a recovery.
    #[track_caller]
    pub fn recovers(&self, body: &Value) -> Answer {
        self.post("/v1/recoveries").json(body).send()
    }
}

impl Visitor {
    /// Someone who comes along.
    pub fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Any call.
    pub fn call(&self, method: &str, path: &str) -> ClientCall {
        ClientCall {
            address: self.address,
            call: Call::new(method, path),
        }
    }

    /// Looks at a page.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send()
    }
}

impl ClientCall {
    /// With a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.call = self.call.header(name, value);
        self
    }

    /// With a body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.call = self.call.body(body);
        self
    }

    /// With a JSON body.
    pub fn json(mut self, body: &Value) -> Self {
        self.call = self.call.json(body);
        self
    }

    /// Makes the call.
    #[track_caller]
    pub fn send(&self) -> Answer {
        self.call.send_to(self.address)
    }
}
