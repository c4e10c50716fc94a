//! The store: schema, partitions, counters, upkeep, settings.

mod counts;
mod distribute;
mod maintenance;
mod migrations;
mod partitions;
mod reads;
mod settings;
mod standby;
