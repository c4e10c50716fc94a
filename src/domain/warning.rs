//! What a sender did sloppily and the server put right: kept on the request, never a refusal.

use serde::{Deserialize, Serialize};

/// At most so many warnings are kept on a request; a body can be made of nothing but unknown keys.
pub const MOST_KEPT: usize = 20;

/// One thing that was accepted although it was not as documented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Stable name of the sloppiness, such as `unknown_field`.
    pub code: String,
    /// JSON pointer into the body, empty for the whole body.
    pub pointer: String,
    /// What was done about it, in words for the sender.
    pub detail: String,
}

/// The warnings of one request, in the order in which they were met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warnings(Vec<Warning>);

impl Warnings {
    /// Adds one, unless [`MOST_KEPT`] are kept already.
    pub fn add(&mut self, code: &str, pointer: &str, detail: impl Into<String>) {
        if self.0.len() < MOST_KEPT {
            self.0.push(Warning {
                code: code.to_owned(),
                pointer: pointer.to_owned(),
                detail: detail.into(),
            });
        }
    }

    /// Those kept, in order.
    pub fn as_slice(&self) -> &[Warning] {
        &self.0
    }
}
