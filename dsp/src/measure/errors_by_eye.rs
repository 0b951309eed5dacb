//! Which errors: by eye, by transition, by level.
//!
//! An eye errs when the symbol sent and the symbol decided lie on different sides of its
//! threshold, so an error of two levels counts in two eyes. A transition errs when its second
//! symbol does. Uneven eyes speak of a nonlinear transmitter or of thresholds that are off,
//! uneven transitions of interference between symbols that the equalizer left.
//!
//! The intervals are exact for independent errors; where errors come in bursts they are too
//! narrow by the root of [`crate::measure::burst_factor`].

use etalon_types::Modulation;
use etalon_types::report::{EyeErrors, Tally};

use crate::kernels::count::{confusion, difference_places};
use crate::kernels::level;
use crate::measure::statistics::{CONFIDENCE, clopper_pearson};

fn tally(errors: u64, n: u64) -> Tally {
    let (low, high) = clopper_pearson(errors, n, CONFIDENCE);
    Tally {
        errors,
        n,
        low,
        high,
    }
}

/// Counts decisions: outer index the level sent, inner the level decided.
///
/// *Shapes:* levels x levels; symbols beyond the levels are left out.
pub fn decisions(sent: &[u8], decided: &[u8], modulation: Modulation) -> Vec<Vec<u64>> {
    let levels = modulation.levels();
    if beyond(sent, levels) || beyond(decided, levels) {
        return decisions_scalar(sent, decided, levels);
    }
    let counted = confusion(level(), sent, decided).counts;
    let row = |row: &[u64; 4]| row[..levels].to_vec();
    counted[..levels].iter().map(row).collect()
}

/// Whether a symbol lies beyond the levels, which are a power of two.
fn beyond(symbols: &[u8], levels: usize) -> bool {
    let bits = symbols.iter().fold(0, |bits, &s| bits | s);
    usize::from(bits) >= levels || levels > 4
}

/// As [`decisions`], symbol by symbol.
fn decisions_scalar(sent: &[u8], decided: &[u8], levels: usize) -> Vec<Vec<u64>> {
    let mut counts = vec![vec![0; levels]; levels];
    for (&s, &d) in sent.iter().zip(decided) {
        if let Some(cell) = counts
            .get_mut(usize::from(s))
            .and_then(|row| row.get_mut(usize::from(d)))
        {
            *cell += 1;
        }
    }
    counts
}

/// Counts errors by eye, lowest eye first, from the [`decisions`].
pub fn by_eye(decisions: &[Vec<u64>]) -> Vec<EyeErrors> {
    let levels = decisions.len();
    let total = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| -> u64 {
        decisions[rows]
            .iter()
            .map(|row| row[columns.clone()].iter().sum::<u64>())
            .sum()
    };
    (1..levels)
        .map(|t| EyeErrors {
            eye: match (levels, t) {
                (4, 1) => "lower",
                (4, 2) => "middle",
                (4, 3) => "upper",
                _ => "only",
            }
            .into(),
            upwards: tally(total(0..t, t..levels), total(0..t, 0..levels)),
            downwards: tally(total(t..levels, 0..t), total(t..levels, 0..levels)),
        })
        .collect()
}

