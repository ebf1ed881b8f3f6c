# Merges the shards of a load test once all have ended. Ends soon, and says which shard it was, where one has failed or,
# from the start of the load on, has not been alive for SILENCE_SECONDS: killed, or never started.
set -eu
mkdir -p "$FOLDER"
cd "$FOLDER"

# Seconds since the shard was last alive; before the start of the load a shard need not be.
silence_of() {
  seen=$(stat -c %Y "shard-$1.alive" 2> /dev/null || echo 0)
  [ "$seen" -gt "$START_EPOCH" ] || seen=$START_EPOCH
  echo $(($(date +%s) - seen))
}

until [ "${waiting:-yes}" = no ]; do
  waiting=no
  lost=''
  for i in $(seq 0 $((SHARDS - 1))); do
    code=$(cat "shard-$i.exit" 2> /dev/null || echo none)
    case $code in
      0 | 98 | 99) ;;
      none)
        waiting=yes
        [ "$(silence_of "$i")" -le "$SILENCE_SECONDS" ] || lost="$lost shard $i has not been alive for $SILENCE_SECONDS s;"
        ;;
      *) lost="$lost shard $i ended with exit code $code;" ;;
    esac
  done
  if [ -n "$lost" ]; then
    echo "Nothing is merged:$lost see the logs and events of these pods. What the others measured is in $FOLDER." >&2
    exit 1
  fi
  [ "$waiting" = no ] || sleep 2
done
set --
for i in $(seq 0 $((SHARDS - 1))); do set -- "$@" "shard-$i"; done
exec flts merge "$@" --out merged
