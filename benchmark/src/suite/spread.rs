//! A figure over several rounds: the median, and how far the rounds lie apart.

/// Of one figure in every round that has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) low: f64,
    pub(super) median: f64,
    pub(super) high: f64,
    rounds: usize,
}

impl Spread {
    /// Nothing if no round has the figure.
    pub(super) fn of(figures: impl Iterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = figures.filter(|figure| figure.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let rounds = sorted.len();
        let middle = sorted.get(rounds.checked_sub(1)? / 2..=rounds / 2)?;
        let median = middle.iter().sum::<f64>() / middle.len() as f64;
        Some(Self { low: sorted[0], median, high: sorted[rounds - 1], rounds })
    }

    /// `1.05`, or with several rounds `1.05 (0.98 – 1.10)`.
    pub(super) fn text(&self, decimals: usize) -> String {
        let median = number(self.median, decimals);
        if self.rounds == 1 {
            return median;
        }
        format!("{median} ({} – {})", number(self.low, decimals), number(self.high, decimals))
    }
}

/// With so many decimals, and a comma after thousands.
pub(super) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len() - index;
        if index > 0 && left.is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        for (figures, median) in [(vec![3.0], 3.0), (vec![4.0, 1.0], 2.5), (vec![9.0, 1.0, 2.0], 2.0)] {
            assert_eq!(Spread::of(figures.into_iter()).map(|spread| spread.median), Some(median));
        }
        assert_eq!(Spread::of([].into_iter()), None);
    }

    #[test]
    fn thousands_are_set_apart() {
        for (value, text) in [(0.5, "0.50"), (999.0, "999.00"), (-1234.5, "-1,234.50"), (1e6, "1,000,000.00")]
        {
            assert_eq!(number(value, 2), text);
        }
    }
}
