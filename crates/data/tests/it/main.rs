//! Tests of `ebm-data` on real files and a real server, in one binary.

#![allow(unreachable_pub, reason = "shared by the modules of one test binary")]
#![allow(clippy::unwrap_used, reason = "a failed step of a test is a failed test")]

mod arrays;
mod catalog;
mod cifar;
mod cifar10;
mod corrupted;
mod fetch;
mod fetch_disk;
mod idx;
mod images;
mod import;
mod layouts;
mod load;
mod loader;
mod lock;
mod mat;
mod mnist;
mod pictures;
mod server;
mod small;
mod statistics;
mod tarball;
mod tiny;
