//! A name for a set of options: equal options have equal hashes, on every machine.

use etalon_dsp::equalizer::registry;
use etalon_dsp::{
    BaudChoice, LineCode, ModulationChoice, PatternChoice, Quantity, ReceiveOptions,
    ReferenceReceiver,
};
use etalon_types::Modulation;
use serde_json::{Value, json};

use crate::store::Digest;

/// Returns the SHA-256 of the options in canonical JSON: keys sorted, no white space.
pub fn config_sha256(options: &ReceiveOptions) -> String {
    Digest::of(canonical(options).to_string().as_bytes()).to_string()
}

fn canonical(options: &ReceiveOptions) -> Value {
    json!({
        "baud": match options.baud {
            BaudChoice::Auto => json!("auto"),
            BaudChoice::Is(baud_hz) => json!(baud_hz),
        },
        "modulation": match options.modulation {
            ModulationChoice::Auto => "auto",
            ModulationChoice::Is(Modulation::Nrz) => "nrz",
            ModulationChoice::Is(Modulation::Pam4) => "pam4",
        },
        "pattern": match &options.pattern {
            PatternChoice::Auto => json!("auto"),
            PatternChoice::None => json!("none"),
            PatternChoice::Named(name) => json!(name),
            // The content decides, not the name that it was read under.
            PatternChoice::Symbols { symbols, .. } => json!({"sha256": Digest::of(symbols).to_string()}),
        },
        "equalizer": registry::name(options.equalizer),
        "taps": options.taps,
        "quantity": match options.quantity {
            Quantity::Unknown => "unknown",
            Quantity::OpticalPower => "optical-power",
            Quantity::Voltage => "voltage",
        },
        "zero": options.zero,
        "line_code": match options.line_code {
            LineCode::None => "none",
            LineCode::Code64b66b => "64b66b",
        },
        "measures": {
            "mpi": options.measures.mpi,
            "reflectogram": options.measures.reflectogram,
            "cancellation": options.measures.cancellation,
            "eye": options.measures.eye,
            "tdecq": options.measures.tdecq,
        },
        "reference_receiver": match options.reference_receiver {
            ReferenceReceiver::None => "none",
            ReferenceReceiver::BesselThomson4 => "bt4",
        },
        "reference_channel": options.reference_channel,
        "linewidth_hz": options.linewidth_hz,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use etalon_dsp::EqualizerChoice;
    use etalon_types::FrequencyResponse;

    #[test]
    fn options_that_differ_have_other_hashes() {
        let plain = ReceiveOptions::default();
        let variants = [
            ReceiveOptions {
                baud: BaudChoice::Is(1e9),
                ..plain.clone()
            },
            ReceiveOptions {
                modulation: ModulationChoice::Is(Modulation::Nrz),
                ..plain.clone()
            },
            ReceiveOptions {
                pattern: PatternChoice::None,
                ..plain.clone()
            },
            ReceiveOptions {
                equalizer: EqualizerChoice::Ffe,
                ..plain.clone()
            },
            ReceiveOptions {
                taps: Some(3),
                ..plain.clone()
            },
            ReceiveOptions {
                quantity: Quantity::OpticalPower,
                ..plain.clone()
            },
            ReceiveOptions {
                zero: 1.0,
                ..plain.clone()
            },
            ReceiveOptions {
                line_code: LineCode::Code64b66b,
                ..plain.clone()
            },
            ReceiveOptions {
                reference_channel: FrequencyResponse::new(
                    vec![0.0, 1e9],
                    vec![1.0; 2],
                    vec![0.0; 2],
                )
                .ok(),
                ..plain.clone()
            },
            ReceiveOptions {
                reference_receiver: ReferenceReceiver::BesselThomson4,
                ..plain.clone()
            },
            ReceiveOptions {
                linewidth_hz: Some(1e6),
                ..plain.clone()
            },
            plain,
        ];
        let mut hashes: Vec<String> = variants.iter().map(config_sha256).collect();
        assert!(hashes.iter().all(|h| h.len() == 64));
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), variants.len());
    }
}
