#!/usr/bin/env bash
# Measures two builds of a service in turns (A B A B …) on one machine and says whether B is worse.
#
#   START_A, START_B   commands that start each build on $PORT of 127.0.0.1 and stay in the foreground
#   SCENARIO           load test of one run (default: the scenario.yaml beside this script)
#   ROUNDS             runs of each build (default 5; 4 at least)
#   METRIC             what decides (default: p95 of the scenario's last phase)
#   OUT                folder for run bundles, comment.md and compare.xml (default: gate)
#   FLTS               the command line (default: npx flts)
#
# Exit code: 0 not worse, 99 worse, 98 not comparable.
set -euo pipefail

: "${START_A:?the command that starts build A on \$PORT}" "${START_B:?the command that starts build B on \$PORT}"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SCENARIO=${SCENARIO:-$here/scenario.yaml}
ROUNDS=${ROUNDS:-5}
OUT=${OUT:-gate}
FLTS=${FLTS:-npx flts}
export PORT=${PORT:-8123}
service=

stop() {
  if [ -n "$service" ]; then
    kill "$service" 2>/dev/null || true
    wait "$service" 2>/dev/null || true
    service=
  fi
}
trap stop EXIT

# measure SIDE ROUND COMMAND: one run of one build, in a process that served nothing before.
measure() {
  local folder="$OUT/$1-$2" code=0
  bash -c "exec $3" >"$OUT/$1-$2.log" 2>&1 &
  service=$!
  curl --silent --show-error --fail --output /dev/null --retry 60 --retry-delay 1 --retry-connrefused \
    --retry-all-errors "http://127.0.0.1:$PORT/ready"
  $FLTS loadtest "$SCENARIO" --target "http://127.0.0.1:$PORT" --out "$folder" || code=$?
  # 98 and 99 are verdicts of that run: the comparison reads them from the bundle. Anything else is a fault.
  if [ "$code" -ne 0 ] && [ "$code" -ne 98 ] && [ "$code" -ne 99 ]; then return "$code"; fi
  stop
}

mkdir -p "$OUT"
a=() b=()
for round in $(seq "$ROUNDS"); do
  measure a "$round" "$START_A"
  measure b "$round" "$START_B"
  a+=("$OUT/a-$round") b+=("$OUT/b-$round")
done
$FLTS compare --a "${a[@]}" --b "${b[@]}" ${METRIC:+--metric "$METRIC"} \
  --markdown "$OUT/comment.md" --junit "$OUT/compare.xml"
