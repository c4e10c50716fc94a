//! What can go wrong under load, provoked for real: every answered request is stored, once.

mod failover;
mod load;
mod pages;
mod process;
mod recorder;
