use etalon_types::TransmissionMode::{NrzAt26G, Pam4At53G};

use super::*;
use crate::metro::dci_metro_14;

fn ranked(topology: &Topology, request: &Request) -> Vec<Proposal> {
    match propose(topology, request, &PathModel::default()).unwrap() {
        Outcome::Ranked(proposals) => proposals,
        none => panic!("{none:?}"),
    }
}

#[test]
fn every_service_has_a_way_around_each_of_its_links() {
    let topology = dci_metro_14();
    let mut downgraded = 0;
    for service in &topology.services {
        for link in topology.links_of(&service.path).unwrap() {
            let failed = [format!("link/{}", link.id)];
            let proposals = ranked(&topology, &Request::new("a", &service.id, &failed));
            let best = &proposals[0];
            assert!(
                topology
                    .links_of(&best.path)
                    .unwrap()
                    .iter()
                    .all(|l| l.id != link.id)
            );
            assert_eq!(best.path.first(), service.path.first());
            assert_eq!(best.path.last(), service.path.last());
            assert!(proposals.iter().all(|p| p.gsnr_margin_db >= 1.0));
            downgraded += usize::from(best.mode == NrzAt26G);
        }
    }
    // svc-04 around 2-4 (255 km) is the one detour of the metro that PAM-4 does not close with
    // 1 dB to spare.
    assert_eq!(downgraded, 1);
    let failed = ["2-4".to_owned()];
    let downgrade = &ranked(&topology, &Request::new("a", "svc-04", &failed))[0];
    assert_eq!(downgrade.mode, NrzAt26G);
    assert!(
        downgrade
            .reasons
            .iter()
            .any(|r| r.starts_with("53g-pam4 would have"))
    );
}

#[test]
fn ref_margin_and_latency_follow_from_the_length() {
    let topology = dci_metro_14();
    let failed = ["6-14".to_owned()];
    let best = &ranked(&topology, &Request::new("a", "svc-09", &failed))[0];
    // 6-10-9-12: 52.5 + 37.5 + 15 km at n = 1.468.
    assert!((best.latency_us - 105.0 * 1e9 * 1.468 / 299_792_458.0).abs() < 0.05);
    // 1/SNR = 10^-2.4 + 4e-5 * 105, and 17.655 dB are needed.
    let by_hand = -10.0 * (10f64.powf(-2.4) + 4e-5 * 105.0).log10() - 17.655;
    assert!((best.gsnr_margin_db - by_hand).abs() < 1e-3);
}

#[test]
fn the_asked_margin_decides_the_mode() {
    let topology = dci_metro_14();
    let failed = ["6-14".to_owned()];
    let at = |minimum_margin_db| {
        let request = Request {
            minimum_margin_db,
            ..Request::new("a", "svc-09", &failed)
        };
        propose(&topology, &request, &PathModel::default()).unwrap()
    };
    let Outcome::Ranked(easy) = at(1.0) else {
        panic!("closes")
    };
    assert_eq!(easy[0].mode, Pam4At53G);
    let Outcome::Ranked(strict) = at(4.0) else {
        panic!("NRZ closes")
    };
    assert!(strict.iter().all(|p| p.mode == NrzAt26G));
    let Outcome::NoAcceptableRoute { rejected } = at(40.0) else {
        panic!("nothing closes")
    };
    assert_eq!(rejected.len(), 8);
    assert!(rejected.iter().all(|r| r.margins_db.len() == 2));
}

#[test]
fn only_the_modes_asked_for_are_proposed() {
    let topology = dci_metro_14();
    let failed = ["6-14".to_owned()];
    let request = Request {
        modes: &[NrzAt26G],
        ..Request::new("a", "svc-09", &failed)
    };
    assert!(
        ranked(&topology, &request)
            .iter()
            .all(|p| p.mode == NrzAt26G)
    );
}

#[test]
fn a_node_that_is_cut_off_has_no_route() {
    let topology = dci_metro_14();
    // Node 12 has the links 9-12, 11-12 and 12-14.
    let failed = ["9-12", "11-12", "12-14"].map(str::to_owned);
    let request = Request::new("a", "svc-09", &failed);
    let outcome = propose(&topology, &request, &PathModel::default()).unwrap();
    assert_eq!(outcome, Outcome::NoAcceptableRoute { rejected: vec![] });
}

#[test]
fn a_shared_duct_comes_last_and_is_named() {
    let mut topology = dci_metro_14();
    for link in &mut topology.links {
        if link.id == "6-14" || link.id == "6-10" {
            link.srlg = vec!["d1".into()];
        }
    }
    let failed = ["6-14".to_owned()];
    let proposals = ranked(&topology, &Request::new("a", "svc-09", &failed));
    let shares = |p: &Proposal| p.reasons.iter().any(|r| r.contains("duct d1"));
    assert!(!shares(&proposals[0]));
    let pam4: Vec<_> = proposals
        .iter()
        .filter(|p| p.mode == Pam4At53G)
        .map(shares)
        .collect();
    assert!(pam4.is_sorted() && pam4.contains(&true), "{pam4:?}");
}

#[test]
fn senseless_requests_are_refused() {
    let topology = dci_metro_14();
    let ask = |service: &str, link: &str| {
        let failed = [link.to_owned()];
        propose(
            &topology,
            &Request::new("a", service, &failed),
            &PathModel::default(),
        )
    };
    assert!(matches!(
        ask("svc-99", "6-14"),
        Err(Error::Unknown {
            kind: "service",
            ..
        })
    ));
    assert!(matches!(
        ask("svc-09", "6-15"),
        Err(Error::Unknown { kind: "link", .. })
    ));
    assert!(matches!(
        ask("svc-09", "1-2"),
        Err(Error::NotAffected { .. })
    ));
}
