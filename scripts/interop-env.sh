#!/usr/bin/env bash
# The Python environment of test/interop: made once for each state of the requirements, kept in a cache folder, safe
# when several processes ask at once. Prints the path of its python on stdout; everything else goes to stderr.
# Exit code 3: this machine has no python3 with venv.
set -euo pipefail
cd "$(dirname "$0")/.."
requirements=test/interop/requirements.txt
cache=${FLTS_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/flts-interop}

python3 -c 'import ensurepip, venv' 2> /dev/null || {
  echo 'interop: no python3 with venv on this machine' >&2
  exit 3
}
key=$({ python3 --version && cat "$requirements"; } | sha256sum | cut -c 1-16)
env=$cache/$key
mkdir -p "$cache"
exec 9> "$cache/$key.lock"
flock 9
if [ ! -e "$env/complete" ]; then
  rm -rf "$env"
  echo "interop: making $env (a minute or two, once)" >&2
  python3 -m venv "$env" >&2
  "$env/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: -r "$requirements" >&2
  touch "$env/complete"
fi
echo "$env/bin/python"
