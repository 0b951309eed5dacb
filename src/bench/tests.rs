use super::*;

#[test]
fn every_seed_breaks_a_link_that_carries_a_service_as_it_was_asked_to() {
    for seed in 0..200 {
        for how in [Break::Mpi, Break::Bandwidth, Break::LowPower] {
            let truth = SimBench::new(seed, how).unwrap().open();
            let link = truth.link.clone().expect("a fault is on a link");
            let topology = dci_metro_14();
            let crossed = topology.services.iter().any(|s| {
                let links = topology.links_of(&s.path).unwrap();
                links.iter().any(|l| l.id == link)
            });
            assert!(crossed, "{truth:?}");
            assert_eq!(Some(truth.kind), how.kind());
            match truth.fault {
                LinkFault::Mpi {
                    level_db,
                    delay_s,
                    linewidth_hz,
                } => {
                    assert!((-27.0..-21.0).contains(&level_db));
                    let per_hz = std::f64::consts::TAU * linewidth_hz;
                    assert!(per_hz * delay_s > 6.3, "{truth:?}");
                    assert!(per_hz * 65536.0 / BAUD_HZ > 60.0, "{truth:?}");
                }
                LinkFault::Bandwidth { hz } => assert!((0.22..0.30).contains(&(hz / BAUD_HZ))),
                LinkFault::Attenuation { db } => assert!((1.0..8.0).contains(&db), "{db} dB"),
                LinkFault::None => panic!("{truth:?}"),
            }
        }
        assert_eq!(SimBench::new(seed, Break::None).unwrap().open().link, None);
    }
}

#[test]
fn a_loss_leaves_every_service_over_the_link_12_to_15_db() {
    let topology = dci_metro_14();
    for seed in 0..200 {
        let bench = SimBench::new(seed, Break::LowPower).unwrap();
        let link = bench.truth.link.clone().unwrap();
        for service in &topology.services {
            if !topology
                .links_of(&service.path)
                .unwrap()
                .iter()
                .any(|l| l.id == link)
            {
                continue;
            }
            let links = bench.links(&service.path);
            let snr_db = bench
                .model
                .condition(&links, TransmissionMode::Pam4At53G)
                .snr_db;
            assert!(
                (12.0..15.0).contains(&snr_db),
                "seed {seed} {}: {snr_db}",
                service.id
            );
        }
    }
}

#[test]
fn a_seal_is_of_the_truth_and_of_no_other() {
    let bench = SimBench::new(5, Break::Surprise).unwrap();
    let seal = bench.seal();
    let text = bench.open().text();
    assert!(text.starts_with("{\"schema\":\"etalon.demo-truth/1\""));
    assert!(is_sealed_by(&text, seal));
    assert!(!is_sealed_by(
        &text.replace("\"seed\":5", "\"seed\":6"),
        seal
    ));
    let drawn: std::collections::BTreeSet<_> = (0..40)
        .map(|seed| SimBench::new(seed, Break::Surprise).unwrap().open().kind)
        .collect();
    assert_eq!(
        drawn.len(),
        4,
        "a surprise can be any of the four: {drawn:?}"
    );
    assert_ne!(fresh_seed(), fresh_seed());
}

#[test]
fn every_single_link_can_be_gone_around_on_patched_routes() {
    let topology = dci_metro_14();
    let panel = PatchPanel::of(&topology).unwrap();
    for service in &topology.services {
        assert!(panel.circuit(&service.id, &service.path).is_some());
        for link in topology.links_of(&service.path).unwrap() {
            let around = (1..=panel.outputs())
                .filter_map(|o| panel.route(SwitchPort(o)))
                .any(|(of, path)| {
                    let links = topology.links_of(path).unwrap();
                    of == service.id && links.iter().all(|l| l.id != link.id)
                });
            assert!(around, "{} without {}", service.id, link.id);
        }
    }
    assert!(
        panel
            .circuit("svc-01", &["1".into(), "14".into()])
            .is_none()
    );
    assert!(panel.route(SwitchPort(0)).is_none());
}

#[test]
fn captures_repeat_with_the_seed_and_differ_from_look_to_look() {
    let bench = || SimBench::new(3, Break::Mpi).unwrap();
    let (one, two) = (bench(), bench());
    let first = one.capture("svc-02", Look::Survey).unwrap();
    // The other services' captures do not disturb it: threads may take them in any order.
    two.capture("svc-01", Look::Survey).unwrap();
    assert_eq!(first, two.capture("svc-02", Look::Survey).unwrap());
    assert_ne!(first, one.capture("svc-02", Look::Survey).unwrap());
    assert!(matches!(
        one.capture("svc-99", Look::Survey),
        Err(BenchError::NoService { .. })
    ));
    let mut dark = bench();
    dark.switch_mut(SWITCH).unwrap().disconnect_all().unwrap();
    assert!(matches!(
        dark.capture("svc-01", Look::Survey),
        Err(BenchError::Dark { .. })
    ));
}