/// Counts errors by transition: outer index the symbol sent before, inner the symbol sent.
///
/// *Shapes:* levels x levels. The first symbol, which has none before it, is not counted.
pub fn by_transition(sent: &[u8], decided: &[u8], modulation: Modulation) -> Vec<Vec<Tally>> {
    let n = sent.len().min(decided.len());
    let sent = &sent[..n];
    // The level sent before and the level sent are counted as if one were decided for the other.
    let counts = decisions(sent, sent.get(1..).unwrap_or_default(), modulation);
    let mut errors = vec![vec![0; counts.len()]; counts.len()];
    for at in difference_places(level(), sent, decided) {
        let Some(before) = at.checked_sub(1) else {
            continue;
        };
        let row = errors.get_mut(usize::from(sent[before]));
        if let Some(cell) = row.and_then(|row| row.get_mut(usize::from(sent[at]))) {
            *cell += 1;
        }
    }
    let rows = errors.into_iter().zip(counts);
    rows.map(|(e, n)| e.into_iter().zip(n).map(|(e, n)| tally(e, n)).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::statistics::q;
    use crate::signals::{noisy, symbols};
    use crate::slicer::Slicer;

    #[test]
    fn a_few_symbols_by_hand() {
        let sent = [0, 1, 2, 3, 3, 0];
        let decided = [1, 1, 0, 3, 2, 0];
        let decisions = decisions(&sent, &decided, Modulation::Pam4);
        assert_eq!(decisions[0], [1, 1, 0, 0]);
        assert_eq!(decisions[2], [1, 0, 0, 0]);
        let eyes = by_eye(&decisions);
        let counts = |t: &Tally| (t.errors, t.n);
        assert_eq!(eyes[0].eye, "lower");
        // Lower: 0 read as 1 goes up; 2 read as 0 goes down through lower and middle.
        assert_eq!(counts(&eyes[0].upwards), (1, 2));
        assert_eq!(counts(&eyes[0].downwards), (1, 4));
        assert_eq!(counts(&eyes[1].downwards), (1, 3));
        assert_eq!(counts(&eyes[1].upwards), (0, 3));
        assert_eq!(counts(&eyes[2].downwards), (1, 2));
        let transitions = by_transition(&sent, &decided, Modulation::Pam4);
        assert_eq!(counts(&transitions[0][1]), (0, 1));
        assert_eq!(counts(&transitions[1][2]), (1, 1));
        assert_eq!(counts(&transitions[3][3]), (1, 1));
        let all: u64 = transitions.iter().flatten().map(|t| t.n).sum();
        assert_eq!(all, 5);
    }

    /// White noise at half a spacing over noise of 2: every eye errs at Q(2) a side. Six tails and
    /// sixteen transitions; five standard errors each.
    #[test]
    fn ref_eyes_and_transitions_of_white_noise_err_alike() {
        let sent = symbols(3, 200_000, 4);
        let samples = noisy(&sent, 4, 0.5, 4);
        let slicer = Slicer::from_symbols(&samples, &sent, 4);
        let decided = slicer.decide_all(&samples);
        let near = |t: &Tally, ratio: f64| {
            let n = t.n as f64;
            (t.errors as f64 - n * ratio).abs() < 5.0 * (n * ratio).sqrt()
        };
        for (i, eye) in by_eye(&decisions(&sent, &decided, Modulation::Pam4))
            .iter()
            .enumerate()
        {
            // Of the levels below eye i only the next one reaches it.
            assert!(near(&eye.upwards, q(2.0) / (i + 1) as f64), "{eye:?}");
            assert!(near(&eye.downwards, q(2.0) / (3 - i) as f64), "{eye:?}");
        }
        for row in by_transition(&sent, &decided, Modulation::Pam4) {
            for (level, cell) in row.iter().enumerate() {
                let inner = level == 1 || level == 2;
                assert!(
                    near(cell, if inner { 2.0 * q(2.0) } else { q(2.0) }),
                    "{cell:?}"
                );
            }
        }
    }

    #[test]
    fn two_levels_have_one_eye_and_odd_symbols_are_left_out() {
        let eyes = by_eye(&decisions(&[0, 1, 9], &[1, 1, 1], Modulation::Nrz));
        assert_eq!(eyes.len(), 1);
        assert_eq!((eyes[0].eye.as_str(), eyes[0].upwards.errors), ("only", 1));
        assert_eq!(by_transition(&[], &[], Modulation::Nrz)[0][0].n, 0);
    }

    /// Symbol by symbol, with symbols beyond the levels or without.
    #[test]
    fn kernels_count_what_a_loop_counts() {
        for (modulation, drawn) in [
            (Modulation::Pam4, 4),
            (Modulation::Nrz, 2),
            (Modulation::Nrz, 4),
        ] {
            let sent = symbols(7, 3001, drawn);
            let mut decided = symbols(8, 3000, drawn);
            for (d, s) in decided.iter_mut().zip(&sent).step_by(2) {
                *d = *s;
            }
            let levels = modulation.levels();
            let counted = decisions(&sent, &decided, modulation);
            assert_eq!(counted, decisions_scalar(&sent, &decided, levels));
            let table = by_transition(&sent, &decided, modulation);
            let total = |of: fn(&Tally) -> u64| table.iter().flatten().map(of).sum::<u64>();
            let inside = |k: &usize| [k - 1, *k].iter().all(|&k| usize::from(sent[k]) < levels);
            let places = || (1..3000).filter(inside);
            assert_eq!(total(|t| t.n), places().count() as u64);
            let wrong = places().filter(|&k| sent[k] != decided[k]).count();
            assert_eq!(total(|t| t.errors), wrong as u64);
            let cell = (1..3000).filter(|&k| (sent[k - 1], sent[k]) == (1, 0));
            let wrong = cell.clone().filter(|&k| decided[k] != 0).count();
            assert_eq!(
                (table[1][0].n, table[1][0].errors),
                (cell.count() as u64, wrong as u64)
            );
        }
    }
}
