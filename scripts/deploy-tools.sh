#!/usr/bin/env bash
# What the tests of deploy/ need: helm and compose's parser from their Go modules (built once, kept in a cache folder),
# and Debian's nginx, HAProxy and Prometheus. Prints the paths of helm and of the parser on stdout, a line each;
# everything else goes to stderr.
#   deploy-tools.sh             installs what is missing
#   deploy-tools.sh --present   installs nothing; exit code 3 where something is missing
set -euo pipefail
helm_version=v3.19.2
compose_version=v2.9.1
cache=${FLTS_DEPLOY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/flts-deploy}
helm=$cache/bin/helm-$helm_version
compose=$cache/bin/compose-go-$compose_version
export PATH=$PATH:/usr/sbin:/usr/local/go/bin

missing=()
command -v nginx > /dev/null || missing+=(nginx-light)
command -v haproxy > /dev/null || missing+=(haproxy)
command -v promtool > /dev/null || missing+=(prometheus)

if [ "${1:-}" = --present ]; then
  [ -x "$helm" ] || missing+=("helm $helm_version")
  [ -x "$compose" ] || missing+=("compose-go $compose_version")
  if [ ${#missing[@]} -gt 0 ]; then
    echo "deploy tools: missing ${missing[*]}; bash scripts/deploy-tools.sh installs them" >&2
    exit 3
  fi
  printf '%s\n' "$helm" "$compose"
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
# Builds the command of a Go module: build MODULE@VERSION COMMAND-IT-MAKES PATH-IT-GETS.
build() {
  [ -x "$3" ] && return
  echo "deploy tools: building $1 (once)" >&2
  GOBIN=$cache/build GOFLAGS=-mod=mod go install "$1" >&2
  mv "$cache/build/$2" "$3"
}
build "helm.sh/helm/v3/cmd/helm@$helm_version" helm "$helm"
build "github.com/compose-spec/compose-go/v2/cmd@$compose_version" cmd "$compose"
printf '%s\n' "$helm" "$compose"
