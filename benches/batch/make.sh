#!/usr/bin/env bash
# Makes the captures of the batch benchmark: N of 2^17 symbols of PAM-4, a third each as .npy, .trc
# and Keysight .bin, of links that differ in SNR and interference. Goes on where it stopped.
# Usage: make.sh FOLDER [N]
set -euo pipefail
folder="$1" count="${2:-10000}"
etalon="${ETALON:-etalon}"
mkdir -p "$folder"

one() {
    local at="$1" kind out snr
    kind=$((at % 3))
    snr=$((17 + at % 8))
    case "$kind" in
        0) out="$folder/c$at.npy" ;;
        1) out="$folder/c$at.trc" ;;
        *) out="$folder/c$at.bin" ;;
    esac
    [[ -e "$out" ]] && return
    local mpi=()
    ((at % 4 == 0)) && mpi=(--mpi "-$((26 + at % 12))dB" --mpi-delay "$((20 + at % 300))ns" --linewidth 10MHz)
    "$etalon" simulate link --out "$out" --symbols 131072 --baud 26.5625G --samples-per-symbol 2 \
        --pattern prbs13q --snr "${snr}dB" --er 4.5dB --rop=-5dBm --seed "$at" "${mpi[@]}" \
        --threads 1 --quiet >/dev/null
}
export -f one
export folder etalon
seq 0 $((count - 1)) | xargs -P "$(nproc)" -I{} bash -c 'one {}'
