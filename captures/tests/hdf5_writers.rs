//! HDF5 files that other software wrote, deflated here because they are mostly zeros. Each test
//! names the command; h5py 3.16.0 (HDF5 2.0.0), hdf5storage 0.2.2 and NumPy 2.4.6 made the bytes.

use etalon_captures::{Capture, Error, OpenOptions, decode, stats};
use etalon_types::{Storage, WaveformSource};
use std::io::Read;

/// Inflates bytes in hexadecimal digits.
fn inflated(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let value = |digit: u8| char::from(digit).to_digit(16).unwrap() as u8;
    let pairs = digits.chunks_exact(2);
    let packed: Vec<u8> = pairs.map(|d| 16 * value(d[0]) + value(d[1])).collect();
    let mut bytes = Vec::new();
    let mut decoder = flate2::read::ZlibDecoder::new(&packed[..]);
    decoder.read_to_end(&mut bytes).unwrap();
    bytes
}

fn read(text: &str) -> Capture {
    decode(inflated(text), &OpenOptions::default()).unwrap()
}

fn samples(capture: &Capture, k: usize) -> Vec<f64> {
    let mut out = vec![0.0; capture.traces[k].info().samples as usize];
    assert_eq!(capture.traces[k].read_at(0, &mut out).unwrap(), out.len());
    out
}

/// Holds a file against what both scripts below wrote.
fn check_scope(capture: &Capture) {
    assert_eq!((capture.format, capture.traces.len()), ("keysight-h5", 1));
    assert_eq!(capture.warnings, [""; 0]);
    let info = capture.traces[0].info();
    assert_eq!(
        (info.channel.as_str(), info.unit.as_str()),
        ("Channel 1", "W")
    );
    assert_eq!((info.t0_s, info.sample_interval_s), (-1e-9, Some(5e-11)));
    assert_eq!(info.storage, Storage::I16);
    let wanted: Vec<f64> = (0..40)
        .map(|i| f64::from(i * 7 % 31 - 15) * 0.25 + 1.0)
        .collect();
    assert_eq!(samples(capture, 0), wanted);
}

/// ```python
/// x = (np.arange(40) * 7 % 31 - 15).astype('i2')
/// f = h5py.File(name, 'w', libver='earliest')
/// d = np.bytes_(b'Keysight Waveform')
/// f.create_group('FileType').create_dataset('KeysightH5FileType', data=d)
/// g = f.create_group('Waveforms/Channel 1')
/// for k, v in dict(XInc=5e-11, XOrg=-1e-9, YInc=0.25, YOrg=1.0).items(): g.attrs[k] = v
/// g.attrs['XUnits'] = np.bytes_(b'Second')
/// g.attrs['YUnits'] = 'Watt'
/// g.create_dataset('Channel 1Data', data=x, chunks=(16,), compression='gzip', shuffle=True,
///                  fletcher32=True)
/// ```
#[test]
fn ref_h5py_in_the_earliest_format_with_three_filters() {
    check_scope(&read(
        "78daed9a4f4814511cc7df9b71d7519376536cadc0ed506c11a666b09798155ddb285a494d83108775d615b6b5
         dc2914d2a42e460479e8d0253beea143a708a23fa7120af2941b051575103a54744858699a99f7deb8f3ccda2c
         28f1f7b9bcfdbdf77bf386dffbceccbe1fbf8b9196d6f2d24da5c844925011f2a07c744a6fa3d366e3bdb4c5b4
         9da06d4660fdd81af3d17e2fbd3eefd771241c36bd750eb6ce1b17697d08588b44c24d6d66db4ded006da705a7
         5feb4052ed1839a932bb4b39a3c607874ea4399dd615b8ee72fa8d88c44eb80ad36f5022ad045b09fa35f0b3f7
         a5cbe977501d490ff427b4c85ea792996e83bfb96efbe1680b4682ad3bbfe8bc1eaf63a6f371afd32f43ede98a
         b5b97f18b9482c30b325477c44c3367f5760f31d810c6f620b8280c9734f222be2f112f62671925955f120bac2
         b6ae02c5f08caf04f6bcfbd9876ab82737ff4edefc71567e7a7c6aace1d697d15c4ed7cfb9dd3ef706543fe67d
         2f3f1a4d0df7c4de7e5bb8347941cfc947afef7e702d2837d42de8cfd0d6873ef42a5bae3f2e3f1536aef479ea
         f2d70f35f15a77605eaf39af2074f386e4eabcd354048107000000807ffabff2c7e74bfefff6afce9768239c2f
         e17cb978be647a9ae3ce6bcd0925955293fe7a2e1f125ab17e25877e3d2c3f423baee0c2f43bb713f40bfa5daa
         df4cd532fa6d5134e52fe8973fc7862a9dcf4582da1355b0473f837db7f878ada3192b337f526944b9fb402a66
         f9fb651af3106a2c438d3a9797ba7b6ff6c5ebb34ff62d991f1dea2f64fed5e7dbe7ca6abdf7f9f9c70a5c9f30
         232f995fe0fa844fc6fc00ed2f36fc8dfbef4c0d6869922772e7f9b7abb1c1549f19af90ed6fad47fdab31b622
         ecb1e738f34fe6893e5bbd780ffb9ba38730a213383f932e45d3f2ef34bb1e340c00000000000000000000ab0d
         8cdc5cbd0ac9a8614c3a58fd1c6b45e4b15c3d1242a4a48e240eec3a1691d4b194a136cbc634df2158e318a513
         a7e3f1a48a047b7dd2dfa7c6938aa6da7907915ed7f0d5620975684f03e9b7eb6304a16e17b26f20afba2ff847
         f1e0f37cd91da0919560e6f1b1b18b7c1e7fdb32fe93b4da898d7bb8f1db747c0bb5fddcf8cb12a7cdea3605d8
         0a00000000f86ff90e67580f10",
    ));
}

