//! The driver against the engine of the same table, over a socket.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::*;
use crate::dialect::{Model, models};
use crate::server::SocketServer;
use crate::session::Wire;
use crate::simulated::{Behaviour, Engine, Refusal};
use crate::transport;

/// Keeps what it is told; has a spectrum of three points, and minds a span of zero.
#[derive(Default)]
struct Keeps(BTreeMap<Verb, Vec<Value>>);

impl Behaviour for Keeps {
    fn set(&mut self, verb: Verb, values: &[Value]) -> Result<(), Refusal> {
        if (verb, values) == (Verb::Span, &[Value::Number(0.0)]) {
            return Err(Refusal::OUT_OF_RANGE);
        }
        self.0.insert(verb, values.to_vec());
        Ok(())
    }

    fn ask(&mut self, verb: Verb, values: &[Value]) -> Result<Vec<Value>, Refusal> {
        match verb {
            Verb::TraceLevels => Ok([-10.25, -60.5, -61.0].map(Value::Number).to_vec()),
            // A slot, or the letter of a trace, is not part of what is kept.
            _ => {
                let kept = self.0.get(&verb).ok_or(Refusal::CONFLICT)?;
                Ok(kept[values.len().min(kept.len() - 1)..].to_vec())
            }
        }
    }
}

/// An instrument of this model that speaks through a socket, and a driver for it.
fn bench(model: &'static Model) -> (SocketServer, Driver) {
    let dialect = || Dialect::of(model).expect("a table");
    let engine = Arc::new(Mutex::new(Engine::new(dialect(), Keeps::default())));
    let ends = crate::server::LineEnd::of(&model.wire);
    let server = SocketServer::start("127.0.0.1:0", engine, ends).expect("a free port");
    let resource = server.resource();
    let wire = Wire {
        patience: Duration::from_secs(2),
        silence: Duration::from_millis(2),
        ..model.wire
    };
    let connector = Box::new(move |deadline| transport::open(&resource, deadline));
    let line = Line::new("it", wire, connector);
    (server, Driver::new(line, dialect()))
}

#[test]
fn settings_and_traces_go_through_the_whole_way() {
    for model in [&models::yokogawa_osa::AQ6370D, &models::ando::AQ6317] {
        let (_server, mut osa) = bench(model);
        assert_eq!(osa.identity().unwrap(), model.identity);
        let centre = [Value::Number(1.55e-6)];
        osa.configure(Verb::CentreWavelength, &centre).unwrap();
        assert_eq!(osa.read(Verb::CentreWavelength, &[]).unwrap(), centre);
        let trace: &[Value] = match model.name {
            "Ando AQ6317" => &[],
            _ => &[Value::Integer(0)],
        };
        let levels = osa.read_trace(Verb::TraceLevels, trace, None).unwrap();
        assert_eq!(levels, [-10.25, -60.5, -61.0], "{}", model.name);
        let missing = osa.read(Verb::Attenuation, &[]).unwrap_err();
        assert!(matches!(missing, Error::Unsupported { .. }), "{missing}");
    }
}

#[test]
fn an_instrument_that_minds_is_heard() {
    let (_server, mut osa) = bench(&models::yokogawa_osa::AQ6370D);
    let refused = osa
        .configure(Verb::Span, &[Value::Number(0.0)])
        .unwrap_err();
    assert!(
        matches!(&refused, Error::Refused { code: -222, text, .. } if text == "Data out of range"),
        "{refused}"
    );
    // The queue is empty again, and the line in step.
    osa.configure(Verb::Span, &[Value::Number(1e-8)]).unwrap();
}

#[test]
fn light_is_taken_away_without_a_permit_and_nothing_else_is() {
    let (_server, mut voa) = bench(&models::keysight_attenuator::N7764A);
    let slot = [Value::Integer(3)];
    voa.darken(Verb::OutputEnable, &slot).unwrap();
    assert_eq!(
        voa.read(Verb::OutputEnable, &slot).unwrap(),
        [Value::Integer(0)]
    );
    let refused = voa.darken(Verb::Attenuation, &slot).unwrap_err();
    assert!(matches!(refused, Error::Unsupported { .. }), "{refused}");
    let (_server, mut edfa) = bench(&models::ipg::YAR);
    edfa.darken(Verb::Emission, &[]).unwrap();
}

#[test]
fn a_line_that_was_cut_comes_back_by_itself() {
    let (server, mut osa) = bench(&models::yokogawa_osa::AQ6370D);
    osa.configure(Verb::Points, &[Value::Integer(1001)])
        .unwrap();
    drop(server);
    let gone = osa.read(Verb::Points, &[]).unwrap_err();
    assert!(
        matches!(gone, Error::Disconnected { .. } | Error::Timeout { .. }),
        "{gone}"
    );
}
