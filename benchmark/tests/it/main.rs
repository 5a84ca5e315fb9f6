//! The benchmark as its user runs it, in small.

mod docs;
mod run;
mod suite;

mod support;
