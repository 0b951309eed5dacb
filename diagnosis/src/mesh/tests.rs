use etalon_types::{Link, Service};
use proptest::prelude::*;

use super::ServiceState::{Degraded, Healthy, Unknown};
use super::*;

/// The links and services of the built-in metro network. The room of networks may not be
/// imported here; the end-to-end tests check the built-in one itself.
const LINKS: [&str; 22] = [
    "1-2", "1-3", "1-8", "2-3", "2-4", "3-6", "4-5", "4-11", "5-6", "5-7", "6-10", "6-14", "7-8",
    "7-10", "8-9", "9-10", "9-12", "9-13", "11-12", "11-13", "12-14", "13-14",
];
const PATHS: [&str; 12] = [
    "1 2 4",
    "1 3 6",
    "1 8 9 10",
    "2 4 11",
    "3 2 4 5 7",
    "3 6 10 9 12",
    "4 5 7 10",
    "6 5 7 8",
    "6 14 12",
    "6 14 13 11",
    "7 8 9 13 14",
    "9 12 11",
];

fn topology(links: &[&str], paths: &[&str]) -> Topology {
    let ends = |id: &&str| {
        id.split_once('-')
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap()
    };
    let nodes: BTreeSet<String> = links.iter().map(ends).flat_map(|(a, b)| [a, b]).collect();
    Topology {
        schema: Topology::SCHEMA.into(),
        name: "test".into(),
        source: "test".into(),
        nodes: nodes.into_iter().collect(),
        links: links
            .iter()
            .map(|id| {
                let (a, b) = ends(id);
                Link {
                    id: (*id).into(),
                    a,
                    b,
                    km: 10.0,
                    srlg: vec![],
                    lines: vec![],
                }
            })
            .collect(),
        services: paths
            .iter()
            .enumerate()
            .map(|(index, path)| Service {
                id: format!("s{index}"),
                path: path.split(' ').map(str::to_owned).collect(),
            })
            .collect(),
    }
}

/// What is seen of every service when `broken` links give it a fault.
fn observe(topology: &Topology, broken: &[&str]) -> Vec<(String, ServiceState)> {
    let state = |service: &Service| {
        let links = topology.links_of(&service.path).unwrap();
        let hit = links.iter().any(|link| broken.contains(&link.id.as_str()));
        if hit {
            Degraded(FaultKind::Mpi)
        } else {
            Healthy
        }
    };
    topology
        .services
        .iter()
        .map(|s| (s.id.clone(), state(s)))
        .collect()
}

fn elements(found: &Localization) -> Vec<&str> {
    found
        .candidates
        .iter()
        .map(|c| c.element.as_str())
        .collect()
}

#[test]
fn each_of_the_22_links_is_named_alone() {
    let metro = topology(&LINKS, &PATHS);
    for link in LINKS {
        let found = localize(&metro, &observe(&metro, &[link])).unwrap();
        assert_eq!(found.verdict, Verdict::Localized, "{link}");
        assert_eq!(elements(&found), [format!("link/{link}")]);
        assert_eq!(found.candidates[0].class, FaultKind::Mpi);
        // Alone among single faults; only pairs at a hundredth each stand against it, and the
        // link is in all of the pairs that are left when a second one stays hidden.
        assert!(
            found.candidates[0].confidence > 0.9,
            "{link}: {:?}",
            found.candidates[0]
        );
        assert!(found.missing.is_empty());
    }
}

#[test]
fn nothing_degraded_is_healthy_only_when_everything_was_seen() {
    let metro = topology(&LINKS, &PATHS);
    let mut seen = observe(&metro, &[]);
    assert_eq!(localize(&metro, &seen).unwrap().verdict, Verdict::Healthy);
    // s1 is the only service on 1-3.
    seen[1].1 = Unknown;
    let found = localize(&metro, &seen).unwrap();
    assert_eq!(
        (found.verdict, found.missing),
        (Verdict::Unknown, vec!["path/s1".to_owned()])
    );
    let found = localize(&metro, &[]).unwrap();
    assert_eq!((found.verdict, found.missing.len()), (Verdict::Unknown, 12));
}

#[test]
fn an_inseparable_pair_is_reported_whole() {
    let chain = topology(&["a-b", "b-c", "c-d"], &["a b c", "c d"]);
    let found = localize(&chain, &observe(&chain, &["a-b"])).unwrap();
    assert_eq!(found.verdict, Verdict::Ambiguous);
    assert_eq!(elements(&found), ["link/a-b", "link/b-c"]);
    // Weights: two single faults, and both at once at the odds r = 1/99; each has (1 + r)/(2 + r).
    let share = (1.0 + 1.0 / 99.0) / (2.0 + 1.0 / 99.0);
    assert!(
        found
            .candidates
            .iter()
            .all(|c| (c.confidence - share).abs() < 1e-12)
    );
}

#[test]
fn missing_telemetry_widens_the_answer_and_is_named() {
    let chain = topology(&["a-b", "b-c"], &["a b c", "b c"]);
    let mut seen = observe(&chain, &["a-b"]);
    seen[1].1 = Unknown;
    let found = localize(&chain, &seen).unwrap();
    assert_eq!(found.verdict, Verdict::Ambiguous);
    assert_eq!(elements(&found), ["link/a-b", "link/b-c"]);
    assert_eq!(found.missing, ["path/s1"]);
    // A service that was not mentioned at all is as unknown as one that was said to be.
    assert_eq!(localize(&chain, &seen[..1]).unwrap(), found);
}