/// As above, with `libver='latest'` and `chunks=(16,), compression='gzip'` alone.
#[test]
fn ref_h5py_in_the_latest_format_with_a_fixed_array() {
    check_scope(&read(
        "78daebf47071e3e592e262e6e0608081ff50502301e11b40c553548f1ef4f770096262a86012425608035c4c0c
         8c0c0c6cc20c408ac32d332735a4b220753354379b084898333cb12c352dbf28b7d889092aa1c9403cb0d7912b
         22c609b220bb84bc532b8b33d3334a3c4c618e3163841a64ce402e5068bcc6097602230323230b0303c81bcc1c
         0c8cc240a305816c56a00b98b93880ae63068602448f204cf31986610556d45a3010131d90a877ce48cccb4bcd
         51303c0a8b7a07ca9d70b5bae02e243a6218050418182c5921e2565079880b44851858305dc7a3078c24065606
         11906484675e3283a0823d34ce1c184cb8194cfe33432278f7deeb37efd79cb645d5e15f948e53c7d46b6a2fb8
         f504f7a1e888c46707045cb047d581cf0e08f860cfa304d2c10e54037255685e664931032839b23140d405a726
         e7e7a5f058405441cc85a89264646400061a1843b2060758070b28d142132f445cb341d60b9eec81f1c9c4c8c8
         a80175018c66e6616014e080b94d009215b8b981a240d50c2008329743109c499818059898b98aa1d1c5b07208
         25fbbfe213ebfd9d3dbcb1a77936095098f1c253bb4b6249a22e0b4467cfc3e6356e8e1e2e0c8c225ccc50d3fa
         a141f0fe15d74537471727064658a0084aa0862f08584a60969a495031292431b60853578651300af0035815a9
         00ab97dd9dfd7d1819a045023cf7434a0410084f2c294136e006ff68208e8251300a46c1281805a360148c8251
         300a46c1281805430d54c4b11e64e46210106038a8ebaaf9efffd960978bb338b7cfcaf459df79ea0347ebb94f
         3f196dc2049f54c425273e48fbf1e7fff57a37363eb6bab6f7ffffff4d4f7d90f8e3d3ffeff56a6c7e6dfdff19
         2f7ee7fd5f11f7fbe3fffff5666c716debffffff939ef620c9819de18a0a072b00ad39fdef",
    ));
}

