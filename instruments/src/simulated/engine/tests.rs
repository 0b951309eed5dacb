use super::*;
use crate::dialect::models;

/// Keeps what it was told, and has a trace of three points.
#[derive(Default)]
struct Keeps(std::collections::BTreeMap<Verb, Vec<Value>>);

impl Behaviour for Keeps {
    fn set(&mut self, verb: Verb, values: &[Value]) -> Result<(), Refusal> {
        if values.contains(&Value::Integer(99)) {
            return Err(Refusal::OUT_OF_RANGE);
        }
        self.0.insert(verb, values.to_vec());
        Ok(())
    }

    fn ask(&mut self, verb: Verb, _: &[Value]) -> Result<Vec<Value>, Refusal> {
        match verb {
            Verb::TraceLevels => Ok([-10.5, -60.0, -210.0].map(Value::Number).to_vec()),
            _ => self.0.get(&verb).cloned().ok_or(Refusal::CONFLICT),
        }
    }
}

fn osa() -> Engine<Keeps> {
    let dialect = Dialect::of(&models::yokogawa_osa::AQ6370D).expect("a table that can be read");
    Engine::new(dialect, Keeps::default())
}

fn told(engine: &mut Engine<Keeps>, message: &str) -> String {
    String::from_utf8(engine.receive(message.as_bytes())).expect("text")
}

#[test]
fn several_commands_of_one_message_share_their_path() {
    let mut osa = osa();
    assert_eq!(told(&mut osa, ":SENS:WAV:CENT 1550NM;SPAN 10E-9"), "");
    let both = told(&mut osa, "SENS:WAV:SPAN?;*OPC?;CENT?;:SYST:ERR?");
    assert_eq!(
        both,
        "+1.000000000E-08;1;+1.550000000E-06;0,\"No error\"\r\n"
    );
}

#[test]
fn errors_wait_in_a_queue_and_in_the_event_status() {
    let mut osa = osa();
    assert_eq!(osa.status_byte(), 0);
    assert_eq!(told(&mut osa, "NO:SUCH 1;:SENS:SWE:POIN 99"), "");
    assert_eq!(osa.status_byte(), ESB);
    assert_eq!(told(&mut osa, "*ESR?"), "48\r\n");
    assert_eq!(
        told(&mut osa, "*ESR?;:SYST:ERR:NEXT?"),
        "0;-113,\"Undefined header\"\r\n"
    );
    assert_eq!(
        told(&mut osa, "SYST:ERR?"),
        "-222,\"Data out of range\"\r\n"
    );
    assert_eq!(told(&mut osa, "SYST:ERR?"), "0,\"No error\"\r\n");
    assert_eq!(told(&mut osa, ":SENS:WAV:SPAN?"), "");
    assert_eq!(
        told(&mut osa, "SYST:ERR?"),
        "-221,\"Settings conflict\"\r\n"
    );
    for _ in 0..50 {
        told(&mut osa, "NO:SUCH");
    }
    let all: Vec<String> = (0..21).map(|_| told(&mut osa, "SYST:ERR?")).collect();
    assert!(
        all[19].starts_with("-350") && all[20].starts_with("0,"),
        "{all:?}"
    );
    told(&mut osa, "NO:SUCH;*CLS");
    assert_eq!(told(&mut osa, "*ESR?;:SYST:ERR?"), "0;0,\"No error\"\r\n");
}

#[test]
fn traces_are_text_or_blocks() {
    let mut osa = osa();
    let text = told(&mut osa, ":TRAC:Y? TRA");
    assert_eq!(
        text,
        "-1.050000000E+01,-6.000000000E+01,-2.100000000E+02\r\n"
    );
    told(&mut osa, ":FORM REAL,32");
    assert_eq!(told(&mut osa, ":FORM?"), "REAL,32\r\n");
    let block = osa.receive(b":TRACe:DATA:Y? TRA");
    assert_eq!(&block[..4], b"#212");
    let floats: Vec<f32> = block[4..16]
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect();
    assert_eq!(
        (floats, &block[16..]),
        (vec![-10.5, -60.0, -210.0], &b"\r\n"[..])
    );
    told(&mut osa, ":FORM:DATA REAL,64");
    assert_eq!(osa.receive(b"TRAC:Y? TRB").len(), 4 + 24 + 2);
}

#[test]
fn prop_no_message_whatever_breaks_it() {
    use proptest::prelude::*;
    let words = "[:;*?,\" A-Za-z0-9.+@()#{}-]{0,60}";
    proptest!(|(messages in prop::collection::vec(words, 1..8))| {
        for model in models::ALL {
            let dialect = Dialect::of(model).expect("a table");
            let mut engine = Engine::new(dialect, Keeps::default());
            for message in &messages {
                let answer = engine.receive(message.as_bytes());
                let end = model.wire.reply_end;
                prop_assert!(answer.is_empty() || answer.ends_with(end));
            }
        }
    });
}
