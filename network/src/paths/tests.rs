use etalon_types::{Link, Topology};
use proptest::prelude::*;

use super::*;
use crate::metro::dci_metro_14;

fn graph(nodes: usize, links: &[(usize, usize, u64)]) -> Topology {
    Topology {
        schema: Topology::SCHEMA.into(),
        name: "drawn".into(),
        source: "test".into(),
        nodes: (0..nodes).map(|n| n.to_string()).collect(),
        links: links
            .iter()
            .map(|&(a, b, km)| Link {
                id: format!("{a}-{b}"),
                a: a.to_string(),
                b: b.to_string(),
                km: km as f64,
                srlg: vec![],
                lines: vec![],
            })
            .collect(),
        services: vec![],
    }
}

/// Every loopless path, by trying all of them: (km, hops, nodes), in order.
fn brute_force(topology: &Topology, from: &str, to: &str, avoid: &Avoid) -> Vec<Vec<String>> {
    fn walk(
        topology: &Topology,
        to: &str,
        avoid: &Avoid,
        path: &mut Vec<String>,
        km: u64,
        all: &mut Vec<(u64, usize, Vec<String>)>,
    ) {
        let last = path[path.len() - 1].clone();
        if last == to {
            all.push((km, path.len(), path.clone()));
            return;
        }
        for link in &topology.links {
            let next = if link.a == last {
                &link.b
            } else if link.b == last {
                &link.a
            } else {
                continue;
            };
            let closed = avoid.links.contains(&link.id) || avoid.nodes.contains(next);
            if !closed && !path.contains(next) {
                path.push(next.clone());
                walk(topology, to, avoid, path, km + link.km as u64, all);
                path.pop();
            }
        }
    }
    let mut all = Vec::new();
    if !avoid.nodes.contains(from) {
        walk(topology, to, avoid, &mut vec![from.to_owned()], 0, &mut all);
    }
    all.sort();
    all.into_iter().map(|(_, _, nodes)| nodes).collect()
}

prop_compose! {
    /// Three to six nodes, any of the links between them, lengths of 1 to 4 km: many ties.
    fn small_graph()(nodes in 3usize..=6)(
        present in proptest::collection::vec(proptest::option::of(1u64..5), nodes * (nodes - 1) / 2),
        nodes in Just(nodes),
    ) -> Topology {
        let pairs = (0..nodes).flat_map(|a| (a + 1..nodes).map(move |b| (a, b)));
        let links: Vec<_> =
            pairs.zip(present).filter_map(|((a, b), km)| km.map(|km| (a, b, km))).collect();
        graph(nodes, &links)
    }
}

proptest! {
    #[test]
    fn prop_yen_gives_what_trying_every_path_gives(
        topology in small_graph(), k in 0usize..12, hide in 0usize..15, node in 0usize..12,
    ) {
        let mut avoid = Avoid::default();
        if let Some(link) = topology.links.get(hide) {
            avoid.links.insert(link.id.clone());
        }
        if let Some(name) = topology.nodes.get(node) {
            avoid.nodes.insert(name.clone());
        }
        let mut expected = brute_force(&topology, "0", "2", &avoid);
        expected.truncate(k);
        let found = k_shortest_paths(&topology, "0", "2", k, &avoid).unwrap();
        let lengths: Vec<f64> = found.iter().map(|route| route.km).collect();
        prop_assert!(lengths.is_sorted());
        let nodes: Vec<_> = found.into_iter().map(|route| route.nodes).collect();
        prop_assert_eq!(nodes, expected);
    }

    #[test]
    fn prop_the_order_of_the_links_does_not_matter(
        topology in small_graph(), turn in 0usize..15,
    ) {
        let mut turned = topology.clone();
        if !turned.links.is_empty() {
            let by = turn % turned.links.len();
            turned.links.rotate_left(by);
        }
        for link in &mut turned.links {
            std::mem::swap(&mut link.a, &mut link.b);
        }
        let none = Avoid::default();
        prop_assert_eq!(
            k_shortest_paths(&topology, "0", "1", 5, &none).unwrap(),
            k_shortest_paths(&turned, "0", "1", 5, &none).unwrap()
        );
    }
}

#[test]
fn ref_yen_of_the_textbook_example() {
    // The standard worked example of the algorithm (C to H): lengths 5, 7 and 8 when the links
    // are one-way. Used both ways, E-D opens a fourth path, of length 7 and one hop more.
    let letters = ["C", "D", "E", "F", "G", "H"];
    let links = [
        (0, 1, 3),
        (0, 2, 2),
        (1, 3, 4),
        (2, 1, 1),
        (2, 3, 2),
        (2, 4, 3),
        (3, 4, 2),
        (3, 5, 1),
        (4, 5, 2),
    ];
    let topology = graph(6, &links);
    let found = k_shortest_paths(&topology, "0", "5", 4, &Avoid::default()).unwrap();
    let spelled: Vec<(String, f64)> = found
        .iter()
        .map(|r| {
            (
                r.nodes
                    .iter()
                    .map(|n| letters[n.parse::<usize>().unwrap()])
                    .collect(),
                r.km,
            )
        })
        .collect();
    assert_eq!(spelled[0], ("CEFH".into(), 5.0));
    assert_eq!(spelled[1], ("CEGH".into(), 7.0));
    assert_eq!(spelled[2], ("CDEFH".into(), 7.0));
    // Several paths of 8 share the fourth place; fewer hops win, then the alphabet.
    assert_eq!(spelled[3], ("CDFH".into(), 8.0));
}

#[test]
fn the_metro_has_a_way_around_every_link() {
    let topology = dci_metro_14();
    for link in &topology.links {
        let avoid = Avoid {
            links: [link.id.clone()].into(),
            ..Avoid::default()
        };
        let way = shortest_path(&topology, &link.a, &link.b, &avoid)
            .unwrap()
            .unwrap();
        assert!(way.km > 0.0 && !way.nodes.is_empty());
        assert!(
            topology
                .links_of(&way.nodes)
                .unwrap()
                .iter()
                .all(|l| l.id != link.id)
        );
    }
}

#[test]
fn odd_questions_have_an_answer() {
    let topology = graph(4, &[(0, 1, 2), (1, 2, 2)]);
    let none = Avoid::default();
    assert_eq!(shortest_path(&topology, "0", "3", &none).unwrap(), None);
    let own = shortest_path(&topology, "0", "0", &none).unwrap().unwrap();
    assert_eq!((own.nodes, own.km), (vec!["0".to_owned()], 0.0));
    assert!(matches!(
        shortest_path(&topology, "0", "9", &none),
        Err(Error::Unknown { kind: "node", .. })
    ));
    assert!(
        k_shortest_paths(&topology, "0", "2", 0, &none)
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        k_shortest_paths(&topology, "0", "2", 99, &none)
            .unwrap()
            .len(),
        1
    );
}
