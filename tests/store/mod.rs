//! The store: schema, partitions, counters, upkeep, settings; one of it under several programs, on
//! several machines.

mod cause_counts;
mod counts;
mod distribute;
mod employee_counts;
mod maintenance;
mod migrations;
mod nodes;
mod partitions;
mod reads;
mod routing;
mod settings;
mod standby;
