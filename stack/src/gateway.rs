//! One nginx process that serves the gateway and the page, from the templates that the containers use too.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::geteuid;

use crate::error::{Doing, Result};
use crate::part::{Part, StopBy};
use crate::programs;
use crate::ready::Ready;
use crate::system::Ports;
use crate::watchdog::Watchdog;
use crate::workspace;

/// SIGTERM is nginx's fast shutdown; what is to be finished gracefully is in the services. Its workers go on without
/// their parent, so that they, too, are killed at once where that is needed.
const STOP_BY: StopBy =
    StopBy { signal: Signal::SIGTERM, deadline: Duration::from_secs(10), at_once: Signal::SIGKILL };

/// More of them would not serve one machine's user better.
const MOST_WORKERS: usize = 4;

/// Where the gateway listens and whom it speaks to.
pub(crate) struct Gateway<'a> {
    pub(crate) gateway_port: u16,
    pub(crate) page_port: u16,
    /// For gRPC.
    pub(crate) grpc_port: u16,
    /// On every address of the machine, or on 127.0.0.1 only.
    pub(crate) is_public: bool,
    pub(crate) orders: &'a [Ports],
    pub(crate) payments: &'a [Ports],
}

impl Gateway<'_> {
    /// Creates nginx's files in `folder`; the part is not started.
    pub(crate) fn part(&self, folder: &Path, log: &Path, watchdog: Arc<Watchdog>) -> Result<Part> {
        fs::create_dir_all(folder).doing(format!("creating {}", folder.display()))?;
        let variables = self.variables();
        for template in ["gateway.conf", "frontend/page.conf"] {
            let source = workspace::root().join(template);
            let text = fs::read_to_string(&source).doing(format!("reading {}", source.display()))?;
            let rendered = folder.join(source.file_name().unwrap_or_default());
            fs::write(&rendered, render(&text, &variables))
                .doing(format!("writing {}", rendered.display()))?;
        }
        let main = folder.join("nginx.conf");
        fs::write(&main, self.main_conf(folder)).doing(format!("writing {}", main.display()))?;

        let mut command = Command::new(programs::nginx()?);
        command.arg("-p").arg(folder).arg("-c").arg(main).args(["-e", "stderr"]);
        command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default()).current_dir(folder);
        let ready = Ready::Tcp { port: self.gateway_port };
        Part::new("gateway", command, log.to_owned(), ready, STOP_BY, watchdog)
    }

    fn variables(&self) -> [(&'static str, String); 12] {
        let listen = |port| {
            if self.is_public { format!("{port}") } else { format!("127.0.0.1:{port}") }
        };
        let page = self.page_port;
        [
            ("GATEWAY_PORT", listen(self.gateway_port)),
            ("GRPC_PORT", listen(self.grpc_port)),
            ("ORDERS_GRPC_UPSTREAM", "orders_grpc".into()),
            ("PAYMENTS_GRPC_UPSTREAM", "payments_grpc".into()),
            ("ORDERS_UPSTREAM", "orders".into()),
            ("PAYMENTS_UPSTREAM", "payments".into()),
            ("PAGE_UPSTREAM", "page".into()),
            ("CORS_ALLOWED_ORIGINS", format!(r"http://localhost:{page}|http://127\.0\.0\.1:{page}")),
            ("RESOLVER", "127.0.0.1".into()),
            ("PAGE_PORT", listen(page)),
            ("PAGE_ROOT", format!("\"{}\"", workspace::page().display())),
            // The same host name as the page's, this port.
            ("API_BASE", format!(":{}", self.gateway_port)),
        ]
    }

    fn main_conf(&self, folder: &Path) -> String {
        let workers = available_parallelism().map_or(1, usize::from).min(MOST_WORKERS);
        // Workers of a root's nginx would otherwise run as a user who cannot enter root's folders.
        let user = if geteuid().is_root() { "user root root;" } else { "" };
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("    {kind}_temp_path \"{}/{kind}\";\n", folder.display()))
            .concat();
        let (orders, payments) = (self.orders.iter(), self.payments.iter());
        let upstreams = [
            upstream("orders", orders.clone().map(|ports| ports.http)),
            upstream("orders_grpc", orders.map(|ports| ports.grpc)),
            upstream("payments", payments.clone().map(|ports| ports.http)),
            upstream("payments_grpc", payments.map(|ports| ports.grpc)),
            upstream("page", [self.page_port].into_iter()),
        ]
        .concat();
        format!(
            "daemon off;\n{user}\nworker_processes {workers};\npcre_jit on;\npid \"{folder}/nginx.pid\";\n\
             error_log stderr warn;\n\
             events {{\n    worker_connections 16384;\n}}\n\
             http {{\n    include /etc/nginx/mime.types;\n    default_type application/octet-stream;\n    \
             access_log off;\n    sendfile on;\n    tcp_nopush on;\n{temporary}{upstreams}    \
             include \"{folder}/gateway.conf\";\n    include \"{folder}/page.conf\";\n}}\n",
            folder = folder.display(),
        )
    }
}

fn upstream(name: &str, ports: impl Iterator<Item = u16>) -> String {
    // A replica that refuses a connection is tried again with the next request: a refusal costs nothing here, and
    // replicas that restart one after another must never all count as failed.
    let servers: String =
        ports.map(|port| format!("        server 127.0.0.1:{port} max_fails=0;\n")).collect();
    format!(
        "    upstream {name} {{\n{servers}        keepalive 256;\n        keepalive_requests 100000;\n    }}\n"
    )
}

/// Replaces `${NAME}` for the names given, as `envsubst` does in nginx's official image; nginx's own variables stay.
fn render(template: &str, variables: &[(&str, String)]) -> String {
    variables
        .iter()
        .fold(template.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value))
}

#[cfg(test)]
mod tests {
    use super::render;

    #[test]
    fn rendering_leaves_variables_of_nginx_alone() {
        let variables = [("PAGE_PORT", "3000".to_owned())];
        let rendered = render("listen ${PAGE_PORT}; set $PAGE_PORT ${host}$uri;", &variables);
        assert_eq!(rendered, "listen 3000; set $PAGE_PORT ${host}$uri;");
    }
}
