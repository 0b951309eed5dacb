//! Delay and distance in fibre, and what one metre of it delays light.

/// Group index of standard single-mode fibre, as in ITU-T G.652 practice.
pub const GROUP_INDEX: f64 = 1.468;

/// Speed of light in vacuum in m/s (exact by the definition of the metre).
pub const LIGHT_M_PER_S: f64 = 299_792_458.0;

/// Returns the round-trip delay in s between two reflections `distance_m` metres apart,
/// `2 n d / c`.
pub fn round_trip_s(distance_m: f64) -> f64 {
    2.0 * GROUP_INDEX * distance_m / LIGHT_M_PER_S
}

/// Returns the distance in metres between two reflections whose round trip takes `delay_s`
/// seconds, `c t / (2 n)`: the inverse of [`round_trip_s`].
pub fn distance_m(delay_s: f64) -> f64 {
    LIGHT_M_PER_S * delay_s / (2.0 * GROUP_INDEX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 9.79 ns a metre there and back.
    #[test]
    fn ref_a_metre_takes_9_79_ns_there_and_back() {
        assert!((round_trip_s(1.0) - 9.79e-9).abs() < 5e-12);
        assert!((distance_m(round_trip_s(123.4)) - 123.4).abs() < 1e-9);
    }
}
