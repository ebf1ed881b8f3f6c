#!/usr/bin/env bash
# What the tests of deploy/ need: helm from its Go module (built once, kept in a cache folder), and Debian's nginx,
# HAProxy and Prometheus. Prints the path of helm on stdout; everything else goes to stderr.
#   deploy-tools.sh             installs what is missing
#   deploy-tools.sh --present   installs nothing; exit code 3 where something is missing
set -euo pipefail
version=v3.19.2
cache=${FLTS_DEPLOY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/flts-deploy}
helm=$cache/bin/helm-$version
export PATH=$PATH:/usr/sbin:/usr/local/go/bin

missing=()
command -v nginx > /dev/null || missing+=(nginx-light)
command -v haproxy > /dev/null || missing+=(haproxy)
command -v promtool > /dev/null || missing+=(prometheus)

if [ "${1:-}" = --present ]; then
  [ -x "$helm" ] || missing+=("helm $version")
  if [ ${#missing[@]} -gt 0 ]; then
    echo "deploy tools: missing ${missing[*]}; bash scripts/deploy-tools.sh installs them" >&2
    exit 3
  fi
  echo "$helm"
  exit 0
fi

mkdir -p "$cache/bin"
exec 9> "$cache/lock"
flock 9
if [ ${#missing[@]} -gt 0 ]; then
  # Their services are not wanted, only the programs.
  printf '#!/bin/sh\nexit 101\n' > "$cache/policy-rc.d"
  chmod +x "$cache/policy-rc.d"
  [ -e /usr/sbin/policy-rc.d ] || install -m 755 "$cache/policy-rc.d" /usr/sbin/policy-rc.d
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
fi
if [ ! -x "$helm" ]; then
  echo "deploy tools: building helm $version (two minutes, once)" >&2
  GOBIN=$cache/build GOFLAGS=-mod=mod go install "helm.sh/helm/v3/cmd/helm@$version" >&2
  mv "$cache/build/helm" "$helm"
fi
echo "$helm"
