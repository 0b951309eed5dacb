use etalon_types::units::{Db, Hertz, Seconds};

use super::mpi::Interference::{Gauss, Single};
use super::*;

fn pam4_levels(extinction_ratio_db: f64) -> Vec<f64> {
    levels(Db(extinction_ratio_db), 4)
}

/// Relative comparison for printed numbers: half a unit of the last printed digit, given as a
/// relative tolerance.
fn check_relative(label: &str, found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found / expected - 1.0).abs() <= tolerance,
        "{label}: found {found:.6e}, expected {expected:.6e} within {tolerance}"
    );
}

/// BER of Gray PAM-4 against SNR; the table is printed with four digits.
#[test]
fn ref_pam4_ber_over_snr() {
    let table = [
        (14.0, 9.376e-3),
        (15.0, 4.465e-3),
        (16.0, 1.791e-3),
        (17.0, 5.795e-4),
        (18.0, 1.432e-4),
        (19.0, 2.522e-5),
        (20.0, 2.904e-6),
        (22.0, 6.755e-9),
    ];
    for (snr_db, expected) in table {
        check_relative("BER", pam4_ber(Db(snr_db)), expected, 5e-4);
        // Below 1e-2 half the symbol error ratio agrees to four digits.
        check_relative("SER / 2", pam4_ser(Db(snr_db)) / 2.0, expected, 1e-3);
    }
}

/// Acceptance row 6 and the rest of its table, printed to a thousandth of a decibel.
#[test]
fn ref_snr_for_ber() {
    let table = [
        (1e-2, 13.903),
        (3.8e-3, 15.193),
        (2e-3, 15.890),
        (1e-3, 16.543),
        (2.4e-4, 17.655),
        (1e-4, 18.225),
        (1e-6, 20.422),
        (1e-12, 23.885),
    ];
    for (target, expected_db) in table {
        let found = pam4_snr_for_ber(target).unwrap();
        assert!(
            (found.0 - expected_db).abs() < 6e-4,
            "{target:e}: {} dB",
            found.0
        );
        check_relative("back", pam4_ber(found), target, 1e-6);
    }
    // Q(7.0345) = 1e-12, a common figure of binary links.
    let nrz = nrz_snr_for_ber(1e-12).unwrap();
    assert!(
        (nrz.0 - 20.0 * 7.0345f64.log10()).abs() < 1e-3,
        "{} dB",
        nrz.0
    );
    assert_eq!(pam4_snr_for_ber(0.6), None);
    assert_eq!(pam4_snr_for_ber(f64::NAN), None);
}

/// OMA over mean power, 2 (r - 1) / (r + 1).
#[test]
fn ref_oma_over_mean_power() {
    for (er_db, expected_db) in [(3.5, -1.164), (4.5, -0.212), (6.0, 0.781), (10.0, 2.139)] {
        let levels = pam4_levels(er_db);
        let found = Db::from_linear(levels[3] - levels[0]);
        assert!(
            (found.0 - expected_db).abs() < 6e-4,
            "ER {er_db}: {} dB",
            found.0
        );
        assert!((levels.iter().sum::<f64>() / 4.0 - 1.0).abs() < 1e-12);
        assert!((Db::from_linear(levels[3] / levels[0]).0 - er_db).abs() < 1e-9);
    }
}

/// Acceptance row 24, and the published 2.5 dB of connectors at 25 dB and optics at 35 dB.
#[test]
fn ref_upper_bound_penalty() {
    let mixed = [[-25.0; 4].as_slice(), &[-35.0; 2]].concat();
    for (reflectances, expected_db) in [(mixed, 2.497), (vec![-25.0; 6], 6.201)] {
        let reflectances: Vec<Db> = reflectances.into_iter().map(Db).collect();
        let found = upper_bound_penalty(&reflectances, Db(6.0), 4).unwrap();
        assert!((found.0 - expected_db).abs() < 1e-3, "{} dB", found.0);
    }
    assert_eq!(upper_bound_penalty(&[Db(-10.0); 6], Db(6.0), 4), None);
}

