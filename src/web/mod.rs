//! What every page shares: the shell around it, formats, the assets, the security headers.

pub mod format;
pub mod shell;