#[test]
fn two_faults_are_found_as_a_pair() {
    let metro = topology(&LINKS, &PATHS);
    let found = localize(&metro, &observe(&metro, &["1-3", "9-13"])).unwrap();
    assert!(elements(&found).contains(&"link/1-3"), "{found:?}");
    assert!(elements(&found).contains(&"link/9-13"), "{found:?}");
    let apart = topology(&["a-b", "c-d"], &["a b", "c d"]);
    let found = localize(&apart, &observe(&apart, &["a-b", "c-d"])).unwrap();
    assert_eq!(found.verdict, Verdict::Localized);
    assert!(found.candidates.iter().all(|c| c.confidence == 1.0));
}

#[test]
fn what_no_pair_explains_is_unknown() {
    let apart = topology(&["a-b", "c-d", "e-f"], &["a b", "c d", "e f"]);
    let found = localize(&apart, &observe(&apart, &["a-b", "c-d", "e-f"])).unwrap();
    assert_eq!(
        (found.verdict, found.candidates.len()),
        (Verdict::Unknown, 0)
    );
    // Two services on the same link, one healthy and one not: nothing on the path explains it.
    let same = topology(&["a-b"], &["a b", "a b"]);
    let seen = [
        ("s0".to_owned(), Degraded(FaultKind::Mpi)),
        ("s1".to_owned(), Healthy),
    ];
    assert_eq!(localize(&same, &seen).unwrap().verdict, Verdict::Unknown);
}

#[test]
fn the_class_is_what_most_services_say() {
    let star = topology(&["a-b"], &["a b", "a b", "a b"]);
    let seen = [FaultKind::LowPower, FaultKind::Mpi, FaultKind::LowPower]
        .iter()
        .enumerate()
        .map(|(index, &kind)| (format!("s{index}"), Degraded(kind)))
        .collect::<Vec<_>>();
    assert_eq!(
        localize(&star, &seen).unwrap().candidates[0].class,
        FaultKind::LowPower
    );
}

#[test]
fn an_alarm_that_names_a_link_is_localized_by_it() {
    let metro = topology(&LINKS, &PATHS);
    let found = localize_resource(&metro, "link/7-10", FaultKind::Mpi, 0.8).unwrap();
    assert_eq!(
        (found.verdict, elements(&found)),
        (Verdict::Localized, vec!["link/7-10"])
    );
    assert_eq!(found.candidates[0].confidence, 0.8);
    let found = localize_resource(&metro, "path/s0", FaultKind::Mpi, 0.8).unwrap();
    assert_eq!(
        (found.verdict, elements(&found)),
        (Verdict::Ambiguous, vec!["link/1-2", "link/2-4"])
    );
    assert_eq!(found.candidates[0].confidence, 0.4);
    for resource in ["link/1-14", "path/s99", "node/1", "", "link/"] {
        let refused = localize_resource(&metro, resource, FaultKind::Mpi, 0.8);
        assert!(
            matches!(refused, Err(Error::Unknown { .. })),
            "{resource:?}"
        );
    }
}

#[test]
fn senseless_observations_are_refused() {
    let metro = topology(&LINKS, &PATHS);
    let seen = |id: &str, state| (id.to_owned(), state);
    let twice = [seen("s0", Healthy), seen("s0", Degraded(FaultKind::Mpi))];
    assert!(matches!(
        localize(&metro, &twice),
        Err(Error::Conflicting { .. })
    ));
    assert!(localize(&metro, &[seen("s0", Healthy), seen("s0", Healthy)]).is_ok());
    assert!(matches!(
        localize(&metro, &[seen("s12", Healthy)]),
        Err(Error::Unknown { .. })
    ));
    let broken = topology(&["a-b"], &["a c"]);
    assert!(matches!(
        localize(&broken, &[]),
        Err(Error::BrokenPath { .. })
    ));
}

proptest! {
    #[test]
    fn prop_the_broken_link_is_always_among_the_candidates(
        broken in 0usize..22, hidden in proptest::collection::vec(0usize..12, 0..6),
        order in any::<usize>(),
    ) {
        let metro = topology(&LINKS, &PATHS);
        let mut seen = observe(&metro, &[LINKS[broken]]);
        for index in hidden {
            seen[index].1 = Unknown;
        }
        let found = localize(&metro, &seen).unwrap();
        if seen.iter().any(|(_, state)| matches!(state, Degraded(_))) {
            let element = format!("link/{}", LINKS[broken]);
            let named = elements(&found).contains(&element.as_str());
            prop_assert!(named);
        } else {
            // The only witnesses were hidden: that must not be called healthy.
            prop_assert_eq!(found.verdict, Verdict::Unknown);
        }
        prop_assert!(found.candidates.iter().all(|c| c.confidence > 0.0 && c.confidence <= 1.0));
        let by = order % seen.len();
        seen.rotate_left(by);
        prop_assert_eq!(localize(&metro, &seen).unwrap(), found);
    }

    #[test]
    fn prop_two_broken_links_never_accuse_a_link_that_a_healthy_service_crosses(
        one in 0usize..22, two in 0usize..22,
    ) {
        let metro = topology(&LINKS, &PATHS);
        let seen = observe(&metro, &[LINKS[one], LINKS[two]]);
        let found = localize(&metro, &seen).unwrap();
        for (service, (_, state)) in metro.services.iter().zip(&seen) {
            if *state == Healthy {
                for link in metro.links_of(&service.path).unwrap() {
                    let element = format!("link/{}", link.id);
                    let accused = elements(&found).contains(&element.as_str());
                    prop_assert!(!accused);
                }
            }
        }
        prop_assert!(!found.candidates.is_empty());
    }
}