/// Penalties at the KP4 limit in dB, from an independent script: MPI level, then single path
/// and Gaussian; `None` where interference alone exceeds the target. Includes acceptance row 27.
#[test]
fn ref_optical_penalty_table() {
    const MPI_DB: [f64; 8] = [-40.0, -36.0, -35.0, -34.0, -32.0, -30.0, -28.0, -26.0];
    let none = f64::NAN;
    let table: [(f64, [f64; 8], [f64; 8]); 4] = [
        (
            3.5,
            [0.29, 0.69, 0.86, 1.06, 1.64, 2.66, 5.10, none],
            [0.34, 1.03, 1.42, 2.06, none, none, none, none],
        ),
        (
            4.5,
            [0.195, 0.47, 0.587, 0.73, 1.13, 1.80, 3.09, 7.25],
            [0.215, 0.61, 0.805, 1.09, 2.28, none, none, none],
        ),
        (
            6.0,
            [0.126, 0.31, 0.39, 0.49, 0.77, 1.23, 2.04, 3.79],
            [0.134, 0.36, 0.47, 0.63, 1.15, 2.54, none, none],
        ),
        (
            10.0,
            [0.069, 0.17, 0.22, 0.28, 0.45, 0.74, 1.23, 2.14],
            [0.070, 0.19, 0.24, 0.31, 0.54, 1.01, 2.18, none],
        ),
    ];
    for (er_db, single, gauss) in table {
        let levels = pam4_levels(er_db);
        for (kind, row) in [(Single, single), (Gauss, gauss)] {
            for (mpi_db, expected) in MPI_DB.into_iter().zip(row) {
                let found = optical_penalty(&levels, 2.4e-4, Db(mpi_db), kind);
                let label = format!("ER {er_db}, {kind:?}, {mpi_db} dB: {found:?}");
                match found {
                    None => assert!(expected.is_nan(), "{label}, expected {expected}"),
                    // The table is rounded to 0.01 dB.
                    Some(found) => assert!((found.0 - expected).abs() < 6e-3, "{label}"),
                }
            }
        }
    }
}

/// Floors without other noise. The single-path column was summed over 720 phases, which near
/// the edge of the bound is only good to some per cent; the Gaussian one is closed.
#[test]
fn ref_floors() {
    let table = [
        (4.5, -24.0, 1.38e-2, 2.87e-2),
        (4.5, -26.0, 0.0, 1.07e-2),
        (4.5, -28.0, 0.0, 2.64e-3),
        (4.5, -30.0, 0.0, 3.5e-4),
        (6.0, -22.0, 1.96e-2, 2.93e-2),
        (6.0, -24.0, 1.48e-3, 1.15e-2),
        (6.0, -26.0, 0.0, 3.1e-3),
        (6.0, -30.0, 0.0, 3.2e-5),
        (10.0, -22.0, 3.3e-3, 9.0e-3),
        (10.0, -26.0, 0.0, 3.5e-4),
    ];
    for (er_db, mpi_db, single, gauss) in table {
        let levels = pam4_levels(er_db);
        let label = format!("ER {er_db}, {mpi_db} dB");
        check_relative(&label, ber_floor(&levels, Db(mpi_db), Gauss), gauss, 0.02);
        let found = ber_floor(&levels, Db(mpi_db), Single);
        if single == 0.0 {
            assert_eq!(found, 0.0, "{label}");
        } else {
            check_relative(&label, found, single, 0.05);
        }
    }
}

