#!/usr/bin/env bash
# Makes the file tree of the image: the built program with what it needs at run time on this platform, and nothing else.
#   make-tree.sh FOLDER      (a new folder; the project has to be built)
set -euo pipefail
tree=${1:?usage: make-tree.sh FOLDER}
cd "$(dirname "$0")/../.."
test -s dist/cli/main.js || { echo 'make-tree: build first (npm run build)' >&2; exit 1; }

mkdir -p "$tree"
cp -r dist package.json package-lock.json .npmrc README.md LICENSE "$tree"
cd "$tree"
rm -f dist/.tsbuildinfo
npm ci --omit=dev --ignore-scripts --no-audit --no-fund --silent

# ONNX Runtime carries its library for every platform; the others' are most of the image.
own=$(node -p 'process.platform + "/" + process.arch')
for library in node_modules/onnxruntime-node/bin/*/*/*; do
  case $library in */"$own") ;; *) rm -r "$library" ;; esac
done
find node_modules/onnxruntime-node/bin -type d -empty -delete
test -n "$(find "node_modules/onnxruntime-node/bin" -path "*/$own/*" -print -quit)"

# Whoever runs it may read it, nobody may change it.
chmod -R a+rX,a-w .
