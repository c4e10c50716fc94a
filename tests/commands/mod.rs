//! The program as it is started: its commands, its private Postgres, its demo.

mod console;
mod private_postgres;
