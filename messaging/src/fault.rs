//! Crash points and mutants: how a fault suite shows that each rule is needed and that its own checks would notice.
//!
//! Both macros are empty, and their names are in no binary, unless the feature `fault-injection` is on. With it, a
//! process reads at its first use
//!
//! - `FAULT_CRASH_AT=<point>:<n>`: abort when the `n`th pass, counted from 1, reaches that point;
//! - `FAULT_MUTANT=<name>`: break that rule.

/// Ends the process here, at once and without any clean-up, if it was told to.
#[cfg(feature = "fault-injection")]
#[macro_export]
macro_rules! crash_point {
    ($name:literal) => {
        $crate::__pass($name)
    };
}

/// Whether the rule of this name is to be broken.
#[cfg(feature = "fault-injection")]
#[macro_export]
macro_rules! mutant {
    ($name:literal) => {
        $crate::__is_mutant($name)
    };
}

/// A place where a fault suite ends the process; nothing without the feature `fault-injection`.
#[cfg(not(feature = "fault-injection"))]
#[macro_export]
macro_rules! crash_point {
    ($name:literal) => {};
}

/// Whether a fault suite has broken the rule of this name; `false` without the feature `fault-injection`.
#[cfg(not(feature = "fault-injection"))]
#[macro_export]
macro_rules! mutant {
    ($name:literal) => {
        false
    };
}

#[cfg(feature = "fault-injection")]
pub use injected::{is_mutant, pass};

#[cfg(feature = "fault-injection")]
mod injected {
    use std::env;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// The point, and the passes that are left.
    static CRASH_AT: LazyLock<Option<(String, AtomicU32)>> = LazyLock::new(|| {
        let setting = env::var("FAULT_CRASH_AT").ok()?;
        let parsed = setting.split_once(':').and_then(|(point, pass)| Some((point, pass.parse().ok()?)));
        let (point, pass) = parsed.unwrap_or_else(|| panic!("FAULT_CRASH_AT={setting} is not <point>:<n>"));
        Some((point.to_owned(), AtomicU32::new(pass)))
    });

    static MUTANT: LazyLock<Option<String>> = LazyLock::new(|| env::var("FAULT_MUTANT").ok());

    #[doc(hidden)]
    pub fn pass(name: &str) {
        if let Some((point, left)) = &*CRASH_AT
            && point == name
            && left.fetch_sub(1, Ordering::Relaxed) == 1
        {
            eprintln!("crash point {name}");
            std::process::abort();
        }
    }

    #[doc(hidden)]
    pub fn is_mutant(name: &str) -> bool {
        MUTANT.as_deref() == Some(name)
    }
}
