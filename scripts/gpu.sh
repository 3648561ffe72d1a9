#!/usr/bin/env bash
# Measures this machine's GPU in at most five minutes, with programs that were built elsewhere: no
# Rust, network or data set is needed here.
#
#   scripts/gpu.sh SCORE_BENCHMARK [EBM_PROGRAM]
#
# Milliseconds per Langevin step and per teaching iteration with the released networks and sizes
# (MNIST: 400 chains, CIFAR-10: 900), the first call apart, which compiles and tunes kernels; then
# the same steps on the CPU; then, with the program `ebm`, a quick run of `digits`, start to end.
# Results are appended as they come to results.csv and results.md in OUT (default gpu-record), with
# the output of each measurement beside them; one that fails or runs out of time does not end the
# others. Build both programs on a machine like this one, and carry them:
#
#   cargo build --release --workspace --bin ebm --bench score --features ebm-cli/wgpu
#   ls target/release/ebm target/release/deps/score-*
#
# DEVICES  devices to measure, as in --device (default "wgpu"; "wgpu vulkan" if it is built in)
# PEERS    a folder with langevin_conv.py and vmt_step.py, which do the same work in PyTorch on CUDA
# PYTHON   the Python with PyTorch (default python3)
# BUDGET   seconds for everything (default 300)
# SMOKE    1 for tiny sizes and no limit on each measurement, to try this script on a software GPU
set -uo pipefail

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
    sed -n '2,23s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
score=$(realpath "$1")
ebm=${2:+$(realpath "$2")}
out=${OUT:-gpu-record}
budget=${BUDGET:-300}
python=${PYTHON:-python3}
mkdir -p "$out"
: >"$out/results.csv"
: >"$out/results.md"

# row CELL...: a line of both tables.
row() {
    (IFS=,; echo "$*" >>"$out/results.csv")
    (IFS='|'; echo "|$*|" | tee -a "$out/results.md")
}

# field NAME JSON: a value of an object without nested objects.
field() { sed -nE "s/.*\"$1\": ?\"?([^\",}]*)\"?.*/\1/p" <<<"$2"; }

# measure NAME LIMIT COMMAND...: runs a command for at most LIMIT seconds. Each line of JSON that it
# prints becomes a row; without one, there is a row with the reason.
measure() {
    local name=$1 limit=$2 left=$((budget - SECONDS)) status=0 lines=0
    local start wall note line iteration
    shift 2
    if [ "${SMOKE:-}" = 1 ] || [ "$left" -lt "$limit" ]; then limit=$left; fi
    if [ "$limit" -lt 5 ]; then
        row "$name" "" "" "" "" "" "" "" 0 "left out: the time was up"
        return
    fi
    start=$SECONDS
    timeout -k 5 "$limit" "$@" >"$out/$name.out" 2>"$out/$name.err" || status=$?
    wall=$((SECONDS - start))
    case $status in
        0) note="" ;;
        124 | 137) note="stopped after $wall s" ;;
        *) note="exit status $status (see $name.err)" ;;
    esac
    while read -r line; do
        lines=$((lines + 1))
        # The programs in PyTorch name some values differently: net, K, an iteration's median_ms.
        iteration=$(field ms_per_iteration "$line")
        if [ -n "$(field K "$line")" ]; then iteration=$(field median_ms "$line"); fi
        row "$name" "$(field case "$line")$(field net "$line")" "$(field chains "$line")" \
            "$(field batch "$line")" "$(field steps "$line")$(field K "$line")" \
            "$(field ms_per_step "$line")" "$iteration" "$(field first_ms "$line")" "$wall" "$note"
    done < <(grep '^{' "$out/$name.out")
    if [ "$lines" -eq 0 ]; then row "$name" "" "" "" "" "" "" "" "$wall" "$note"; fi
}

if [ "${SMOKE:-}" = 1 ]; then
    budget=${BUDGET:-1800}
    rounds=1 mnist_batch=3 cifar_batch=3
    mnist=(mnist --chains 3 --steps) cifar=(cifar --chains 3 --steps)
    mnist_steps=2 cifar_steps=2
else
    rounds=5 mnist_batch=400 cifar_batch=250
    mnist=(mnist --chains 400 --steps) cifar=(cifar --chains 900 --steps)
    mnist_steps=50 cifar_steps=15
fi

{
    echo "- date: $(date -u +%F)"
    echo "- GPU: $(nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader \
        2>/dev/null || echo 'unknown (no nvidia-smi)')"
    echo "- CPU: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) threads"
    echo
} | tee -a "$out/results.md"
row measurement network chains batch steps "ms per step" "ms per iteration" "first call ms" \
    "wall s" note
echo "|---|---|---|---|---|---|---|---|---|---|" >>"$out/results.md"

for device in ${DEVICES:-wgpu}; do
    on=("$score" --device "$device")
    measure "$device-step-mnist" 60 "${on[@]}" step "${mnist[@]}" $mnist_steps --rounds $rounds
    measure "$device-step-cifar" 60 "${on[@]}" step "${cifar[@]}" $cifar_steps --rounds $rounds
    measure "$device-iteration-mnist" 120 "${on[@]}" iteration "${mnist[@]}" $mnist_steps \
        --batch $mnist_batch --rounds $rounds
    measure "$device-iteration-cifar" 120 "${on[@]}" iteration "${cifar[@]}" $cifar_steps \
        --batch $cifar_batch --rounds $rounds
done

# peers SUFFIX OPTION...: the same work in PyTorch.
peers() {
    local suffix=$1
    shift
    measure "torch-step-$suffix" 60 "$python" "$PEERS/langevin_conv.py" --device cuda \
        --batches 400,900 "$@"
    measure "torch-iteration-mnist-$suffix" 60 "$python" "$PEERS/vmt_step.py" --device cuda \
        --net mnist --batch 400 --k 50 "$@"
    measure "torch-iteration-cifar-$suffix" 60 "$python" "$PEERS/vmt_step.py" --device cuda \
        --net cifar --batch 250 --chains 900 --k 15 "$@"
}
if [ -n "${PEERS:-}" ]; then
    peers f32
    peers tf32 --amp tf32
fi

measure cpu-step-mnist 30 "$score" step "${mnist[@]}" 3 --rounds 1
measure cpu-step-cifar 45 "$score" step "${cifar[@]}" 3 --rounds 1

if [ -n "$ebm" ]; then
    for device in ${DEVICES:-wgpu}; do
        run=$(mktemp -d)
        measure "$device-train-digits-quick" 120 "$ebm" train digits --quick --device "$device" \
            --run-dir "$run/digits"
        rm -rf "$run"
    done
fi

if [ -n "${PEERS:-}" ]; then
    peers compiled-f32 --compile
    peers compiled-tf32 --compile --amp tf32
fi
