//! What benchmarks stand on: a durable Postgres of their own, companies, the real program as a
//! process, load, and tables.

pub mod companies;
pub mod judging;
pub mod load;
pub mod process;
pub mod program;
pub mod stage;
pub mod table;
pub mod visitor;
