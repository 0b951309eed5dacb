use etalon_types::TransmissionMode::{NrzAt26G, Pam4At53G};
use proptest::prelude::*;

use super::*;

fn snr_db(km: f64) -> f64 {
    PathModel::default()
        .condition(&[PathLink::healthy(km)], Pam4At53G)
        .snr_db
}

#[test]
fn ref_required_snr_is_that_of_theory() {
    // Closed form of Gray PAM-4 in white noise: 17.655 dB for 2.4e-4, 20.422 dB for 1e-6; the
    // table has three decimals.
    assert!((required_snr_db(Pam4At53G, 2.4e-4) - 17.655).abs() < 0.001);
    assert!((required_snr_db(Pam4At53G, 1e-6) - 20.422).abs() < 0.001);
    // Q(3.4917) = 2.4e-4, so NRZ needs 20 log10(3.4917) = 10.861 dB.
    assert!((required_snr_db(NrzAt26G, 2.4e-4) - 10.861).abs() < 0.001);
    // Textbook: Q(7.034) = 1e-12, 16.944 dB.
    assert!((required_snr_db(NrzAt26G, 1e-12) - 16.944).abs() < 0.001);
}

#[test]
fn ref_bit_error_ratio_follows_the_closed_form() {
    // (SNR in dB, BER) of Gray PAM-4; four digits are given.
    for (snr, ber) in [
        (14.0, 9.376e-3),
        (16.0, 1.791e-3),
        (18.0, 1.432e-4),
        (20.0, 2.904e-6),
    ] {
        let found = bit_error_ratio(Pam4At53G, snr);
        assert!(
            (found / ber - 1.0).abs() < 5e-4,
            "{snr} dB: {found} for {ber}"
        );
    }
}

#[test]
fn the_metro_closes_and_a_long_detour_does_not() {
    // The design figures that the constants were chosen for, to a tenth of a dB.
    for (km, expected) in [(60.0, 21.95), (80.0, 21.43), (150.0, 20.0), (300.0, 17.96)] {
        assert!(
            (snr_db(km) - expected).abs() < 0.1,
            "{km} km: {}",
            snr_db(km)
        );
    }
    let model = PathModel::default();
    assert!(model.margin_db(&[PathLink::healthy(329.0)], Pam4At53G) > 0.0);
    assert!(model.margin_db(&[PathLink::healthy(331.0)], Pam4At53G) < 0.0);
    assert!(model.margin_db(&[PathLink::healthy(331.0)], NrzAt26G) > 9.0);
}

#[test]
fn loss_counts_twice_where_thermal_noise_rules() {
    let lossy = |db| {
        let link = PathLink {
            km: 0.0,
            fault: LinkFault::Attenuation { db },
        };
        PathModel::default().condition(&[link], Pam4At53G)
    };
    // On a path without line noise the slope is exactly 2 dB per dB, up to rounding.
    assert!((lossy(0.0).snr_db - lossy(3.0).snr_db - 6.0).abs() < 1e-9);
    assert!((lossy(0.0).mean_power_dbm - lossy(3.0).mean_power_dbm - 3.0).abs() < 1e-12);
}

#[test]
fn faults_compose_over_the_path() {
    let mpi = |level_db, delay_s| LinkFault::Mpi {
        level_db,
        delay_s,
        linewidth_hz: 10e6,
    };
    let faults = [
        mpi(-30.0, 100e-9),
        LinkFault::Bandwidth { hz: 12e9 },
        LinkFault::Bandwidth { hz: 16e9 },
        mpi(-34.0, 40e-9),
        LinkFault::Attenuation { db: 1.0 },
        LinkFault::Attenuation { db: 0.5 },
    ];
    let links = faults.map(|fault| PathLink { km: 10.0, fault });
    let found = PathModel::default().condition(&links, Pam4At53G);
    assert_eq!(found.mpi, [(-30.0, 100e-9), (-34.0, 40e-9)]);
    assert_eq!(found.linewidth_hz, 10e6);
    // 12 and 16 make 9.6 as legs of a right triangle do: 1/sqrt(1/144 + 1/256).
    assert!((found.rx_bandwidth_hz.unwrap() / 9.6e9 - 1.0).abs() < 1e-12);
    assert!((found.mean_power_dbm - (-6.5)).abs() < 1e-12);
    let clean = PathModel::default().condition(&[PathLink::healthy(60.0)], Pam4At53G);
    assert_eq!((clean.mpi.len(), clean.rx_bandwidth_hz), (0, None));
}

proptest! {
    #[test]
    fn prop_a_longer_or_lossier_path_is_never_better(
        km in 0.0..500.0f64, more in 0.0..100.0f64, db in 0.0..10.0f64,
    ) {
        let model = PathModel::default();
        for mode in [Pam4At53G, NrzAt26G] {
            let base = model.margin_db(&[PathLink::healthy(km)], mode);
            let longer = model.margin_db(&[PathLink::healthy(km + more)], mode);
            let lossy = PathLink { km, fault: LinkFault::Attenuation { db } };
            prop_assert!(longer <= base);
            prop_assert!(model.margin_db(&[lossy], mode) <= base);
        }
    }

    #[test]
    fn prop_the_order_of_links_does_not_matter(
        kms in proptest::collection::vec(1.0..100.0f64, 1..6),
    ) {
        let links: Vec<_> = kms.iter().map(|&km| PathLink::healthy(km)).collect();
        let back: Vec<_> = links.iter().rev().copied().collect();
        let model = PathModel::default();
        let there = model.condition(&links, Pam4At53G).snr_db;
        let again = model.condition(&back, Pam4At53G).snr_db;
        // Sums of six terms in two orders differ by a few units in the last place.
        prop_assert!((there - again).abs() < 1e-12);
    }
}
