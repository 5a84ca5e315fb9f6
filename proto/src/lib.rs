//! The gRPC API: what `gozon/…/v1/*.proto` says, in Rust. The files are the contract.

#![allow(missing_docs, reason = "the protocol's files say it; what is made of them repeats it where they do")]

/// Orders: `gozon.orders.v1`.
pub mod orders {
    tonic::include_proto!("gozon.orders.v1");
}

/// Accounts: `gozon.payments.v1`.
pub mod payments {
    tonic::include_proto!("gozon.payments.v1");
}

/// All files, as a `google.protobuf.FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
