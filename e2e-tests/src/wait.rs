use std::fmt::Display;
use std::time::{Duration, Instant};

use tokio::time::sleep;

/// How long anything may take that the system promises to do without saying when. It is generous, for small machines
/// that are busy with something else: it only decides when to stop hoping.
pub const PATIENCE: Duration = Duration::from_secs(90);

const POLL: Duration = Duration::from_millis(20);

/// Asks until there is an answer, and fails if that takes longer than [`PATIENCE`].
///
/// # Panics
/// `Err` says what is missing yet; the last one is in the panic's message.
pub async fn until<T>(what: impl Display, mut ask: impl AsyncFnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(missing) => {
                assert!(Instant::now() < deadline, "{what}: not after {PATIENCE:?}: {missing}");
            }
        }
        sleep(POLL).await;
    }
}
