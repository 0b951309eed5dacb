//! Files as an oscilloscope and MATLAB lay them out.

use super::{Kind, Object, Style, Value, hdf5};

/// Codes of a record: exact with the steps of [`channel`].
pub fn codes(count: usize, shift: i16) -> Vec<i16> {
    (0..count)
        .map(|i| (i * 7 % 251) as i16 - 125 + shift)
        .collect()
}

/// An oscilloscope's waveform group with its time base and scale.
pub fn channel(points: i32, segments: i32) -> Object {
    Object::default()
        .with("WaveformType", Value::Int(1))
        .with("NumPoints", Value::Int(points))
        .with("NumSegments", Value::Int(segments))
        .with("Count", Value::Int(1))
        .with("XInc", Value::Number(2.5e-11))
        .with("XOrg", Value::Number(-1e-9))
        .with("XUnits", Value::Text("Second"))
        .with("YInc", Value::Number(0.25))
        .with("YOrg", Value::Number(2.0))
        .with("YUnits", Value::Text("Volt"))
}

/// The root of an oscilloscope's file.
pub fn keysight(waveforms: Vec<(&str, Object)>) -> Object {
    let count = waveforms.len() as i32;
    let kind = b"Keysight Waveform".to_vec();
    let kind = Object::data(&[], Kind::Text(kind.len() as u32), kind);
    let waveforms = Object::group(waveforms).with("NumWaveforms", Value::Int(count));
    Object::group(vec![
        (
            "FileType",
            Object::group(vec![("KeysightH5FileType", kind)]),
        ),
        ("Waveforms", waveforms),
    ])
}

/// Makes a MATLAB 7.3 file: the text header stands in the user block.
pub fn matlab(variables: Vec<(&str, Object)>) -> Vec<u8> {
    let mut file = hdf5(Style::Old, 512, &Object::group(variables));
    let text = b"MATLAB 7.3 MAT-file, Platform: by hand, HDF5 schema 1.00 .";
    file[..116].fill(b' ');
    file[..text.len()].copy_from_slice(text);
    file[124..128].copy_from_slice(b"\x00\x02IM");
    file
}

/// An oscilloscope's file of two segments, not in chunks.
pub fn scope(style: Style) -> Vec<u8> {
    let mut group = channel(100, 2);
    for number in 1..=2_i16 {
        let record = Object::words(&codes(100, number))
            .with("SegmentedTimeTag", Value::Number(f64::from(number)))
            .with("SegmentedXOrg", Value::Number(-1e-9));
        group = group.child(&format!("Channel 1 Seg{number}Data"), record);
    }
    hdf5(style, 0, &keysight(vec![("Channel 1", group)]))
}

/// A MATLAB file with a time base and a record, not in chunks.
pub fn record() -> Vec<u8> {
    let class = |object: Object| object.with("MATLAB_class", Value::Text("double"));
    let values: Vec<f64> = (0..100).map(f64::from).collect();
    matlab(vec![
        ("fs", class(Object::doubles(&[1, 1], &[1e9]))),
        ("x", class(Object::doubles(&[1, 100], &values))),
    ])
}
