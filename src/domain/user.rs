//! The people who look at the pages, and what they may do.

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Looks at everything but users and keys, and changes nothing.
    Support,
}

impl Role {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Admin, Self::Support];

    /// The word on the page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Admin => "Admin",
            Self::Support => "Support",
        }
    }

    /// The number in the store.
    pub fn number(self) -> i16 {
        match self {
            Self::Admin => 1,
            Self::Support => 2,
        }
    }

    /// Reads the number in the store back.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.number() == number)
    }
}
