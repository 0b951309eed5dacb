"""Times readers on the same files, in turn, by process CPU time; see readers.sh.

    readers.py ETALON_EXAMPLE CAPTURES WORK

One JSON line for each reader and file on stdout, a table with the ratios on stderr. A reader that
cannot read a file, or gives another number of samples, has no line for it.
"""

import json
import math
import os
import subprocess
import sys
import time

import numpy as np
from RigolWFM import wfm
from tm_data_types import AnalogWaveform, read_file, write_file

FILES = [
    "tek_wfm/analog_waveform.wfm",
    "tek_isf/waveform.0.isf",
    "lecroy_trc/lecroy_2.trc",
    "keysight_bin/agilent_2.bin",
    "rigol_bin/DHO824-ch12.bin",
    "rigol_wfm/DS2072A-5.wfm",
    "csv_variants/iq_waveform.csv",
]


def rigolwfm(path):
    """Samples of every channel, in volts, as RigolWFM computes them while it reads."""
    found = wfm.Wfm.from_file(path, "auto")
    return sum(len(channel.volts) for channel in found.channels if channel.volts is not None)


def tm_data_types(path):
    """Samples in physical units; its raw values alone are not what anybody asks for."""
    found = read_file(path)
    if hasattr(found, "normalized_vertical_values"):
        return len(found.normalized_vertical_values)
    return 2 * len(found.i_axis_values)


def fromfile(path):
    """The floor: all bytes as single bytes into f32, with no idea what they mean."""
    return len(np.fromfile(path, np.int8).astype(np.float32))


def best(read, path):
    """Fastest of many runs in seconds of CPU time for one pass, and the number of samples.

    A run is as many passes as take a millisecond, because the clock of CPU time is coarse.
    """
    count = read(path)
    begun = time.monotonic()
    read(path)
    passes = max(1, math.ceil(1e-3 / (time.monotonic() - begun)))
    seconds, begun = [], time.monotonic()
    while len(seconds) < 5 or (time.monotonic() - begun < 0.5 and len(seconds) < 200):
        start = time.process_time_ns()
        for _ in range(passes):
            read(path)
        seconds.append((time.process_time_ns() - start) * 1e-9 / passes)
    return min(seconds), count


def make(work):
    """Files of 2^23 16-bit samples: .wfm by tm_data_types, .isf by hand, .trc is there."""
    count = 1 << 23
    samples = np.random.default_rng(1).integers(-30000, 30000, count, dtype=np.int16)
    paths = [os.path.join(work, "large" + ending) for ending in (".wfm", ".isf", ".trc")]
    wave = AnalogWaveform()
    wave.y_axis_values = samples
    write_file(paths[0], wave)
    length = str(2 * count)
    with open(paths[1], "wb") as file:
        file.write(
            b":WFMPRE:BYT_NR 2;BIT_NR 16;ENCDG BIN;BN_FMT RI;BYT_OR MSB;NR_PT %d;PT_FMT Y;"
            b"XINCR 1.0E-9;PT_OFF 0;XZERO 0.0;XUNIT \"s\";YMULT 1.0E-4;YZERO 0.0;YOFF 0.0;"
            b"YUNIT \"V\";:CURVE #%d%s" % (count, len(length), length.encode())
        )
        file.write(samples.astype(">i2").tobytes())
    return paths


def make_text(work):
    """Tables as they are written and typed, a file for each kind of row."""
    noise = np.random.default_rng(2)
    volts = noise.normal(0, 0.02, 600_000)
    counts = noise.integers(-128, 128, 4_000_000)
    times = [k * 1e-9 + 1.234e-5 for k in range(len(volts))]
    kinds = {
        "exponents": (f"{t:.9e},{y:.6e}\n" for t, y in zip(times, volts)),
        "index": (f"{k},{y:.5f}\n" for k, y in enumerate(volts)),
        "commas": (f"{t:.9e};{y:.6f}\n".replace(".", ",") for t, y in zip(times, volts)),
        "three": (f"{t:.6e},{y:.4e},{-y:.4e},\r\n" for t, y in zip(times, volts)),
        "repr": (f"{t!r},{float(y)!r}\n" for t, y in zip(times, volts)),
        "decimals": (f"{y:.4f}\n" for y in volts),
        "bytes": (f"{y}\n" for y in counts),
        "thousands": (f"{abs(y) * 7}\n" for y in counts),
    }
    paths = []
    for kind, rows in kinds.items():
        paths.append(os.path.join(work, f"rows-{kind}.csv"))
        with open(paths[-1], "w", newline="") as file:
            file.writelines(rows)
    return paths


def main():
    example, captures, work = sys.argv[1:]
    paths = [os.path.join(captures, file) for file in FILES] + make(work) + make_text(work)
    print(f"{'file':24}{'samples':>10}{'etalon MB/s':>13}   times the rate of", file=sys.stderr)
    for path in paths:
        own = json.loads(subprocess.run([example, path], check=True, capture_output=True).stdout)
        print(json.dumps(own))
        name, size = os.path.basename(path), os.path.getsize(path)
        row = f"{name:24}{own['samples']:10}{own['best_mb_s']:13.0f}  "
        for reader in (rigolwfm, tm_data_types, fromfile):
            try:
                seconds, count = best(reader, path)
            except Exception as error:  # each has its own kinds, and SystemExit is none of them
                print(f"{name}: {reader.__name__}: {error!r:.90}", file=sys.stderr)
                continue
            if reader is not fromfile and count != own["samples"]:
                print(f"{name}: {reader.__name__} gives {count} samples", file=sys.stderr)
                continue
            line = {"reader": reader.__name__, "file": name, "bytes": size, "samples": count}
            ratio = seconds / own["best_s"]
            rate = size / seconds / 1e6
            print(json.dumps(line | {"best_s": seconds, "best_mb_s": round(rate, 1), "etalon_is_faster_by": round(ratio, 2)}))
            row += f" {reader.__name__} {ratio:.1f} ({rate:.0f} MB/s),"
        print(row.rstrip(","), file=sys.stderr)


main()
