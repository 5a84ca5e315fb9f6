//! The services' settings.

use std::process::Command;

use stack::workspace;

/// Goal: a setting that can't be used ends the service at its start, and the error names it. Method: one bad setting among
/// good ones. A service that takes it gets as far as its address, which no machine has.
#[test]
fn unusable_setting_is_named() {
    let settings = [
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "postgres://user@/database"),
        ("DATABASE_POOL_SIZE", "0"),
        ("DATABASE_POOL_SIZE", "1000000"),
        ("AMQP_URL", ""),
        ("AMQP_URL", "nonsense"),
        ("AMQP_URL", "http://127.0.0.1"),
        ("HTTP_ADDRESS", "nonsense"),
        ("HTTP_WORKERS", "0"),
        ("HTTP_WORKERS", "-1"),
        ("CORS_ALLOWED_ORIGINS", "*"),
        ("CORS_ALLOWED_ORIGINS", "https://shop.example,https://shop.example/page"),
        ("RUST_LOG", "lapin=loud"),
        ("LOG_FORMAT", "xml"),
        ("INBOX_RETENTION_DAYS", "0"),
    ];
    for (name, value) in [("SWEEP_AFTER_SECONDS", "0"), ("DELIVERY_INTERVAL_SECONDS", "-1")] {
        let error = error_of("orders-service", &[(name, value)]);
        assert!(error.starts_with(&format!("error: {name} ")), "{error}");
    }
    for service in ["orders-service", "payments-service"] {
        for (name, value) in settings {
            let error = error_of(service, &[(name, value)]);
            assert!(error.starts_with(&format!("error: {name} ")), "{service}, {name}={value}: {error}");
        }
        let good = [
            ("HTTP_WORKERS", "1"),
            ("CORS_ALLOWED_ORIGINS", "https://shop.example, http://localhost:3000"),
            ("RUST_LOG", "info,lapin=error"),
            ("LOG_FORMAT", "json"),
        ];
        let error = error_of(service, &good);
        assert!(error.starts_with("error: HTTP: "), "{service}: {error}");
    }
}

/// What a service prints that ends at once with these settings.
fn error_of(service: &str, settings: &[(&str, &str)]) -> String {
    let output = Command::new(workspace::binary(service).unwrap())
        .env_clear()
        .env("DATABASE_URL", "postgres://user:password@127.0.0.1:1/database")
        .env("AMQP_URL", "amqp://user:password@127.0.0.1:1/host")
        // Reserved for documentation.
        .env("HTTP_ADDRESS", "203.0.113.1:1")
        .envs(settings.iter().copied())
        .output()
        .unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}
