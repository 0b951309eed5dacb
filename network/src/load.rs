//! Reads and checks a network of one's own (`etalon.topology/1`).

use std::collections::BTreeSet;

use etalon_types::Topology;

use crate::Error;

/// The shortest link that is accepted, in km. Path lengths are compared in whole millimetres.
pub const SHORTEST_LINK_KM: f64 = 1e-6;

/// The longest link that is accepted, in km: once around the Earth.
pub const LONGEST_LINK_KM: f64 = 40_075.0;

/// Reads a topology from JSON text and checks it.
///
/// # Errors
/// [`Error::Json`] when the text is not JSON of this shape, else as [`check_topology`].
///
/// # Example
/// ```
/// let text = r#"{
///     "schema": "etalon.topology/1", "name": "two", "source": "ours", "nodes": ["a", "b"],
///     "links": [{ "id": "a-b", "a": "a", "b": "b", "km": 12.5 }],
///     "services": [{ "id": "svc-1", "path": ["a", "b"] }]
/// }"#;
/// assert_eq!(etalon_network::load_topology(text)?.links[0].km, 12.5);
/// # Ok::<(), etalon_network::Error>(())
/// ```
pub fn load_topology(text: &str) -> Result<Topology, Error> {
    let topology: Topology = serde_json::from_str(text).map_err(|error| Error::Json {
        found: error.to_string(),
        line: error.line(),
        column: error.column(),
    })?;
    check_topology(&topology)?;
    Ok(topology)
}

/// Checks a topology: names are distinct and not empty, links join two nodes that exist, no two
/// links join the same ones (a path is a list of nodes and could not tell them apart), lengths
/// are between [`SHORTEST_LINK_KM`] and [`LONGEST_LINK_KM`], and services follow links without
/// a loop.
///
/// # Errors
/// [`Error::Invalid`] with the first field that is wrong.
pub fn check_topology(topology: &Topology) -> Result<(), Error> {
    if topology.schema != Topology::SCHEMA {
        return Err(invalid("schema".into(), Topology::SCHEMA, &topology.schema));
    }
    check_names("nodes", topology.nodes.iter().map(String::as_str))?;
    check_names("links", topology.links.iter().map(|link| link.id.as_str()))?;
    check_names(
        "services",
        topology.services.iter().map(|service| service.id.as_str()),
    )?;
    check_links(topology)?;
    check_services(topology)
}

fn check_names<'a>(list: &str, names: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for (index, name) in names.enumerate() {
        let field = || format!("{list}[{index}]");
        // A slash would make `link/A/B` of it, which no reader could split again.
        if name.is_empty() || name.contains('/') || name.chars().any(char::is_control) {
            return Err(invalid(
                field(),
                "a name without slash or control character",
                name,
            ));
        }
        if !seen.insert(name) {
            return Err(invalid(field(), "a name that occurs once", name));
        }
    }
    Ok(())
}

fn check_links(topology: &Topology) -> Result<(), Error> {
    let mut joined = BTreeSet::new();
    for (index, link) in topology.links.iter().enumerate() {
        for (end, node) in [("a", &link.a), ("b", &link.b)] {
            if !topology.nodes.contains(node) {
                return Err(invalid(
                    format!("links[{index}].{end}"),
                    "one of the nodes",
                    node,
                ));
            }
        }
        let pair = (
            link.a.clone().min(link.b.clone()),
            link.a.clone().max(link.b.clone()),
        );
        if pair.0 == pair.1 {
            return Err(invalid(
                format!("links[{index}]"),
                "two different ends",
                &link.a,
            ));
        }
        if !joined.insert(pair) {
            let found = format!("a second link between {} and {}", link.a, link.b);
            return Err(invalid(
                format!("links[{index}]"),
                "one link between two nodes",
                &found,
            ));
        }
        if !(SHORTEST_LINK_KM..=LONGEST_LINK_KM).contains(&link.km) {
            let expected = format!("{SHORTEST_LINK_KM} to {LONGEST_LINK_KM} km");
            return Err(invalid(
                format!("links[{index}].km"),
                &expected,
                &link.km.to_string(),
            ));
        }
    }
    Ok(())
}

fn check_services(topology: &Topology) -> Result<(), Error> {
    for (index, service) in topology.services.iter().enumerate() {
        let field = || format!("services[{index}].path");
        if service.path.len() < 2 {
            let found = format!("{} node(s)", service.path.len());
            return Err(invalid(field(), "at least two nodes", &found));
        }
        let mut seen = BTreeSet::new();
        if let Some(node) = service.path.iter().find(|node| !seen.insert(*node)) {
            return Err(invalid(
                field(),
                "every node once",
                &format!("{node} twice"),
            ));
        }
        let gap = service
            .path
            .windows(2)
            .find(|p| topology.link_between(&p[0], &p[1]).is_none());
        if let Some(pair) = gap {
            let found = format!("{} next to {}, which no link joins", pair[0], pair[1]);
            return Err(invalid(field(), "neighbours that a link joins", &found));
        }
    }
    Ok(())
}

fn invalid(field: String, expected: &str, found: &str) -> Error {
    Error::Invalid {
        field,
        expected: expected.to_owned(),
        found: found.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::metro::dci_metro_14;

    /// Changes one value of the metro's JSON and expects the refusal to name `field`.
    fn check(pointer: &str, value: Value, field: &str) {
        let mut json = serde_json::to_value(dci_metro_14()).unwrap();
        *json.pointer_mut(pointer).expect("the pointer exists") = value;
        match load_topology(&json.to_string()) {
            Err(Error::Invalid { field: found, .. }) => assert_eq!(found, field, "{pointer}"),
            other => panic!("{pointer}: {other:?}"),
        }
    }

    #[test]
    fn the_metro_survives_json() {
        let text = serde_json::to_string(&dci_metro_14()).unwrap();
        assert_eq!(load_topology(&text).unwrap(), dci_metro_14());
    }

    #[test]
    fn every_senseless_value_is_refused_by_name() {
        check("/schema", json!("etalon.topology/2"), "schema");
        check("/nodes/3", json!("3"), "nodes[3]");
        check("/nodes/3", json!(""), "nodes[3]");
        check("/links/1/id", json!("1-2"), "links[1]");
        check("/links/1/id", json!("1/3"), "links[1]");
        check("/links/0/a", json!("15"), "links[0].a");
        check("/links/0/b", json!("1"), "links[0]");
        check("/links/1/b", json!("2"), "links[1]");
        check("/links/2/km", json!(0.0), "links[2].km");
        check("/links/2/km", json!(-4.0), "links[2].km");
        check("/links/2/km", json!(1e300), "links[2].km");
        check("/services/0/path", json!(["1"]), "services[0].path");
        check(
            "/services/0/path",
            json!(["1", "2", "1"]),
            "services[0].path",
        );
        check("/services/0/path", json!(["1", "14"]), "services[0].path");
        check("/services/1/id", json!("svc-01"), "services[1]");
    }

    #[test]
    fn what_is_not_a_topology_says_where() {
        for text in ["", "[]", "{", r#"{"schema": "etalon.topology/1"}"#, "\u{0}"] {
            assert!(
                matches!(load_topology(text), Err(Error::Json { .. })),
                "{text:?}"
            );
        }
    }
}
