//! Accidents. In each, clients go on with what they do and never give up; afterwards the audit passes.

mod broker;
mod clients;
mod database;
mod links;
mod services;
