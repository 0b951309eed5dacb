use super::*;

fn scpi(text: &str) -> Pattern {
    Pattern::new(text, Spelling::Scpi).unwrap_or_else(|e| panic!("{e}"))
}

fn exact(text: &str) -> Pattern {
    Pattern::new(text, Spelling::Exact).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn headers_are_read_in_every_spelling() {
    let centre = scpi(":SENSe:WAVelength:CENTer {m.e}");
    let written = centre.write(&[Value::Number(1.55e-6)]).unwrap();
    assert_eq!(written, ":SENS:WAV:CENT +1.550000000E-06");
    for spelled in [
        ":SENSe:WAVelength:CENTer 1.55E-6",
        "sens:wav:cent   1.55e-6",
        ":SENSE:WAV:CENTER +0.00000155",
    ] {
        assert_eq!(centre.read(spelled), Some(vec![Value::Number(1.55e-6)]));
    }
    for united in [
        "sens:wav:cent 1550nm",
        "SENS:WAV:CENT 1.55 UM",
        "SENS:WAV:CENT 1550000PM",
    ] {
        assert_eq!(
            centre.read(united),
            Some(vec![Value::Number(1.55e-6)]),
            "{united}"
        );
    }
    for other in [
        ":SENSe:WAVelength:CENTer 1550PARSEC",
        ":SENSe:WAVelength:CENT? 1.55E-6",
        ":SENSe:WAVelength:CENTe 1.55E-6",
        ":SENSe:WAVelength 1.55E-6",
        ":SENSe:WAVelength:CENTer:X 1.55E-6",
        ":SENSe:WAVelength:CENTer",
        ":SENSe:WAVelength:CENTer x",
        "",
    ] {
        assert_eq!(centre.read(other), None, "{other}");
    }
    let power = scpi(":SOURce#:POWer[:STATe] {OFF|ON}");
    let on = vec![Value::Integer(2), Value::Integer(1)];
    assert_eq!(power.write(&on).unwrap(), ":SOUR2:POW ON");
    assert_eq!(power.read("sour2:pow:stat ON"), Some(on));
    let first = vec![Value::Integer(1), Value::Integer(0)];
    assert_eq!(power.read(":SOURCE:POWER off"), Some(first));
    let identity = scpi("*IDN?");
    assert_eq!(identity.write(&[]).unwrap(), "*IDN?");
    assert_eq!(identity.read("*idn?"), Some(vec![]));
}

#[test]
fn dialects_that_are_no_scpi_are_read_as_they_stand() {
    for (pattern, written, value) in [
        ("CTRWL{nm.2}", "CTRWL1550.00", Value::Number(1550.0e-9)),
        ("A{dB.2}", "A10.00", Value::Number(10.0)),
        ("IC2={mA.0}", "IC2=1500", Value::Number(1.5)),
        ("CPU={10mW.0}", "CPU=25", Value::Number(0.25)),
        ("setacc,1,{mA.1}", "setacc,1,250.5", Value::Number(0.2505)),
        ("ROP: {W.2}", "ROP: 1.25", Value::Number(1.25)),
        ("{OFF|ON|BUSY}", "BUSY", Value::Integer(2)),
        ("(@{i})", "(@17)", Value::Integer(17)),
        ("Atten:{dB.2}(dB)", "Atten:3.50(dB)", Value::Number(3.5)),
        ("{q}", "\"18\"", Value::Text("18".into())),
        (
            "model: {s};",
            "model: AEDFA PA-30;",
            Value::Text("AEDFA PA-30".into()),
        ),
    ] {
        let pattern = exact(pattern);
        let value = std::slice::from_ref(&value);
        assert_eq!(pattern.write(value).unwrap(), written);
        assert_eq!(pattern.read(written).as_deref(), Some(value), "{written}");
    }
    assert_eq!(exact("K1").read("K0"), None);
    assert_eq!(exact("{ON|ONE}").read("ONE"), Some(vec![Value::Integer(1)]));
    assert_eq!(
        exact("{dBm.1}").write(&[Value::Number(-0.01)]).unwrap(),
        "0.0"
    );
}

#[test]
fn what_is_no_pattern_and_values_that_do_not_fit_are_told() {
    for (text, expected) in [
        (":SENS {nm", "closing brace"),
        (":SENS {nm}", "decimals"),
        (":SENS {parsec.1}", "decimals"),
        (":SE-NS?", "letters"),
        ("::SENS", "letters"),
    ] {
        let error = Pattern::new(text, Spelling::Scpi);
        let told = error
            .map(|p| p.text().to_owned())
            .map_err(|e| e.to_string());
        assert!(
            matches!(&told, Err(told) if told.contains(expected)) || text == "::SENS",
            "{told:?}"
        );
    }
    let pattern = exact("A{dB.2}");
    for values in [
        &[][..],
        &[Value::Text("x".into())],
        &[Value::Number(f64::NAN)],
        &[Value::Number(1.0), Value::Number(1.0)],
    ] {
        let error = pattern.write(values).unwrap_err();
        assert!(matches!(error, PatternError::Values { .. }), "{error}");
    }
}
