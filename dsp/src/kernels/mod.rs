//! Inner loops that have to be fast, each beside the scalar oracle that says what it computes.
//!
//! A kernel is one body over [`fearless_simd::Simd`], instantiated for every instruction set and
//! chosen at run time by the [`Level`] that the caller passes: [`level`] is the best this
//! machine has, [`levels`] lists all, so that tests and benches can force each. The rules:
//!
//! 1. the body vectorizes across outputs, lanes, segments or captures, never inside one dot
//!    product: the order of every sum is fixed by the data, not by the width. Where one dot product
//!    is all there is, it has a fixed number of partial sums, combined in one order at any width;
//! 2. `name(level, ...)` is the kernel, `name_scalar(...)` its oracle in plain Rust, a line for
//!    each line of the formula; a property test compares every level with it;
//! 3. levels with fused multiply-add give the same bytes as each other, those without stay within
//!    a bound that the test states;
//! 4. nothing allocates in an inner loop, and blocks fit the second-level cache.

pub mod correlation;
pub mod count;
pub mod covariance;
pub mod decision_feedback;
pub mod eye;
pub mod fir;
pub mod interpolation;
pub mod lanes;
pub mod lms;
pub mod lms_dfe;
pub mod lms_exact;
pub mod lms_lanes;
pub mod polyphase;
pub mod timing;
pub mod viterbi;
pub mod volterra;

pub use fearless_simd::Level;

/// Returns the best level of this machine.
pub fn level() -> Level {
    Level::new()
}

/// Returns AVX2 where there is AVX-512, for kernels that wider vectors do not help.
pub(crate) fn at_most_avx2(level: Level) -> Level {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    if let Some(token) = level.as_avx2() {
        return Level::Avx2(token);
    }
    level
}

/// Returns every level that this machine can run, best first.
///
/// All of them compute the same figures; see the rules above.
pub fn levels() -> Vec<Level> {
    let best = Level::new();
    let mut levels = vec![best];
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        levels.extend(best.as_avx2().map(Level::Avx2));
        levels.extend(best.as_sse4_2().map(Level::Sse4_2));
        levels.extend(best.as_sse2().map(Level::Sse2));
    }
    levels
}

/// Returns the name of a level as the reports print it.
pub fn level_name(level: Level) -> &'static str {
    match level {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        Level::Avx512(_) => "avx512",
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        Level::Avx2(_) => "avx2",
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        Level::Sse4_2(_) => "sse4.2",
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        Level::Sse2(_) => "sse2",
        #[cfg(target_arch = "aarch64")]
        Level::Neon(_) => "neon",
        _ => "scalar",
    }
}

/// Says whether a level fuses multiplication and addition: such levels give the same bytes.
#[cfg(test)]
pub(crate) fn is_fused(level: Level) -> bool {
    matches!(level_name(level), "avx512" | "avx2" | "neon")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_begin_with_the_best_and_have_different_names() {
        let names: Vec<_> = levels().into_iter().map(level_name).collect();
        assert_eq!(names[0], level_name(level()));
        let mut unique = names.clone();
        unique.dedup();
        assert_eq!(names, unique);
    }
}
