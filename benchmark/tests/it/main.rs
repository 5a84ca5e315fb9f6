//! The benchmark as its user runs it, in small.

mod docs;
mod profile;
mod run;
mod suite;

mod support;
