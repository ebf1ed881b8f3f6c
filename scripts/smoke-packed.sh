#!/usr/bin/env bash
# The tarball, installed as a stranger would, under Node 24: every main command once, on small data.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
server=
cleanup() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap cleanup EXIT

npm pack --silent --pack-destination "$work" >/dev/null
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts ./flts-*.tgz
node24() { npx --yes -p node@24 node "$@"; }
flts=node_modules/flts/dist/cli/main.js

node24 --version
node24 "$flts" --version
node24 "$flts" synth --rows 2200 --seed 7 --out traffic.csv
node24 "$flts" train traffic.csv --model ridge --promote
node24 "$flts" models list
node24 "$flts" forecast traffic.csv --horizon 3 --csv

# npx stands between us and the process: start its node directly, so that SIGTERM reaches the server itself.
node24_path=$(npx --yes -p node@24 node -p process.execPath)
"$node24_path" "$flts" serve --port 0 >serve.log 2>&1 &
server=$!
for _ in $(seq 1 100); do
  port=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' serve.log | head -n 1 | grep -oE '[0-9]+$' || true)
  [ -n "$port" ] && break
  kill -0 "$server" || { cat serve.log; exit 1; }
  sleep 0.1
done
"$node24_path" "$flts" forecast traffic.csv --target "http://127.0.0.1:$port" --horizon 3 --csv
"$node24_path" "$flts" loadtest smoke --scale 0.1 --target "http://127.0.0.1:$port" --out run
test -s run/report.html && test -s run/run.json
kill -TERM "$server"
wait "$server"
server=
echo 'packed command line works on Node 24'
