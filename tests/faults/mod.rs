//! What can go wrong under load, provoked for real: every answered request is stored, once.

mod load;
mod process;
mod recorder;
