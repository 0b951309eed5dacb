"""PyVISA with PyVISA-py talks to our HiSLIP and socket servers.

Needs `pip install pyvisa==1.16.2 pyvisa-py==0.8.1`. Takes the program that serves as its arguments:

    python tests/bench/pyvisa_transports.py target/release/examples/echo_bench

Ends with 0 and the word "passed" when everything is as expected, else with what is not.
"""

import json
import subprocess
import sys
import time

import pyvisa
from pyvisa import constants, errors

IDENTITY = "ETALON,ECHO,0,0"
AVAILABLE = 0x10


def expect(what, found, expected):
    if found != expected:
        sys.exit(f"FAILED: {what}: expected {expected!r}, found {found!r}")
    print(f"  {what}: {found!r:.60}")


def expect_timeout(what, work):
    begun = time.monotonic()
    try:
        found = work()
    except errors.VisaIOError as error:
        expect(what, error.error_code, constants.StatusCode.error_timeout)
        print(f"    after {1e3 * (time.monotonic() - begun):.0f} ms")
    else:
        sys.exit(f"FAILED: {what}: expected a timeout, found {found!r}")


def blocks(instrument):
    """A block of 2000 bytes: 500 numbers of 4 bytes."""
    numbers = instrument.query_binary_values("FLOATS? 500", datatype="f", is_big_endian=False)
    expect("500 numbers", numbers, [i / 2 for i in range(500)])
    raw = instrument.query_binary_values("BLOCK? 2000", datatype="B", container=bytes)
    # Line feeds are among them.
    expect("2000 bytes", raw, bytes(i % 251 for i in range(2000)))


def over_socket(manager, resource):
    instrument = manager.open_resource(
        resource, read_termination="\n", write_termination="\n", timeout=5000
    )
    expect("identity", instrument.query("*IDN?"), IDENTITY)
    expect("echo", instrument.query("ECHO? hello"), "hello")
    # Without a termination PyVISA would wait for an end that a socket does not mark; with one it
    # reads on behind the line feeds within the block until its length is reached.
    blocks(instrument)
    instrument.timeout = 200
    expect_timeout("no answer", lambda: instrument.query("SLOW? 600"))
    instrument.timeout = 5000
    # A socket has no clear: the late answer comes, and is the answer to the next question.
    expect("the late answer", instrument.read(), "SLOW")
    expect("identity after it", instrument.query("*IDN?"), IDENTITY)
    instrument.close()


def over_hislip(manager, resource):
    instrument = manager.open_resource(
        resource, read_termination="\n", write_termination="\n", timeout=5000
    )
    expect("identity", instrument.query("*IDN?"), IDENTITY)
    blocks(instrument)
    long = "".join(chr(ord("a") + i % 26) for i in range(3_000_000))
    expect("3 MB there and back", instrument.query("ECHO? " + long) == long, True)

    instrument.write("STATUS 4")
    expect("status byte, nothing to read", instrument.read_stb(), 4)
    instrument.write("ECHO? hello")
    patience = time.monotonic() + 5
    while not (status := instrument.read_stb()) & AVAILABLE and time.monotonic() < patience:
        time.sleep(0.01)
    expect("status byte, an answer waits", status, 4 | AVAILABLE)
    expect("the answer", instrument.read(), "hello")
    expect("status byte, read", instrument.read_stb(), 4)

    instrument.timeout = 200
    expect_timeout("no answer", lambda: instrument.query("SLOW? 60000"))
    instrument.timeout = 5000
    instrument.clear()
    expect("identity after a clear", instrument.query("*IDN?"), IDENTITY)
    # Half an answer is read, and the other half never comes.
    instrument.write("HANG? 1000")
    expect("half an answer", instrument.read_bytes(1000), b"x" * 1000)
    instrument.clear()
    expect("clears", instrument.query("CLEARS?"), "2")
    expect("errors", instrument.query("SYST:ERR?"), '0,"No error"')

    # PyVISA-py 0.8.1 has triggers and locks of HiSLIP, but no way from PyVISA to them.
    protocol = manager.visalib.sessions[instrument.session].interface
    protocol.trigger()
    protocol.trigger()
    expect("triggers", instrument.query("TRIGGERS?"), "2")

    instrument.write("ECHO? never read")
    time.sleep(0.2)
    expect("the answer to what was asked last", instrument.query("ECHO? read"), "read")
    expect("errors", instrument.query("SYST:ERR?"), '-410,"Query INTERRUPTED"')

    other = manager.open_resource(
        resource, read_termination="\n", write_termination="\n", timeout=500
    )
    expect("a lock", protocol.async_lock_request(1.0), "success")
    expect_timeout("locked out", lambda: other.query("*IDN?"))
    expect("the lock's end", protocol.async_lock_release(), "success")
    expect("the lock is given back", other.read(), IDENTITY)
    other.close()
    instrument.close()


def main():
    served = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        manager = pyvisa.ResourceManager("@py")
        print(f"PyVISA {pyvisa.__version__}, {manager.visalib}")
        for _ in range(2):
            place = json.loads(served.stdout.readline())
            print(place["resource"])
            {"socket": over_socket, "hislip": over_hislip}[place["kind"]](manager, place["resource"])
        manager.close()
    finally:
        served.stdin.close()
        code = served.wait(timeout=20)
    expect("the server's end", code, 0)
    print("passed")


if __name__ == "__main__":
    main()