/// ```python
/// v = {'x': np.array([1., 2., 4., 8.]), 'fs': 2e9, 'z': np.array([1+2j, 3-4j, .5j])}
/// hdf5storage.savemat(name, v, format='7.3', store_python_metadata=False)
/// ```
#[test]
fn ref_hdf5storage_matlab_7_3() {
    let capture = read(
        "78daf3750cf171745230d73356f0750cd14dcbcc49d55108c8492c49cb2fcab552c84849332d2ec92f4a4c4f55
         30d033d233d251702e4a4d2c494d51c8cfb352f0cdcf53f0cb2f533032563030b13235b632b1543032303253f0
         70713355284ece48cd4d5430d4333050d0534000061860f2f4651805030a3a8131c5cb25c505e6707030b03008
         40e30642fd87820a5e543e4c7f02946684d21d507a05134c9c112c27011517849a8fae2e24c8d515a4fa3f1a80
         d963c002a12546a36c44020f57c700101d01e5c30a91134ca8ea2aa0745a3184ae424b9f1624dacbc8c006d1cb
         08e36b40682688000b9af9e87c66608a05b10515ec1938c0220e0c26dc0c26ff9921f2ac4051903c1313c4400e
         680a676654e046f52904f0301840cde705aae560f00597dff1c93989c5601f0b034d6143b23f25bf3429271562
         2f3540b09fbf0b23d05702b0f066c5af9e03165fccf8d5c1f27507dbc848cf84d215235a3a62a45aba72e0468d
         99c191ae18812e0699ad80233c9831fc8fce6f00b3c580e501286d021b2939c4d88b2dfc327313d331438838bd
         b8c3dd031aee06540af751300a46017dc0077b28035ad809406905309d7af6ae2376751c30f50750cd7b600f00
         5d837a76",
    );
    assert_eq!((capture.format, capture.traces.len()), ("mat", 3));
    assert_eq!(samples(&capture, 0), [1.0, 2.0, 4.0, 8.0]);
    assert_eq!(samples(&capture, 1), [1.0, 3.0, 0.0]);
    assert_eq!(samples(&capture, 2), [2.0, -4.0, 0.5]);
    let labels: Vec<_> = capture.traces.iter().map(|t| &*t.info().channel).collect();
    assert_eq!(labels, ["x", "z I", "z Q"]);
    assert_eq!(capture.traces[0].info().sample_interval_s, Some(5e-10));
}

