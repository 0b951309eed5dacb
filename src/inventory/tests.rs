use proptest::prelude::*;

use super::*;

const BAUD_HZ: f64 = 26.5625e9;

const TEXT: &str = r#"
# Row 3, seen from the transmitter.
tolerance_m = 0.25   # tape measure

[[connector]]
name = "TX"
position_m = 0

[[connector]] # first panel
position_m = +1_2.3e0
name = 'PP1-A'
return_loss_db = 35

  [[ connector ]]
name = "PP2 \"B\" # not a comment"
position_m = 55.5
"#;

fn path(distance_m: f64) -> MpiPath {
    MpiPath {
        distance_m,
        ..MpiPath::default()
    }
}

fn named(inventory: &Inventory, path: MpiPath) -> Vec<[String; 2]> {
    let mut paths = [path];
    inventory.name_paths(&mut paths, BAUD_HZ);
    paths[0].connectors.clone().expect("an inventory was given")
}

#[test]
fn what_is_written_is_read() {
    let inventory = Inventory::parse(TEXT).unwrap();
    assert_eq!(inventory.tolerance_m, 0.25);
    let names: Vec<&str> = inventory
        .connector
        .iter()
        .map(|c| c.name.as_str())
        .collect();
    assert_eq!(names, ["TX", "PP1-A", "PP2 \"B\" # not a comment"]);
    assert_eq!(inventory.connector[1].position_m, 12.3);
    assert_eq!(inventory.connector[1].return_loss_db, Some(35.0));
    assert_eq!(inventory.pairs().len(), 3);
    let windows = TEXT.replace('\n', "\r\n");
    assert_eq!(
        Inventory::parse(&format!("\u{feff}{windows}")),
        Ok(inventory)
    );
}

#[test]
fn a_path_is_named_by_the_pairs_that_are_as_far_apart() {
    let inventory = Inventory::parse(TEXT).unwrap();
    // Half a symbol is 1.92 mm of fibre: 18.8 ps times c / (2 n).
    assert_eq!(named(&inventory, path(43.2))[0][0], "PP1-A");
    assert_eq!(named(&inventory, path(43.45)).len(), 1);
    assert_eq!(named(&inventory, path(43.4515)).len(), 1);
    assert!(named(&inventory, path(43.4525)).is_empty());
    assert!(named(&inventory, path(30.0)).is_empty());
    assert_eq!(named(&inventory, path(12.3)), [["TX", "PP1-A"]]);
}

#[test]
fn the_nearest_pair_stands_first_and_a_period_is_left_out() {
    let four = "tolerance_m = 1\n".to_owned()
        + &[("A", 0.0), ("B", 10.0), ("C", 20.6), ("D", 120.6)]
            .map(|(n, x)| format!("[[connector]]\nname = \"{n}\"\nposition_m = {x}\n"))
            .concat();
    let inventory = Inventory::parse(&four).unwrap();
    assert_eq!(named(&inventory, path(10.5)), [["B", "C"], ["A", "B"]]);
    // C and D are 100 m apart. A pattern that repeats after 90 m shows 10 m or 100 m.
    let folded = MpiPath {
        modulo_s: Some(90.0 * 2.0 * 1.468 / 299_792_458.0),
        ..path(10.0)
    };
    let found = named(&inventory, folded);
    assert!(
        found.contains(&["C".to_owned(), "D".to_owned()]),
        "{found:?}"
    );
}

#[test]
fn nonsense_is_refused_with_its_line() {
    let table = "[[connector]]\nname = \"A\"\nposition_m = 1\n";
    for (text, line) in [
        ("position_m = 1", 1),
        ("tolerance_m = -1", 1),
        ("tolerance_m = 1\ntolerance_m = 1", 2),
        ("[connector]", 1),
        ("[[connectors]]", 1),
        ("[[connector]]\nname = \"A\"\nname = \"B\"", 3),
        ("[[connector]]\nname = \"A\"\nposition_m = nan", 3),
        ("[[connector]]\nname = \"A\"\nposition_m = -inf", 3),
        ("[[connector]]\nname = \"A\"\nposition_m = 1e999", 3),
        ("[[connector]]\nname = \"A\"\nposition_m = \"1\"", 3),
        ("[[connector]]\nname = \"A\"\nposition_m = 1 m", 3),
        ("[[connector]]\nname = \"A\"\nposition_m = 1_", 3),
        ("[[connector]]\nname = \"A\"\nposition_m =", 3),
        ("[[connector]]\nname = \"A\"\nlength_m = 1", 3),
        ("[[connector]]\nname = A", 2),
        ("[[connector]]\nname = \"A", 2),
        ("[[connector]]\nname = \"A\\n\"", 2),
        ("[[connector]]\nname = \"\"", 2),
        ("[[connector]]\nname = \"A\" \"B\"", 2),
        ("[[connector]]\nname = 7", 2),
        ("[[connector]]\nname", 2),
        ("[[connector]]\nna me = 7", 2),
        ("\n[[connector]]\nname = \"A\"", 2),
        ("\n[[connector]]\nposition_m = 3", 2),
    ] {
        let error = Inventory::parse(text).unwrap_err();
        let words = error.to_string();
        assert!(
            words.starts_with(&format!("line {line}: expected")),
            "{text:?}: {words}"
        );
        assert!(words.contains("found"), "{words}");
    }
    let twice = Inventory::parse(&(table.to_owned() + table)).unwrap_err();
    assert!(matches!(twice, Error::Twice { line: 4, .. }), "{twice}");
    for (text, found) in [("", 0), ("# nothing\n", 0), (table, 1)] {
        assert_eq!(Inventory::parse(text), Err(Error::Count { found }));
    }
    let many = "[[connector]]\n".repeat(MAX_CONNECTORS + 5);
    assert!(matches!(Inventory::parse(&many), Err(Error::Count { .. })));
}

#[test]
fn the_example_is_an_inventory() {
    let example = Inventory::example();
    let text = example.connector.iter().fold(String::new(), |text, c| {
        let loss = c.return_loss_db.map(|l| format!("return_loss_db = {l}\n"));
        let (name, position_m) = (&c.name, c.position_m);
        text + &format!("[[connector]]\nname = {name:?}\nposition_m = {position_m}\n")
            + &loss.unwrap_or_default()
    });
    assert_eq!(Inventory::parse(&text), Ok(example));
}

proptest! {
    /// Any text is an inventory or refused, and what is read names no path by a distance that
    /// is none.
    #[test]
    fn prop_any_text_is_read_or_refused(
        lines in prop::collection::vec(
            prop_oneof![
                Just("[[connector]]".to_owned()),
                Just("name = \"A\"".to_owned()),
                Just("name = 'B'".to_owned()),
                Just("position_m = -1.5e3".to_owned()),
                Just("tolerance_m = 0".to_owned()),
                "[a-z_]{0,12} ?= ?[\"'0-9a-z.+_#\\\\-]{0,12}",
                "\\PC{0,30}",
            ],
            0..12,
        )
    ) {
        if let Ok(inventory) = Inventory::parse(&lines.join("\n")) {
            prop_assert!(inventory.connector.len() >= 2);
            prop_assert!(inventory.pairs().iter().all(|p| p.distance_m.is_finite()));
            for distance_m in [0.0, f64::NAN, f64::INFINITY] {
                let folded = MpiPath { modulo_s: Some(distance_m), ..path(distance_m) };
                prop_assert!(named(&inventory, folded).len() <= inventory.pairs().len());
            }
        }
    }
}