/// The level at which one path just closes the eye, printed to 0.01 dB.
#[test]
fn ref_eye_closing_level() {
    for (er_db, expected_db) in [(3.5, -26.72), (4.5, -25.39), (6.0, -24.10), (10.0, -22.50)] {
        let levels = pam4_levels(er_db);
        let found = eye_closing_mpi(&levels).unwrap();
        assert!(
            (found.0 - expected_db).abs() < 6e-3,
            "ER {er_db}: {} dB",
            found.0
        );
        // The floor begins there, and not before.
        assert_eq!(ber_floor(&levels, Db(found.0 - 1e-6), Single), 0.0);
        assert!(ber_floor(&levels, Db(found.0 + 1e-3), Single) > 0.0);
    }
}

/// Semi-analytic ratios of the cross-check: thermal noise for 1e-6 without interference.
#[test]
fn ref_single_path_ber() {
    let table = [
        (6.0, -22.0, 3.171e-2),
        (6.0, -24.0, 1.066e-2),
        (6.0, -26.0, 2.820e-3),
        (6.0, -28.0, 6.825e-4),
        (4.5, -26.0, 8.436e-3),
        (4.5, -28.0, 2.109e-3),
    ];
    for (er_db, mpi_db, expected) in table {
        let levels = pam4_levels(er_db);
        let sigma = sigma_for_ber(&levels, 1e-6, None, Single).unwrap();
        let found = ber(&levels, sigma, Some(Db(mpi_db)), Single);
        // The table's noise was set by d / sigma = 4.695, rounded; that moves 0.1 %.
        check_relative(&format!("ER {er_db}, {mpi_db} dB"), found, expected, 2e-3);
    }
}

#[test]
fn the_average_over_phases_has_converged() {
    // Against the same average over a far finer grid, at noise of a hundredth of the mean.
    let levels = pam4_levels(6.0);
    let sigma = 0.01;
    let fine = 20_000;
    let mpi = Db(-26.0);
    let mut tails = 0.0;
    for pair in levels.windows(2) {
        let gap = 0.5 * (pair[1] - pair[0]);
        for (level, sign) in [(pair[0], 1.0), (pair[1], -1.0)] {
            for other in &levels {
                let beat = 2.0 * (mpi.to_linear() * level * other).sqrt();
                for k in 0..fine {
                    let phase = std::f64::consts::PI * (f64::from(k) + 0.5) / f64::from(fine);
                    tails += q_function((gap - sign * beat * phase.cos()) / sigma);
                }
            }
        }
    }
    let expected = tails / f64::from(fine) / 4.0 / 8.0;
    check_relative(
        "BER",
        ber(&levels, sigma, Some(mpi), Single),
        expected,
        1e-9,
    );
}

#[test]
fn ref_quadrature_variance_of_a_finite_delay() {
    for (delay_ns, expected) in [(1.0, 0.1111), (5.0, 0.3577), (20.0, 0.4967)] {
        let found = beat_quadrature_variance(Hertz(20e6), Seconds(delay_ns * 1e-9));
        assert!((found - expected).abs() < 5e-5, "{delay_ns} ns: {found}");
    }
}

#[test]
fn a_target_beyond_the_floor_has_no_sigma() {
    let levels = pam4_levels(4.5);
    assert_eq!(sigma_for_ber(&levels, 2.4e-4, Some(Db(-28.0)), Gauss), None);
    assert!(sigma_for_ber(&levels, 2.4e-4, Some(Db(-28.0)), Single).is_some());
    // Without interference the kind does not matter.
    let plain = sigma_for_ber(&levels, 1e-3, None, Gauss);
    assert_eq!(plain, sigma_for_ber(&levels, 1e-3, None, Single));
}

#[test]
fn binary_levels_give_the_binary_ratio() {
    let levels = levels(Db(6.0), 2);
    let spread = level_set_variance(&levels).sqrt();
    for snr_db in [8.0, 12.0, 15.0] {
        let sigma = spread / Db(snr_db).to_linear().sqrt();
        check_relative(
            "NRZ",
            ber(&levels, sigma, None, Gauss),
            nrz_ber(Db(snr_db)),
            1e-9,
        );
    }
}
