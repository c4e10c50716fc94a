//! What every page shares: the shell around it, formats, the assets, the security headers.

pub mod shell;
