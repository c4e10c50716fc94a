//! What a sender must know beyond the fields: when to send again.

/// A status and what a sender does about it.
pub struct Advice {
    /// The status.
    pub status: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Whether the request is stored.
    pub stored: &'static str,
    /// Whether to send it again.
    pub again: &'static str,
}

/// Every status that an endpoint for requests answers with.
pub const ADVICE: [Advice; 9] = [
    Advice {
        status: "200",
        meaning: "Accepted.",
        stored: "yes",
        again: "No.",
    },
    Advice {
        status: "400",
        meaning: "Refused: the answer names every error.",
        stored: "yes",
        again: "When what it names is mended: the request, or a setting of the company.",
    },
    Advice {
        status: "401",
        meaning: "No credentials (/v1/auth alone).",
        stored: "no",
        again: "With the key as the password.",
    },
    Advice {
        status: "403",
        meaning: "No key, none that can be read, an unknown or a revoked one.",
        stored: "no",
        again: "With a live key.",
    },
    Advice {
        status: "405",
        meaning: "The endpoint takes POST.",
        stored: "no",
        again: "As POST.",
    },
    Advice {
        status: "413",
        meaning: "The body is over the limit.",
        stored: "its beginning",
        again: "With a smaller body.",
    },
    Advice {
        status: "415",
        meaning: "Neither the content type nor the body is JSON, or the content encoding is unknown.",
        stored: "yes",
        again: "As JSON, plain or packed with gzip or deflate.",
    },
    Advice {
        status: "500",
        meaning: "The mistake is ours.",
        stored: "no",
        again: "Once, after a minute; then tell who runs this installation, with the request id.",
    },
    Advice {
        status: "503",
        meaning: "The store is full or away.",
        stored: "perhaps",
        again: "After the seconds in Retry-After, then after twice as long each time.",
    },
];