/// ```python
/// x = (np.arange(6) * 3).astype('i2')
/// f = h5py.File(name, 'w', libver='latest')
/// d = np.bytes_(b'Keysight Waveform')
/// f.create_group('FileType').create_dataset('KeysightH5FileType', data=d)
/// g = f.create_group('Waveforms/Channel 1')
/// v = dict(XInc=5e-11, XOrg=-1e-9, YInc=.25, YOrg=1., Count=1., MinBandwidth=0.,
///          MaxBandwidth=1e9, XUnits=np.bytes_(b'Second'), YUnits=np.bytes_(b'Volt'),
///          NumSegments=np.int32(10))
/// for k, w in v.items(): g.attrs[k] = w
/// for i in range(1, 11):
///     d = g.create_dataset(f'Channel 1 Seg{i}Data', data=x + np.int16(i))
///     d.attrs['SegmentedTimeTag'] = .5 * i
///     d.attrs['SegmentedXOrg'] = -1e-9
/// ```
const IN_HEAPS: &str = "78daed596d6c5355187eefbd6dd7752d5bdb755f3aac32b5c0c031f6c5747694526b90b5614537338275bdae4d\
         ba3bd83aed222362d4b89018896220fc718b318b1f3f0c894a507f48c816718d4685484451b2802690fd326822\
         78be6e7b373a2cd4364aeefbe79cbecf733ef69cf79cb3f3de31afdb6332541904bd1e64bbcaac6719fd5dc7fc\
         1feeb6d5f8bcee2d3cc4798b92289b81070e40670554e83d91a81818d9211e66ad75a5d85df858f069f1a981c1\
         fe2117cf80e590b9396b970e6632856a3c966593383214e90bc7bc8df2649a38d65133dcacd9f79c2c2453e080\
         e33400f8cf10f4c05951d76654d7a21908063d9a9d8054a06dcc72e32fe196b2c9d116c86439e8d26f08072549\
         8cdad71c9797be3dfb297cf7ec8e337439a6383a87682545260a6849e760b3005aac031aea5ba165cdf771a0da\
         7fcc7adac6673d5bbc7eb27b7828816b4ea65a16407e7919350b4a66860c47d4285ad28070a0b2e70ed9b77dd3\
         894257c0eb4633e2e96e0e3926b4f218f2289756be72c5d3895820cf8f83f9656a3c3fc4d1183232cd42f53698\
         5fce9dda76da1578c483c65d8b994d58028091f1570d90c084fba8c37764b618cab0633575ecd9baeb6ed88b9b\
         d8a963eab562070c2a18bae7261ae12f48752a7dfefe08bccbd103193b2ce5c617e04d45930edf272f430433ee\
         a28e976ac293e05630ca6b1333abe6ee3fa2c6f0bf6724eeb438ee8a48dcf9abae893bade3674f67e7c6e476e0\
         50fc7d4b22ebc2e9ca1081aeb043919b0668c1d05b3b0fee45857c45dae57b9943c15980ba36a17dc7a371f568\
         d82528e405d0412118a1182c0a8655c12855306c0a46998251ae6054281895ea3aaba69a6aaaa9a65afe2cf992\
         454f349ee3389dfc5a67a56004ae444f5fb9802e6be5ebd6cc5eb746c6a54fac854f40632be292cb1f819d625f\
         bf28c5c45020d22f06827d60b63bd923b91d1a8aa0e1aa208f85edacd3d88c5b2f59d0bacb37b878d3fd27efb9\
         50b4dafcd90d25167e84fd93d968519d732de6f2a645a275ecce6cb4589e732d2ee74d8bd1a9d97bb3d1a231e7\
         5a407bbeb438efb09664a3c5fa9c6ba1c99b16f6dfbff8281b2d36e75c0b7ddeb478719b299e8d16dd39d7c298\
         372dce341dfa351b2dc49c6b5192372dfef41efa251b2d76e65c0b4bdeb408d7eb46494eb360b19ce634fb2d67\
         6a92d3e46f3aa7c9cfcf69da714eb35af6bde7ffa097662ba721936ca53d899c63d94a96884a96bf399e3f4cb2\
         95dad7e31b4d24b9580d1dcb3e6e8363a47ae9f1dadd5085fa580a9757fd300651e2fde349e73ea827d5759535\
         07e16d521dfefa9da3602355a81b3f0e63a4ba22d69580b3a47afe9bd673e023d5950f4e26d4ffe4ffffef89d1\
         9ceff7d2bcedf78b17b9631eafdb95fc1a856dfc8d875a38b024bf83d9d104d6b883b1a07c1e2c04eb316834a7\
         07d762b0c2921e6cc0608d353dd888c1bad2f46013061fb0a5079b31e82d4b0fb66030509e1e5c87c1272a64d0\
         3a5f843a8cfa6fbfb5f60259ff03ca4f52e6a9f6ed026869f4753d2cf52e1a74473f3df5fd4fbb4eb4a5d89984\
         6892dd7dbdbea97de54cb1afd7b7fcfac41f00087bc3c0b014cb806ea2f4cd11c9159442cf4442b1f03f3d6520\
         d52a18cfac953833b35e40b7aa9e88b4558ac486007f8ad7b19bb353ec1d90424946778aa1618c4707a231011d\
         3a46ece918ee67a7c210e0734ac36e4efe066e5ed554c3f637531a1335";

/// More than eight links and more than eight attributes are kept in heaps.
#[test]
fn ref_h5py_with_links_and_attributes_in_heaps() {
    let capture = read(IN_HEAPS);
    assert_eq!((capture.traces.len(), capture.warnings.len()), (10, 0));
    for (k, trace) in capture.traces.iter().enumerate() {
        let info = trace.info();
        assert_eq!((info.segment, info.unit.as_str()), (k, "V"));
        assert_eq!(info.trigger_time_s, Some(0.5 * k as f64));
        assert_eq!((info.t0_s, info.sample_interval_s), (-1e-9, Some(5e-11)));
        let wanted = [0, 3, 6, 9, 12, 15].map(|x| f64::from(x + k as i32 + 1) * 0.25 + 1.0);
        assert_eq!(samples(&capture, k), wanted);
    }
}

#[test]
fn prop_heaps_with_any_bit_turned_give_samples_or_a_typed_error() {
    let whole = inflated(IN_HEAPS);
    let mut refused = 0;
    for at in 0..whole.len() {
        // Free space has no meaning, and most bits of it tell the same.
        if whole[at.saturating_sub(4)..whole.len().min(at + 4)]
            .iter()
            .all(|&b| b == 0)
        {
            continue;
        }
        for bit in [0, 3, 7] {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << bit;
            match decode(damaged, &OpenOptions::default()) {
                Ok(capture) => {
                    for trace in &capture.traces {
                        assert!(stats(trace).unwrap().samples > 0);
                    }
                }
                Err(Error::Malformed { .. } | Error::Unsupported { .. } | Error::Limit { .. }) => {
                    refused += 1;
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    assert!(refused > 3000, "{refused}");
}
