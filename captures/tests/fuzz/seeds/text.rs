//! Seeds that are text, or whose header is.

use super::join;
use crate::made;

fn texts<const N: usize>(texts: [&str; N]) -> Vec<Vec<u8>> {
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

pub fn csv() -> Vec<Vec<u8>> {
    let rows: String = (0..40).map(|i| format!("{i},{},0.5,\n", i % 7)).collect();
    let mut seeds = texts([
        &format!("X,CH1,CH2,Start,Increment,\nSequence,Volt,Volt,-2.5e-06,1e-08,\n{rows}"),
        &format!("Second,Volt,Volt\n{rows}"),
        &format!("Model,MSO64\nSample Interval,4.0e-11\nZero Index,12.5\n\nTIME,REF7\n{rows}"),
        "Zeit (s);U (mV)\r\n0,0;1,5\r\n1,0e-9;2,5\r\n2,0e-9;-3\r\n",
        "\u{feff}t [\u{b5}s]\tu [V]\n0\t1\n1\t2\n2\tNaN\n3\t1e3\n",
        "0.5\n1.5\n-2\n",
        "-1e-6\n3\n1e9\n0.1\n0.2\n0.3\n",
    ]);
    seeds.extend(super::gallery("csv"));
    seeds
}

pub fn flexdca() -> Vec<Vec<u8>> {
    texts([
        "Type: raw\r\nPoints: 5\r\nXInc: 2.5E-12\r\nXOrg: 2.4E-08\r\nXUnits: Second\r\n\
         YUnits: Watt\r\nSource: Channel 5A\r\nData:\r\n0.0005\r\n0.00075\r\nInfinity\r\n\
         -1.5E-05\r\n-Infinity\r\n",
        "Type: raw\r\nPoints: 3\r\nXInc: 1E-12\r\nXOrg: 0\r\nXUnits: Second\r\nYUnits: Volt\r\n\
         Data:\r\n0,0.5\r\n1E-12,0.25\r\n3E-12,0.125\r\n",
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<DcaFile>\r\n  <Header>\r\n    \
         <FileType>WaveformPattern</FileType>\r\n    <SourceName>Channel 5A</SourceName>\r\n  \
         </Header>\r\n  <Points>3</Points>\r\n  <XOrg>1E-9</XOrg>\r\n  <XInc>3E-12</XInc>\r\n  \
         <XUnits>Second</XUnits>\r\n  <YUnits>Watt</YUnits>\r\n</DcaFile>\r\n\
         0.0001\r\n0.0002\r\n0.0004\r\n",
    ])
}

pub fn osa() -> Vec<Vec<u8>> {
    texts([
        "\"70CSV\"\r\n\"a label\"\r\n\"CTRWL\",\"1550.000\"\r\n\"SPAN\",\"2.0\"\r\n\
         \"LSCL\",\"10.0\"\r\n\"RESLN\",\"0.05\"\r\n\"SMPL\",\"3\"\r\n\"[TRACE DATA]\"\r\n\
         1549.0000,-61.23\r\n 1550.0000, -3.5E+00\r\n1551.0000,-60,\r\n\r\n",
    ])
}

pub fn touchstone() -> Vec<Vec<u8>> {
    texts([
        "! made\n# GHz S DB R (50+1j)\n1 0 0 -1 10 -1 10 0 0\n2 0 0 -2 20 -2 20 0 0\n1 .7 .6 69 .4\n",
        "[Version] 2.0\n# Hz S RI R 50\n[Number of Ports] 2\n[Two-Port Data Order] 12_21\n\
         [Number of Frequencies] 2\n[Number of Noise Frequencies] 1\n[Reference] 50\n75\n\
         [Matrix Format] Upper\n[Begin Information]\nx\n[End Information]\n[Network Data]\n\
         1 1 0 2 0 3 0\n2 1 0 2 0 3 0\n[Noise Data]\n1 1 1 1 1\n[End]\n",
        "# MHz S MA\n1 1 0 1 0 1 0\n1 0 1 0 1 0\n1 0 1 0 1 0\n",
    ])
}

pub fn pattern() -> Vec<Vec<u8>> {
    let mut seeds = texts(["0,1,2,3\n0123\r\n", "\u{feff}0101 1100"]);
    seeds.push(vec![0, 1, 2, 3, 3, 2, 1, 0]);
    seeds.push(made::npy(
        1,
        "<i2",
        false,
        "(4,)",
        &[0, 0, 1, 0, 2, 0, 3, 0],
    ));
    seeds
}

/// One with two channels and two segments, one with complex samples.
pub fn sigmf() -> Vec<Vec<u8>> {
    let two = "{\"global\": {\"core:datatype\": \"ri16_le\", \"core:sample_rate\": 1e9, \
         \"core:num_channels\": 2, \"core:trailing_bytes\": 4},\n\"captures\": \
         [{\"core:sample_start\": 0, \"core:header_bytes\": 4, \"core:datetime\": \
         \"2024-05-06T07:08:09.5Z\"}, {\"core:sample_start\": 5, \"core:global_index\": 100}],\n\
         \"annotations\": [{\"core:sample_start\": 1}]}";
    let complex = "{\"global\": {\"core:datatype\": \"cf32_be\", \"core:offset\": 3}, \
         \"captures\": [], \"annotations\": []}";
    vec![
        join(two.as_bytes(), &[3; 48]),
        join(complex.as_bytes(), &[0x3f; 64]),
    ]
}

/// Two groups, both layouts.
pub fn yokogawa() -> Vec<Vec<u8>> {
    ["Trace", "Block"]
        .map(|layout| {
            let text = format!(
                "//YOKOGAWA ASCII FILE FORMAT\r\n\r\n$PublicInfo\r\nFormatVersion 1.11\r\n\
                 Model DL750\r\nEndian Big\r\nDataFormat {layout}\r\nGroupNumber 2\r\n\
                 TraceTotalNumber 3\r\nDataOffset 4\r\n\r\n$Group1\r\nTraceNumber 2\r\n\
                 BlockNumber 2\r\nTraceName CH1 CH2\r\nBlockSize 3 2\r\nVResolution 0.5 2.0\r\n\
                 VOffset 1.0 -1.0\r\nVDataType IS2 FS4\r\nVUnit V A\r\nHResolution 1E-6 2E-6\r\n\
                 HOffset -2E-6 0.0\r\nHUnit s s\r\nDate1 2004/05/06 2004/05/06\r\n\
                 Time1 10:00:01.50 10:00:01.50\r\nDate2 2004/05/06 2004/05/06\r\n\
                 Time2 10:01:00.25 10:01:00.25\r\n\r\n$Group2\r\nTraceNumber 1\r\n\
                 BlockNumber 1\r\nTraceName M1\r\nBlockSize 4\r\nVResolution ?\r\nVOffset ?\r\n\
                 VDataType IU1\r\nVUnit ?\r\nHResolution 1E-3\r\nHOffset 0\r\nHUnit s\r\n\r\n\
                 $PrivateInfo\r\nBlockNumber 99\r\n"
            );
            join(text.as_bytes(), &[7; 36])
        })
        .to_vec()
}

/// A small pair: ten rows of 16 bits, of which six count.
pub fn rohde_schwarz() -> Vec<u8> {
    let mut text = "<?xml version=\"1.0\"?>\n<Database FWVersion=\"\">\n\
         <Group Avail=\"0\" Name=\"ReferenceCurveAttributes\">\n"
        .to_string();
    for (name, value) in [
        ("SourceType", "eRS_SIGNAL_SOURCE_TYPE_SOURCE"),
        ("RecordLength", "6"),
        ("BaseUnit", "eRS_UNIT_LEVEL_A"),
        ("XStart", "-5e-9"),
        ("SignalRecordLength", "6"),
        ("SignalHardwareRecordLength", "10"),
        ("InterleavedTraceCount", "1"),
        ("NofQuantisationLevels", "250"),
        ("SignalResolution", "2.5e-10"),
        ("LeadingSettlingSamples", "3"),
        ("VerticalPosition", "2"),
        ("VerticalScale", "0.5"),
        ("VerticalOffset", "0.25"),
        ("Source", "eRS_SIGNAL_SOURCE_CH3_TR1"),
        ("VerticalDivisionCount", "10"),
        ("MultiChannelExport", "eRS_ONOFF_OFF"),
        ("ByteOrder", "eRS_BYTE_ORDER_LSB_FIRST"),
        ("NumberOfAcquisitions", "1"),
        ("TimestampState", "eRS_ONOFF_OFF"),
        ("SignalFormat", "eRS_SIGNAL_FORMAT_INT16BIT"),
    ] {
        text += &format!("<Prop Name=\"{name}\" Value=\"{value}\" UnitName=\"\"/>\n");
    }
    text += "</Group>\n</Database>\n";
    let head = [1_u32, 10].map(u32::to_le_bytes).concat();
    join(text.as_bytes(), &[&head[..], &[5; 20]].concat())
}
