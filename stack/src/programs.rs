//! Where the programs are that the system is made of.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Error, Result};

/// A program that this machine should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// The PostgreSQL server.
    Postgres,
    /// The RabbitMQ server.
    RabbitMq,
    /// The gateway.
    Nginx,
    /// Builds the page.
    Node,
    /// Runs the page's browser test.
    Chromium,
    /// Runs tools and examples that tests use, with packages of their own.
    Python,
    /// Runs an example.
    Curl,
}

impl Program {
    /// What a system consists of, the services aside.
    pub const SERVERS: [Self; 3] = [Self::Postgres, Self::RabbitMq, Self::Nginx];
    /// What tests use besides.
    pub const FOR_TESTS: [Self; 3] = [Self::Chromium, Self::Python, Self::Curl];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::RabbitMq => "RabbitMQ",
            Self::Nginx => "nginx",
            Self::Node => "Node.js with npm",
            Self::Chromium => "Chromium",
            Self::Python => "Python with venv",
            Self::Curl => "curl",
        }
    }

    /// The packages of Debian and Ubuntu that bring it, separated by spaces.
    pub fn packages(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql",
            Self::RabbitMq => "rabbitmq-server",
            Self::Nginx => "nginx",
            Self::Node => "nodejs npm",
            Self::Chromium => "chromium",
            Self::Python => "python3 python3-venv",
            Self::Curl => "curl",
        }
    }

    /// Whether it is there.
    pub fn is_installed(self) -> bool {
        match self {
            Self::Postgres => postgres("postgres").is_ok(),
            Self::RabbitMq => rabbitmq_server().is_ok() && epmd().is_ok(),
            Self::Nginx => nginx().is_ok(),
            Self::Node => in_path("node").is_some() && in_path("npm").is_some(),
            Self::Chromium => ["chromium", "chromium-browser", "google-chrome"]
                .into_iter()
                .any(|name| in_path(name).is_some()),
            // Debian's Python comes without what installs packages into an environment.
            Self::Python => Command::new("python3")
                .args(["-c", "import ensurepip, venv"])
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success()),
            Self::Curl => in_path("curl").is_some(),
        }
    }

    fn missing(self) -> Error {
        Error::MissingProgram { program: self.name(), package: self.packages() }
    }
}

/// A program of the newest PostgreSQL server. Debian keeps them out of the PATH.
pub(crate) fn postgres(program: &str) -> Result<PathBuf> {
    newest(Path::new("/usr/lib/postgresql"), &format!("bin/{program}"))
        .or_else(|| in_path(program))
        .ok_or_else(|| Program::Postgres.missing())
}

/// The script that becomes the RabbitMQ server.
pub(crate) fn rabbitmq_server() -> Result<PathBuf> {
    rabbitmq("rabbitmq-server")
}

/// The script that gives a running RabbitMQ orders.
pub(crate) fn rabbitmqctl() -> Result<PathBuf> {
    rabbitmq("rabbitmqctl")
}

/// A script of RabbitMQ. What Debian puts into the PATH is a wrapper that changes the user.
fn rabbitmq(script: &str) -> Result<PathBuf> {
    Some(Path::new("/usr/lib/rabbitmq/bin").join(script))
        .filter(|path| path.exists())
        .or_else(|| in_path(script))
        .ok_or_else(|| Program::RabbitMq.missing())
}

/// Erlang's registry of node names, without which no RabbitMQ starts.
pub(crate) fn epmd() -> Result<PathBuf> {
    in_path("epmd")
        .or_else(|| {
            let versions = fs::read_dir("/usr/lib/erlang").ok()?;
            versions.filter_map(|entry| Some(entry.ok()?.path().join("bin/epmd"))).find(|path| path.exists())
        })
        .ok_or_else(|| Program::RabbitMq.missing())
}

/// The gateway's program. Debian keeps it in a folder that an ordinary user's PATH lacks.
pub(crate) fn nginx() -> Result<PathBuf> {
    in_path("nginx")
        .or_else(|| Some(PathBuf::from("/usr/sbin/nginx")).filter(|path| path.exists()))
        .ok_or_else(|| Program::Nginx.missing())
}

/// Finds a program as a shell would.
pub(crate) fn in_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// `<folder>/<highest number>/<path>`, if it exists.
fn newest(folder: &Path, path: &str) -> Option<PathBuf> {
    fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .map(|version| (version, folder.join(version.to_string()).join(path)))
        .filter(|(_, path)| path.exists())
        .max()
        .map(|(_, path)| path)
}
