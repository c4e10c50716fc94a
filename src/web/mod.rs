//! What every page shares: the shell around it, formats, the assets, the security headers.

pub mod alert;
pub mod assets;
pub mod confirm;
pub mod flash;
pub mod form;
pub mod format;
pub mod headers;
pub mod page;
pub mod redirect;
pub mod same_site;
pub mod shell;
