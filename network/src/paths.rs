//! Shortest paths by length: Dijkstra's algorithm and Yen's k shortest loopless paths.
//!
//! E. W. Dijkstra, "A note on two problems in connexion with graphs" (1959); J. Y. Yen, "Finding
//! the k shortest loopless paths in a network" (1971).
//!
//! Lengths are compared in whole millimetres, so that a sum does not depend on the order of its
//! terms and a tie is a tie. Ties go to the path with fewer hops, then to the one whose list of
//! node names comes first in the alphabet: the answer is a function of the topology's content,
//! not of the order in which links are listed.
//!
//! Links are used in both directions. A topology that [`check_topology`](crate::check_topology)
//! accepts is assumed: a link without a positive length would make the order of paths senseless.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use etalon_types::Topology;

use crate::Error;

/// A way through the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Nodes from source to destination.
    pub nodes: Vec<String>,
    /// Length in km.
    pub km: f64,
}

/// What a path must not use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Avoid {
    /// Identifiers of links.
    pub links: BTreeSet<String>,
    /// Nodes.
    pub nodes: BTreeSet<String>,
}

/// What paths are ordered by: length in millimetres, hops, and the nodes themselves.
type Rank<'t> = (u64, usize, Vec<&'t str>);

/// Neighbours of every node with the length of the link to them in millimetres.
struct Graph<'t> {
    neighbours: BTreeMap<&'t str, BTreeMap<&'t str, u64>>,
}

impl<'t> Graph<'t> {
    fn new(topology: &'t Topology, avoid: &Avoid) -> Self {
        let usable = |node: &str| !avoid.nodes.contains(node);
        let mut neighbours: BTreeMap<&str, BTreeMap<&str, u64>> = topology
            .nodes
            .iter()
            .filter(|n| usable(n))
            .map(|n| (n.as_str(), BTreeMap::new()))
            .collect();
        for link in &topology.links {
            if avoid.links.contains(&link.id) || !usable(&link.a) || !usable(&link.b) {
                continue;
            }
            let mm = (link.km * 1e6).round() as u64;
            for (from, to) in [(&link.a, &link.b), (&link.b, &link.a)] {
                neighbours.entry(from).or_default().insert(to, mm);
            }
        }
        Self { neighbours }
    }

    fn length_mm(&self, path: &[&str]) -> u64 {
        path.windows(2)
            .map(|pair| self.neighbours[pair[0]][pair[1]])
            .sum()
    }

    /// Dijkstra with the rank as its label. Every step adds at least a millimetre and a hop, so
    /// labels only grow, and a better beginning makes a better whole: the two properties that
    /// the algorithm needs.
    fn best(&self, from: &'t str, to: &str, banned: &Banned<'_>) -> Option<Rank<'t>> {
        if banned.nodes.contains(from) || !self.neighbours.contains_key(from) {
            return None;
        }
        let mut settled: BTreeSet<&str> = BTreeSet::new();
        let mut queue = BinaryHeap::from([Reverse((0, 0, vec![from]))]);
        while let Some(Reverse((mm, hops, path))) = queue.pop() {
            let last = path[path.len() - 1];
            if last == to {
                return Some((mm, hops, path));
            }
            if !settled.insert(last) {
                continue;
            }
            for (&next, &step) in &self.neighbours[last] {
                let closed = settled.contains(next)
                    || banned.nodes.contains(next)
                    || banned.hops.contains(&(last, next));
                if !closed {
                    let mut longer = path.clone();
                    longer.push(next);
                    queue.push(Reverse((mm + step, hops + 1, longer)));
                }
            }
        }
        None
    }
}

/// What a spur path of Yen's algorithm must not use.
#[derive(Default)]
struct Banned<'t> {
    nodes: BTreeSet<&'t str>,
    hops: BTreeSet<(&'t str, &'t str)>,
}

/// Returns the shortest path by length between two nodes, or none when nothing joins them.
///
/// # Errors
/// [`Error::Unknown`] when an end is not a node of the topology.
///
/// *Complexity*: O(E log E) label operations, each as long as a path.
pub fn shortest_path(
    topology: &Topology,
    from: &str,
    to: &str,
    avoid: &Avoid,
) -> Result<Option<Route>, Error> {
    Ok(k_shortest_paths(topology, from, to, 1, avoid)?.pop())
}

/// Returns up to `k` loopless paths between two nodes, shortest first; fewer when there are no
/// more. The path from a node to itself is that node, 0 km.
///
/// # Errors
/// [`Error::Unknown`] when an end is not a node of the topology.
///
/// *Complexity*: at most `k` times the number of nodes searches like [`shortest_path`].
pub fn k_shortest_paths(
    topology: &Topology,
    from: &str,
    to: &str,
    k: usize,
    avoid: &Avoid,
) -> Result<Vec<Route>, Error> {
    let from = node(topology, from)?;
    let to = node(topology, to)?;
    let graph = Graph::new(topology, avoid);
    let mut found: Vec<Rank> = Vec::new();
    // A set: two spurs can lead to the same path, and the smallest rank comes first.
    let mut waiting: BTreeSet<Rank> = BTreeSet::new();
    if k > 0 {
        waiting.extend(graph.best(from, to, &Banned::default()));
    }
    while let Some(next) = waiting.pop_first() {
        found.push(next);
        if found.len() == k {
            break;
        }
        spurs(&graph, &found, to, &mut waiting);
    }
    Ok(found
        .into_iter()
        .map(|(mm, _, nodes)| route(mm, &nodes))
        .collect())
}

/// Adds to `waiting` the best deviation from the newest path at each of its nodes.
fn spurs<'t>(graph: &Graph<'t>, found: &[Rank<'t>], to: &str, waiting: &mut BTreeSet<Rank<'t>>) {
    let Some((_, _, newest)) = found.last() else {
        return;
    };
    for at in 0..newest.len().saturating_sub(1) {
        let root = &newest[..=at];
        let banned = Banned {
            nodes: root[..at].iter().copied().collect(),
            hops: found
                .iter()
                .filter(|(_, _, path)| path.len() > at + 1 && path[..=at] == *root)
                .map(|(_, _, path)| (path[at], path[at + 1]))
                .collect(),
        };
        if let Some((mm, hops, spur)) = graph.best(root[at], to, &banned) {
            let nodes: Vec<&str> = root[..at].iter().copied().chain(spur).collect();
            waiting.insert((graph.length_mm(root) + mm, at + hops, nodes));
        }
    }
}

fn route(mm: u64, nodes: &[&str]) -> Route {
    Route {
        nodes: nodes.iter().map(|&n| n.to_owned()).collect(),
        km: mm as f64 / 1e6,
    }
}

fn node<'t>(topology: &'t Topology, name: &str) -> Result<&'t str, Error> {
    topology
        .nodes
        .iter()
        .find(|node| *node == name)
        .map(String::as_str)
        .ok_or_else(|| Error::Unknown {
            kind: "node",
            found: name.to_owned(),
            expected: topology.nodes.join(", "),
            topology: topology.name.clone(),
        })
}

#[cfg(test)]
mod tests;
