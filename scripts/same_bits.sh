#!/usr/bin/env bash
# Compares two programs bit for bit: trains the same recipes with both on the CPU and compares the
# numbers that the runs leave (metrics.jsonl, samples.jsonl), timings left out, and numbers that the
# old program does not write.
#
#   scripts/same_bits.sh OLD_BINARY NEW_BINARY [CASE...]
#
# For a change that must not change results: build `ebm` before and after it, and pass both. Without
# cases, those of `default_cases` run; a case is a recipe and its `--set` values, as one argument.
# ITERATIONS (default 50) is the length of each run. The exit status is 1 if a case differs.
set -euo pipefail

if [ $# -lt 2 ]; then
    sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
old=$(realpath "$1")
new=$(realpath "$2")
shift 2
iterations=${ITERATIONS:-50}
default_cases=(
    "digits"
    "digits-by-class"
    "digits-completion"
    "two-moons"
    "digits student.kind=replay"
    "digits student.kind=generator student.latent_steps=2"
    "digits student.kind=data"
    "digits student.kind=vae-on-data"
)
if [ $# -eq 0 ]; then set -- "${default_cases[@]}"; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Numbers that measure the machine instead of the model.
timings='s/"[a-z_]*(secs|seconds|_ms|per_second|timestamp)[a-z_]*": ?[0-9.eE+-]+,?//g'

# train BINARY FOLDER RECIPE [KEY=VALUE...]
train() {
    local binary=$1 folder=$2 recipe=$3 sets=()
    shift 3
    for value in "$@" "iterations=$iterations"; do sets+=(--set "$value"); done
    if ! "$binary" train "$recipe" --device cpu --run-dir "$folder" "${sets[@]}" \
        >"$folder.log" 2>&1; then
        echo "$binary failed:"
        tail -n 5 "$folder.log"
        return 1
    fi
}

# known OLD NEW: rewrites both files of JSON lines alike, NEW with the keys of OLD alone.
known() {
    python3 -c '
import json, sys
old, new = ([json.loads(line) for line in open(path)] for path in sys.argv[1:])
new = [{k: b[k] for k in a if k in b} for a, b in zip(old, new)] + new[len(old):]
for path, lines in zip(sys.argv[1:], (old, new)):
    open(path, "w").writelines(json.dumps(line) + "\n" for line in lines)' "$@"
}

# compare FILE: prints the first line that differs, if there is one.
compare() {
    local file=$1 side
    for side in old new; do
        [ -s "$work/$side/$file" ] || { echo "  $side: $file is missing"; return 1; }
        sed -E "$timings" "$work/$side/$file" >"$work/$side.$file"
    done
    known "$work/old.$file" "$work/new.$file"
    cmp -s "$work/old.$file" "$work/new.$file" && return
    local line
    line=$(cmp "$work/old.$file" "$work/new.$file" 2>&1 | sed -nE 's/.* line ([0-9]+).*/\1/p')
    echo "  $file, line ${line:-?}:"
    for side in old new; do
        echo "    $side: $(sed -n "${line:-1}p" "$work/$side.$file")"
    done
    return 1
}

failed=0
for case in "$@"; do
    read -ra words <<<"$case"
    rm -rf "$work"/old* "$work"/new*
    if ! message=$(train "$old" "$work/old" "${words[@]}" && train "$new" "$work/new" "${words[@]}")
    then
        echo "FAILED   $case"
        echo "$message" | sed 's/^/  /'
        failed=1
    elif message=$(compare metrics.jsonl && compare samples.jsonl); then
        echo "equal    $case ($(wc -l <"$work/new/metrics.jsonl") iterations)"
    else
        echo "DIFFERS  $case"
        echo "$message"
        failed=1
    fi
done
exit $failed
