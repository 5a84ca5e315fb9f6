//! PostgreSQL stopped at once, killed, and robbed of single sessions.

use std::time::Duration;

use stack::{Part, ProcessId, Result};
use tokio::time::sleep;

use super::services::Service;
use super::site::{Site, until};

/// How long the server may take to see that one of its processes was killed.
const NOTICE_PATIENCE: Duration = Duration::from_secs(10);

/// Which session is meant: of a service's, so many modulo how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Draw {
    pub(super) service: Service,
    pub(super) index: usize,
}

/// An immediate shutdown: the next start recovers from the log.
pub(super) async fn abort(site: &Site<'_>, down: Duration) -> Result<()> {
    end(site, "postgres-stop", down, async |postgres| postgres.abort().await.map(drop)).await
}

/// SIGKILL of all its processes.
pub(super) async fn kill(site: &Site<'_>, down: Duration) -> Result<()> {
    let end_all = async |postgres: &Part| {
        postgres.kill();
        Ok(())
    };
    end(site, "postgres-kill", down, end_all).await
}

async fn end(
    site: &Site<'_>,
    fault: &'static str,
    down: Duration,
    end: impl AsyncFnOnce(&Part) -> Result<()>,
) -> Result<()> {
    let _servers = site.servers.lock().await;
    let began_ms = site.now_ms();
    let postgres = site.system().servers().postgres();
    end(postgres).await?;
    sleep(down).await;
    postgres.start().await?;
    site.note(fault, "postgres", began_ms, true);
    Ok(())
}

/// SIGKILL of the process of one session, after which the server ends all others and recovers.
pub(super) async fn kill_backend(site: &Site<'_>, draw: Draw) -> Result<()> {
    let _servers = site.servers.lock().await;
    let began_ms = site.now_ms();
    let witness = site.database(draw.service).await;
    let session = backend(site, draw).await.and_then(|(pid, target)| Some((ProcessId::of(pid)?, target)));
    let (Some(witness), Some((process, target))) = (witness, session) else {
        site.note("backend-kill", draw.service.name(), began_ms, false);
        return Ok(());
    };
    process.kill_tree();
    let is_noticed = until(NOTICE_PATIENCE, async || witness.try_rows("SELECT 1", &[]).await.is_err()).await;
    site.system().servers().postgres().wait_ready().await?;
    site.note("backend-kill", target, began_ms, is_noticed);
    Ok(())
}

/// One session ends, as by an administrator.
pub(super) async fn end_backend(site: &Site<'_>, draw: Draw) -> Result<()> {
    let began_ms = site.now_ms();
    let (mut target, mut is_ended) = (draw.service.name().to_owned(), false);
    if let (Some((pid, of)), Some(database)) = (backend(site, draw).await, site.database(draw.service).await)
    {
        let ended = database.try_rows("SELECT pg_terminate_backend($1)", &[&pid]).await;
        (target, is_ended) = (of, ended.is_ok_and(|rows| rows[0].get(0)));
    }
    site.note("backend-end", target, began_ms, is_ended);
    Ok(())
}

/// The process of a service's session, and which replica has it.
async fn backend(site: &Site<'_>, draw: Draw) -> Option<(i32, String)> {
    let database = site.database(draw.service).await?;
    let query = "SELECT pid, application_name FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name LIKE $1 ORDER BY pid";
    let sessions = database.try_rows(query, &[&format!("{}-%", draw.service.name())]).await.ok()?;
    let session = sessions.get(draw.index % sessions.len().max(1))?;
    Some((session.get(0), session.get(1)))
}
