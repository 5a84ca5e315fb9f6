//! Makes Rust of the protocol's files, without a `protoc` on the machine.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

use protox::prost::Message;

const FILES: [&str; 2] = ["gozon/orders/v1/orders.proto", "gozon/payments/v1/payments.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=gozon");
    let descriptors = protox::compile(FILES, ["."])?;
    // For clients that ask what there is.
    fs::write(Path::new(&env::var("OUT_DIR")?).join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().build_client(false).compile_fds(descriptors)?;
    Ok(())
}
