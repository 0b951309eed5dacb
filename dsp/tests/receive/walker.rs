//! Looks at every number that a reception holds.

use etalon_dsp::Reception;
use serde_json::Value;

/// Places where a report may say null, as its schema documents.
const MAY_BE_NULL: [&str; 10] = [
    "pattern",
    "polarity",
    "lag",
    "line_code",
    "mpi_regime",
    "classification",
    "seed",
    "level_db",
    "low_db",
    "high_db",
];

/// Panics when a figure is not finite, an estimate lies outside its own interval, or a curve holds
/// a NaN. JSON has no NaN and no infinity: they come out as null, so a null at any place but the
/// documented ones was one.
pub fn every_number_is_finite(reception: &Reception) {
    let json = serde_json::to_value(&reception.report).expect("a report is JSON");
    walk(&json, "report");
    let traces = &reception.traces;
    if let Some(eye) = &traces.eye {
        finite("eye", [eye.low, eye.high]);
        finite("eye levels", eye.levels.iter().copied());
        finite("eye thresholds", eye.thresholds.iter().copied());
    }
    if let Some(levels) = &traces.levels {
        finite("histogram", [levels.low, levels.high]);
    }
    if let Some(spectrum) = &traces.spectrum {
        finite("spectrum", spectrum.density_db_hz.iter().copied());
        finite("spectrum", [spectrum.floor_db_hz]);
    }
    if let Some(gram) = &traces.reflectogram {
        finite("reflectogram", gram.significance.iter().copied());
        finite("reflectogram levels", gram.level_db.iter().copied());
    }
}

fn finite(what: &str, values: impl IntoIterator<Item = f64>) {
    for value in values {
        assert!(value.is_finite(), "{what}: {value}");
    }
}

fn walk(value: &Value, path: &str) {
    match value {
        Value::Object(map) => {
            let not_measurable = map.contains_key("reason");
            for (key, inner) in map {
                let may = MAY_BE_NULL.contains(&key.as_str()) || (key == "value" && not_measurable);
                assert!(!inner.is_null() || may, "{path}.{key} is null");
                walk(inner, &format!("{path}.{key}"));
            }
            interval(value, path);
        }
        Value::Array(items) => {
            for (i, inner) in items.iter().enumerate() {
                assert!(!inner.is_null(), "{path}[{i}] is null");
                walk(inner, &format!("{path}[{i}]"));
            }
        }
        _ => {}
    }
}

fn interval(figure: &Value, path: &str) {
    let number = |key: &str| figure.get(key).and_then(Value::as_f64);
    if let (Some(value), Some(low), Some(high)) = (number("value"), number("low"), number("high")) {
        assert!(
            low <= value && value <= high,
            "{path}: {low} {value} {high}"
        );
    }
}

#[test]
#[should_panic(expected = "is null")]
fn a_nan_is_seen() {
    walk(
        &serde_json::json!({"figure": {"value": f64::NAN, "low": 1.0}}),
        "made up",
    );
}

#[test]
#[should_panic(expected = "made up")]
fn a_value_outside_its_interval_is_seen() {
    walk(
        &serde_json::json!({"value": 3.0, "low": 1.0, "high": 2.0}),
        "made up",
    );
}
