//! One walk over every model: what a table writes, the same table reads.

use super::*;

/// Values that a pattern of this text takes, one kind a slot, nodes with numbers first.
fn values(pattern: &str) -> Vec<Value> {
    let header = pattern.split([' ', '{']).next().unwrap_or_default();
    let numbered = header.matches('#').count();
    let mut values: Vec<Value> = (0..numbered)
        .map(|n| Value::Integer(n as i64 + 3))
        .collect();
    for slot in pattern.split('{').skip(1) {
        let slot = slot.split('}').next().unwrap_or_default();
        values.push(match slot {
            "i" => Value::Integer(7),
            "s" => Value::Text("some words".into()),
            "q" => Value::Text("No error".into()),
            choice if choice.contains('|') => Value::Integer(1),
            "m.e" => Value::Number(1.55e-6),
            _ => Value::Number(0.5),
        });
    }
    values
}

#[test]
fn every_model_reads_what_it_writes() {
    let mut rows = 0;
    for model in models::ALL {
        let dialect = Dialect::of(model).unwrap_or_else(|e| panic!("{}: {e}", model.name));
        assert_eq!(
            models::by_name(&model.name.to_uppercase()).map(|m| m.name),
            Some(model.name)
        );
        for (at, row) in dialect.rows().enumerate() {
            let told = values(row.command);
            let command = dialect.command(at, &told).unwrap_or_else(|e| panic!("{e}"));
            let found = dialect
                .understand(&command)
                .unwrap_or_else(|| panic!("{command}"));
            assert_eq!(
                (found.row, &found.values),
                (at, &told),
                "{}: {command}",
                model.name
            );
            let Some(reply) = first_reply(&row.reply) else {
                continue;
            };
            let told = values(reply);
            let answer = dialect.answer(at, &told).unwrap_or_else(|e| panic!("{e}"));
            let read = dialect.read_answer(at, &answer);
            assert_eq!(read.as_ref(), Some(&told), "{}: {answer}", model.name);
            rows += 1;
        }
    }
    assert!(rows > 40, "{rows}");
}

fn first_reply(reply: &Reply) -> Option<&'static str> {
    match reply {
        Reply::Nothing => None,
        Reply::Line(lines) => lines.first().copied(),
        Reply::List { each, .. } | Reply::Trace { each } => Some(each),
    }
}

/// What changes light is never a question, and a question never changes anything.
#[test]
fn questions_and_acts_are_told_apart() {
    for model in models::ALL {
        for row in model.rows {
            let (asks, reads) = (row.command.contains('?'), row.effect == Effect::Reads);
            assert!(reads || !asks, "{}: {}", model.name, row.command);
            // Elsewhere a bare word may be a question.
            if model.spelling == Spelling::Scpi {
                assert_eq!(asks, reads, "{}: {}", model.name, row.command);
            }
            assert!(
                !reads || row.reply != Reply::Nothing,
                "{}: {}",
                model.name,
                row.command
            );
        }
        assert!(!model.source.is_empty() && model.seen == Seen::Simulated);
        let identity = model
            .rows
            .iter()
            .any(|row| row.command == model.wire.identify);
        assert!(identity, "{}: who it is has no row", model.name);
    }
}

#[test]
fn lists_and_traces_hold_as_many_numbers_as_they_say() {
    static ROWS: [Row; 1] = [Row {
        verb: Verb::TraceLevels,
        effect: Effect::Reads,
        command: "LDATA",
        reply: Reply::List {
            each: "{dBm.2}",
            between: ",",
            first: First::Count,
        },
    }];
    static ANDO: Model = Model {
        name: "counts first",
        spelling: Spelling::Exact,
        rows: &ROWS,
        ..models::yokogawa_osa::AQ6370D
    };
    let dialect = Dialect::of(&ANDO).unwrap();
    let levels = [Value::Number(-10.25), Value::Number(-60.0)];
    let answer = dialect.answer(0, &levels).unwrap();
    assert_eq!(answer, "2,-10.25,-60.00");
    assert_eq!(
        dialect.read_answer(0, &answer).as_deref(),
        Some(&levels[..])
    );
    assert_eq!(dialect.read_answer(0, "3,-10.25,-60.00"), None);
    assert_eq!(dialect.read_answer(0, "2,-10.25,x"), None);
}
