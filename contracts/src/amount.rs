use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Serialize, Serializer};

/// What one operation moves: an integer count of minor units (kopecks), 1 … 10^12.
///
/// In JSON an integer; a fraction, a float, a string or a value out of range is refused, never rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(i64);

/// The value is not an [`Amount`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AmountOutOfRange(i64);

impl Amount {
    /// The smallest amount, in minor units.
    pub const MIN_MINOR: i64 = 1;
    /// The largest amount, in minor units: ten thousand million roubles.
    pub const MAX_MINOR: i64 = 1_000_000_000_000;

    /// The amount in minor units.
    pub const fn minor(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Amount {
    type Error = AmountOutOfRange;

    fn try_from(minor: i64) -> Result<Self, AmountOutOfRange> {
        match minor {
            Self::MIN_MINOR..=Self::MAX_MINOR => Ok(Self(minor)),
            _ => Err(AmountOutOfRange(minor)),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_i64(AmountVisitor)
    }
}

struct AmountVisitor;

impl Visitor<'_> for AmountVisitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (min, max) = (Amount::MIN_MINOR, Amount::MAX_MINOR);
        write!(f, "an integer count of kopecks from {min} to {max}")
    }

    fn visit_i64<E: Error>(self, minor: i64) -> Result<Amount, E> {
        Amount::try_from(minor).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, minor: u64) -> Result<Amount, E> {
        let minor = i64::try_from(minor);
        minor.map_err(|_| E::custom("amount is too large")).and_then(|minor| self.visit_i64(minor))
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Amount {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": Self::MIN_MINOR, "maximum": Self::MAX_MINOR })
    }
}

impl fmt::Display for AmountOutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (min, max) = (Amount::MIN_MINOR, Amount::MAX_MINOR);
        write!(f, "amount {} is not within {min} and {max} kopecks", self.0)
    }
}

impl std::error::Error for AmountOutOfRange {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_an_integer_within_its_limits_and_nothing_else() {
        for good in ["1", "1000000000000"] {
            assert_eq!(serde_json::from_str::<Amount>(good).unwrap().minor().to_string(), good);
        }
        for bad in ["0", "-1", "1.5", "10.0", "1e3", "\"10\"", "null", "1000000000001", "9223372036854775808"]
        {
            assert!(serde_json::from_str::<Amount>(bad).is_err(), "{bad}");
        }
    }
}
