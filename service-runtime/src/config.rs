use std::fmt::Display;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::str::FromStr;

/// Longer than a message is likely to wait for somebody who repairs what holds it up.
const DEFAULT_INBOX_RETENTION_DAYS: NonZeroU16 = NonZeroU16::new(30).expect("it is positive");

/// The settings that every service has, read once at start from the environment.
#[derive(Debug, Clone)]
pub struct Config {
    /// `HTTP_ADDRESS`: where to listen, for example `127.0.0.1:8081`.
    pub http_address: SocketAddr,
    /// `HTTP_WORKERS`: threads that serve HTTP. Half the cores by default: the rest is for messages.
    pub http_workers: usize,
    /// `DATABASE_URL`: `postgres://user:password@host:port/database`, of a user who may create tables and roles.
    pub database_url: String,
    /// `DATABASE_POOL_SIZE`: connections for HTTP requests; background work has a few of its own.
    pub database_pool_size: usize,
    /// `AMQP_URL`: `amqp://user:password@host:port/vhost`.
    pub amqp_url: String,
    /// `INBOX_RETENTION_DAYS`: how long it is remembered which messages were taken in.
    pub inbox_retention_days: NonZeroU16,
    /// `CORS_ALLOWED_ORIGINS`: origins, separated by commas, that browsers may call this service from directly.
    /// Empty behind a gateway, which answers for CORS itself.
    pub cors_allowed_origins: Vec<String>,
}

/// A setting is missing or can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not set.
    #[error("{name} is not set; it should hold {expected}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// What it should hold.
        expected: &'static str,
    },
    /// Set to something else.
    #[error("{name} should hold {expected}: {reason}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// What it should hold.
        expected: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl Config {
    /// Reads the environment; `default_port` is where the service listens on loopback if nothing else is said.
    pub fn from_env(default_port: u16) -> Result<Self, ConfigError> {
        let default_address = SocketAddr::from(([127, 0, 0, 1], default_port));
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        let origins: String = env_or("CORS_ALLOWED_ORIGINS", String::new(), "origins separated by commas")?;
        Ok(Self {
            http_address: env_or("HTTP_ADDRESS", default_address, "an address as 127.0.0.1:8081")?,
            http_workers: env_or("HTTP_WORKERS", (cores / 2).max(1), "a number of threads")?,
            database_url: env_required("DATABASE_URL", "postgres://user:password@host:port/database")?,
            database_pool_size: env_or("DATABASE_POOL_SIZE", 16, "a number of connections")?,
            amqp_url: env_required("AMQP_URL", "amqp://user:password@host:port/vhost")?,
            inbox_retention_days: env_or(
                "INBOX_RETENTION_DAYS",
                DEFAULT_INBOX_RETENTION_DAYS,
                "a number of days from 1 to 65535",
            )?,
            cors_allowed_origins: origins
                .split(',')
                .map(|origin| origin.trim().to_owned())
                .filter(|origin| !origin.is_empty())
                .collect(),
        })
    }
}

/// A variable that has a default.
pub fn env_or<T>(name: &'static str, default: T, expected: &'static str) -> Result<T, ConfigError>
where
    T: FromStr<Err: Display>,
{
    match std::env::var(name) {
        Ok(text) => text.parse().map_err(|error: T::Err| ConfigError::Invalid {
            name,
            expected,
            reason: error.to_string(),
        }),
        Err(std::env::VarError::NotPresent) => Ok(default),
        Err(error) => Err(ConfigError::Invalid { name, expected, reason: error.to_string() }),
    }
}

/// A variable that must be set.
pub fn env_required(name: &'static str, expected: &'static str) -> Result<String, ConfigError> {
    match env_or(name, String::new(), expected)? {
        text if text.is_empty() => Err(ConfigError::Missing { name, expected }),
        text => Ok(text),
    }
}
