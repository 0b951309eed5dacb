//! Timing of an oversampled capture.

/// Symbol rates of the standards in baud, for `--baud auto` and for hints.
pub const STANDARD_RATES_HZ: [f64; 14] = [
    1.25e9, 3.125e9, 5.0e9, 8.0e9, 9.953_28e9, 10.3125e9, 16.0e9, 25.78125e9, 26.5625e9, 28.0e9, 28.125e9,
    53.125e9, 56.0e9, 106.25e9,
];
