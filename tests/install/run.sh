#!/usr/bin/env bash
# Installs into an empty folder and uses only what is there: find_package and pkg-config each build a twin as a
# shared object, which `twinloop run --twin` loads; both give the same run hash.
# usage: run.sh SOURCE BUILD
set -euo pipefail
source=$1
build=$2
here=$source/tests/install
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/usr" >"$work/install.log"
bin=$work/usr/bin/twinloop
libdir=$(dirname "$(find "$work/usr" -name 'libtwinloop.so' | head -n 1)")
for file in bin/twinloop include/twinloop/twinloop.h include/twinloop/sim/twin.h share/man/man1/twinloop.1 \
  share/bash-completion/completions/twinloop share/zsh/site-functions/_twinloop share/fish/vendor_completions.d/twinloop.fish \
  share/doc/twinloop/README.md share/doc/twinloop/docs/scenario-api.md; do
  [ -f "$work/usr/$file" ] || { echo "not installed: $file"; exit 1; }
done

# 1. CMake
mkdir "$work/user"
cp "$here/pump.c" "$work/user/"
cp "$here/CMakeLists.txt.user" "$work/user/CMakeLists.txt"
cmake -S "$work/user" -B "$work/user/build" -DCMAKE_PREFIX_PATH="$work/usr" -DCMAKE_BUILD_TYPE=Release >"$work/cmake.log"
cmake --build "$work/user/build" >>"$work/cmake.log"
"$bin" run "$here/pump.lua" --twin "$work/user/build/pump.so" -o "$work/a" --json "$work/a.json" -q >"$work/a.txt"

# 2. pkg-config, with every warning on
export PKG_CONFIG_PATH=$libdir/pkgconfig
read -r -a flags <<<"$(pkg-config --cflags twinloop)"
read -r -a libs <<<"$(pkg-config --libs twinloop)"
cc -std=c11 -Wall -Wextra -Wpedantic -Werror -O2 -fPIC -shared "${flags[@]}" "$here/pump.c" -o "$work/pump2.so" "${libs[@]}"
"$bin" run "$here/pump.lua" --twin "$work/pump2.so" -o "$work/b" --json "$work/b.json" --threads 1 -q >"$work/b.txt"

hash_of() { sed -n 's/.*"run_hash": "\([0-9a-f]*\)".*/\1/p' "$1"; }
[ -n "$(hash_of "$work/a.json")" ] || { echo "no run hash"; exit 1; }
[ "$(hash_of "$work/a.json")" = "$(hash_of "$work/b.json")" ] || { echo "the two builds differ"; exit 1; }
grep -q '"verdict": "passed"' "$work/a.json"

# without --twin the name is unknown, and the message says so
status=0
"$bin" run "$here/pump.lua" -o "$work/c" -q 2>"$work/c.txt" >/dev/null || status=$?
[ $status -eq 3 ] || { echo "expected exit 3, got $status"; exit 1; }
grep -q "unknown twin 'pump'" "$work/c.txt"
echo "install: 4 cases passed"
