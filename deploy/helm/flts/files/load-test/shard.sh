# One shard of a load test: `flts loadtest "$@"`. While it lives it touches shard-<i>.alive, at its end it writes its exit
# code to shard-<i>.exit: the merge knows from these whether to wait on.
set -eu
place=$FOLDER/shard-$JOB_COMPLETION_INDEX
mkdir -p "$FOLDER"
# An upgrade may make the job anew, days later: nobody expects a load then.
if [ "$(date +%s)" -ge "$START_EPOCH" ]; then
  echo "The start, $START_AT, has passed: nothing is driven. Give a new loadtest.startAt." >&2
  echo 1 > "$place.exit"
  exit 1
fi
while touch "$place.alive"; do sleep 2; done &
beat=$!
[ -z "${API_KEY:-}" ] || set -- "$@" --header "X-Api-Key: $API_KEY"
flts loadtest "$@" --shard "$JOB_COMPLETION_INDEX/$SHARDS" --start-at "$START_AT" --out "$place" &
load=$!
# The first process of a container has to pass signals on itself.
trap 'kill -TERM "$load"' TERM
code=0
wait "$load" || code=$?
# A signal ends the wait, not the load, which writes down what it has.
while kill -0 "$load" 2> /dev/null; do
  code=0
  wait "$load" || code=$?
done
echo "$code" > "$place.exit.tmp"
mv "$place.exit.tmp" "$place.exit"
kill "$beat"
# Requirements and validity are judged over all shards, so what a single one says of them (99, 98) is no failure.
case $code in 98 | 99) exit 0 ;; *) exit "$code" ;; esac
