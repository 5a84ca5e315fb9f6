use std::env::VarError;
use std::fmt::Display;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::str::FromStr;

use actix_web::http::Uri;

/// Longer than a message is likely to wait for somebody who repairs what holds it up.
const DEFAULT_INBOX_RETENTION_DAYS: NonZeroU16 = NonZeroU16::new(30).expect("it is positive");
const AMQP_URL: &str = "AMQP_URL";
const EXPECTED_AMQP_URL: &str = "amqp://user:password@host:port/vhost";

/// The settings that every service has, read once at start from the environment.
#[derive(Debug, Clone)]
pub struct Config {
    /// `HTTP_ADDRESS`: where to listen, for example `127.0.0.1:8081`.
    pub http_address: SocketAddr,
    /// `GRPC_ADDRESS`: where to listen for gRPC, for example `127.0.0.1:9081`.
    pub grpc_address: SocketAddr,
    /// `HTTP_WORKERS`: threads that serve HTTP. Half the cores by default: the rest is for messages.
    pub http_workers: NonZeroU16,
    /// `DATABASE_URL`: `postgres://user:password@host:port/database`, of a user who may create tables and roles.
    pub database_url: tokio_postgres::Config,
    /// `DATABASE_POOL_SIZE`: connections for HTTP requests; background work has a few of its own.
    pub database_pool_size: NonZeroU16,
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
    /// Reads the environment; `default_port` is where the service listens on loopback if nothing else is said, and for
    /// gRPC a thousand above.
    pub fn from_env(default_port: u16) -> Result<Self, ConfigError> {
        let default_address = SocketAddr::from(([127, 0, 0, 1], default_port));
        let default_grpc_address = SocketAddr::from(([127, 0, 0, 1], default_port + 1000));
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        let half_the_cores = u16::try_from(cores / 2).ok().and_then(NonZeroU16::new);
        Ok(Self {
            http_address: env_or("HTTP_ADDRESS", default_address, "an address as 127.0.0.1:8081")?,
            grpc_address: env_or("GRPC_ADDRESS", default_grpc_address, "an address as 127.0.0.1:9081")?,
            http_workers: env_or(
                "HTTP_WORKERS",
                half_the_cores.unwrap_or(NonZeroU16::MIN),
                "a number of threads from 1 on",
            )?,
            database_url: env_required::<DatabaseUrl>(
                "DATABASE_URL",
                "postgres://user:password@host:port/database",
            )?
            .0,
            database_pool_size: env_or(
                "DATABASE_POOL_SIZE",
                const { NonZeroU16::new(16).unwrap() },
                "a number of connections from 1 on",
            )?,
            amqp_url: env_required(AMQP_URL, EXPECTED_AMQP_URL)?,
            inbox_retention_days: env_or(
                "INBOX_RETENTION_DAYS",
                DEFAULT_INBOX_RETENTION_DAYS,
                "a number of days from 1 to 65535",
            )?,
            cors_allowed_origins: env_or(
                "CORS_ALLOWED_ORIGINS",
                Origins::default(),
                "origins as https://shop.example, separated by commas",
            )?
            .0,
        })
    }
}

/// What is wrong with the broker's address, which `messaging` alone can read.
pub(crate) fn amqp_url_error(reason: String) -> ConfigError {
    ConfigError::Invalid { name: AMQP_URL, expected: EXPECTED_AMQP_URL, reason }
}

/// A variable that has a default.
pub fn env_or<T>(name: &'static str, default: T, expected: &'static str) -> Result<T, ConfigError>
where
    T: FromStr<Err: Display>,
{
    match env_text(name, expected)? {
        Some(text) => parse(name, expected, &text),
        None => Ok(default),
    }
}

/// A variable that must be set, and not to nothing.
pub fn env_required<T>(name: &'static str, expected: &'static str) -> Result<T, ConfigError>
where
    T: FromStr<Err: Display>,
{
    match env_text(name, expected)? {
        Some(text) if !text.is_empty() => parse(name, expected, &text),
        _ => Err(ConfigError::Missing { name, expected }),
    }
}

fn env_text(name: &'static str, expected: &'static str) -> Result<Option<String>, ConfigError> {
    match std::env::var(name) {
        Ok(text) => Ok(Some(text)),
        Err(VarError::NotPresent) => Ok(None),
        Err(error) => Err(ConfigError::Invalid { name, expected, reason: error.to_string() }),
    }
}

fn parse<T>(name: &'static str, expected: &'static str, text: &str) -> Result<T, ConfigError>
where
    T: FromStr<Err: Display>,
{
    text.parse().map_err(|error: T::Err| ConfigError::Invalid { name, expected, reason: error.to_string() })
}

/// A `tokio_postgres::Config` that says where the server is.
struct DatabaseUrl(tokio_postgres::Config);

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let config: tokio_postgres::Config =
            text.parse().map_err(|error: tokio_postgres::Error| error.to_string())?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err("it names no host".to_owned());
        }
        Ok(Self(config))
    }
}

/// Origins that browsers name: a scheme, a host and perhaps a port.
#[derive(Debug, Default)]
struct Origins(Vec<String>);

impl FromStr for Origins {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        let check = |origin: &str| match origin.parse::<Uri>() {
            Ok(uri) if uri.authority().is_some() && uri.path() == "/" && !origin.ends_with('/') => {
                Ok(origin.to_owned())
            }
            _ => Err(format!("{origin:?} is no origin")),
        };
        origins.map(check).collect::<Result<_, _>>().map(Self)
    }
}
