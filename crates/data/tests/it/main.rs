//! Tests of `ebm-data` on real files and a real server, in one binary.

mod catalog;
mod fetch;
mod fetch_disk;
mod idx;
mod images;
mod load;
mod mnist;
mod server;
mod tiny;
