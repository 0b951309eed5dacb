//! Square blocks of 16-bit numbers, rows to columns.

use fearless_simd::prelude::*;

/// As many vectors as the widest level has lanes.
pub(super) type Block<S> = [<S as Simd>::i16s; 32];

/// Turns the first `LEN` rows of a block into its columns: vector `i` then holds element `i` of
/// every row, in the order of the rows.
///
/// Interleaving row `i` with row `i + LEN/2`, `log2(LEN)` times, moves the row number from the
/// highest bits of the address to the lowest, which is what a transposition does.
#[inline(always)]
pub(super) fn transpose<S: Simd>(simd: S, block: &mut Block<S>) {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    if let fearless_simd::Level::Avx512(token) = simd.level() {
        let mut rows = [fearless_simd::i16x32::splat(token, 0); 32];
        for (to, from) in rows.iter_mut().zip(&*block) {
            *to = fearless_simd::i16x32::from_slice(token, from.as_slice());
        }
        let columns = wide::transpose(token, rows);
        for (to, from) in block.iter_mut().zip(&columns) {
            *to = S::i16s::from_slice(simd, from.as_slice());
        }
        return;
    }
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    let _ = simd;
    let lanes = S::i16s::LEN;
    let mut stages = lanes;
    while stages > 1 {
        let rows = *block;
        for i in 0..lanes / 2 {
            (block[2 * i], block[2 * i + 1]) = rows[i].interleave(rows[i + lanes / 2]);
        }
        stages /= 2;
    }
}

/// The same with 512 bits, where an interleaving across the whole register takes two slow
/// instructions: eight rows at a time within 128 bits, then quarters of registers.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
mod wide {
    #[cfg(target_arch = "x86")]
    use core::arch::x86::*;
    #[cfg(target_arch = "x86_64")]
    use core::arch::x86_64::*;
    use fearless_simd::{Avx512, i16x32, prelude::*};

    type Rows = [i16x32<Avx512>; 32];

    fearless_simd::kernel!(
        #[inline(always)]
        pub(super) fn transpose(token: Avx512, rows: Rows) -> Rows {
            let zero = _mm512_setzero_si512();
            let mut eights = [[zero; 8]; 4];
            for (to, from) in eights.iter_mut().zip(rows.as_chunks::<8>().0) {
                let r: [__m512i; 8] = from.map(|v| v.into());
                let mut a = [zero; 8];
                for i in 0..4 {
                    a[2 * i] = _mm512_unpacklo_epi16(r[i], r[i + 4]);
                    a[2 * i + 1] = _mm512_unpackhi_epi16(r[i], r[i + 4]);
                }
                let mut b = [zero; 8];
                for i in 0..4 {
                    b[2 * i] = _mm512_unpacklo_epi16(a[i], a[i + 4]);
                    b[2 * i + 1] = _mm512_unpackhi_epi16(a[i], a[i + 4]);
                }
                for i in 0..4 {
                    to[2 * i] = _mm512_unpacklo_epi16(b[i], b[i + 4]);
                    to[2 * i + 1] = _mm512_unpackhi_epi16(b[i], b[i + 4]);
                }
            }
            let mut columns = rows;
            for j in 0..8 {
                let (p, q) = (eights[0][j], eights[1][j]);
                let (r, s) = (eights[2][j], eights[3][j]);
                let (pq0, pq1) = (
                    _mm512_shuffle_i64x2::<0x44>(p, q),
                    _mm512_shuffle_i64x2::<0xEE>(p, q),
                );
                let (rs0, rs1) = (
                    _mm512_shuffle_i64x2::<0x44>(r, s),
                    _mm512_shuffle_i64x2::<0xEE>(r, s),
                );
                columns[j] = _mm512_shuffle_i64x2::<0x88>(pq0, rs0).simd_into(token);
                columns[8 + j] = _mm512_shuffle_i64x2::<0xDD>(pq0, rs0).simd_into(token);
                columns[16 + j] = _mm512_shuffle_i64x2::<0x88>(pq1, rs1).simd_into(token);
                columns[24 + j] = _mm512_shuffle_i64x2::<0xDD>(pq1, rs1).simd_into(token);
            }
            columns
        }
    );
}
