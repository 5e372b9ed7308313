#!/usr/bin/env bash
# Installs what is missing for a purpose, and says clearly what it cannot install.
#   tools/setup.sh build   to build and run twinloop
#   tools/setup.sh test    and to pass its tests
#   tools/setup.sh ci      and what .ci/run needs on top
# Packages are looked for by what they give (a header's pkg-config file, a command), so a machine that has
# them from elsewhere needs no apt. Exit: 0 nothing needed is missing, 1 something needed could not be had.
set -euo pipefail

purpose=${1:-build}
case $purpose in build | test | ci) ;; *)
  echo "usage: tools/setup.sh build|test|ci" >&2
  exit 2
  ;;
esac

# purpose  need      probe                package            for
table='
build      needed    cmd:cc               gcc                the compiler
build      needed    cmd:cmake            cmake              configuring
build      needed    cmd:ninja            ninja-build        building
build      needed    cmd:pkg-config       pkg-config         finding libraries
build      needed    file:stdlib.h        libc6-dev          C headers
build      needed    lib:hdf5             libhdf5-dev        telemetry files
build      needed    lib:lua5.4           liblua5.4-dev      scenarios
build      needed    lib:libxxhash        libxxhash-dev      digests
build      needed    lib:libcrypto        libssl-dev         SHA-256
build      needed    lib:jansson          libjansson-dev     JSON
build      needed    lib:zlib             zlib1g-dev         gzipped recordings
build      needed    lib:libdeflate       libdeflate-dev     compression
build      wanted    lib:nlopt            libnlopt-dev       derivative-free methods of calibrate
test       needed    lib:cmocka           libcmocka-dev      unit tests
test       needed    cmd:lua5.4           lua5.4             the house rules
test       needed    cmd:python3          python3            command-line tests
test       wanted    lib:mpfr             libmpfr-dev        the reference for mathematics
test       wanted    cmd:h5dump           hdf5-tools         an outside reader of telemetry files
test       wanted    py:h5py              python3-h5py       an outside reader of telemetry files
test       wanted    cmd:xmllint          libxml2-utils      checking JUnit reports
test       wanted    cmd:luacheck         lua-check          checking Lua modules and their types
test       wanted    cmd:mandoc           mandoc             checking the man page
test       wanted    cmd:shellcheck       shellcheck         checking shell scripts
test       wanted    file:bash_completion bash-completion    testing completions
test       wanted    cmd:arm-none-eabi-gcc gcc-arm-none-eabi  the kernels built for Cortex-M
test       wanted    newlib:string.h      libnewlib-arm-none-eabi the headers of that compiler
test       wanted    cmd:qemu-system-arm  qemu-system-arm    and run on emulated boards
ci         needed    cmd:clang            clang              the second compiler
ci         needed    file:libomp          libomp-dev         threads with clang
ci         needed    file:libarcher       libomp-dev         what the thread sanitizer knows of OpenMP
ci         needed    file:clang_rt        libclang-rt-dev    the sanitizers and the fuzzer of clang
ci         needed    cmd:shellcheck       shellcheck         checking shell scripts
ci         needed    cmd:clang-format     clang-format       the layout check
ci         needed    cmd:cppcheck         cppcheck           static analysis
ci         needed    cmd:gcovr            gcovr              the coverage report
ci         needed    cmd:gcov             gcc                the coverage report
ci         needed    cmd:git              git                which files the tree has
ci         needed    cmd:aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu the 64-bit ARM build
ci         needed    cmd:qemu-aarch64     qemu-user          running it
'

has() {
  case $1 in
  cmd:*) command -v "${1#cmd:}" >/dev/null ;;
  lib:*) command -v pkg-config >/dev/null && pkg-config --exists "${1#lib:}" ;;
  py:*) { /usr/bin/python3 -c "import ${1#py:}" || python3 -c "import ${1#py:}"; } 2>/dev/null ;;
  file:stdlib.h) [ -e /usr/include/stdlib.h ] || echo '#include <stdlib.h>' | cc -E - >/dev/null 2>&1 ;;
  file:bash_completion) [ -e /usr/share/bash-completion/bash_completion ] ;;
  newlib:*) echo "#include <${1#newlib:}>" | arm-none-eabi-gcc -E - >/dev/null 2>&1 ;;
  file:libomp) ls /usr/lib/llvm-*/lib/libomp.so >/dev/null 2>&1 ;;
  file:libarcher) ls /usr/lib/llvm-*/lib/libarcher.so >/dev/null 2>&1 ;;
  file:clang_rt) ls "$(clang -print-resource-dir 2>/dev/null)"/lib/linux/libclang_rt.{asan,tsan,fuzzer}-* >/dev/null 2>&1 ;;
  esac
}

# Rows of the table that count for this purpose and whose probe fails.
missing() {
  local row_purpose need probe package what
  while read -r row_purpose need probe package what; do
    [ -n "$row_purpose" ] || continue
    case $purpose:$row_purpose in
    build:build | test:build | test:test | ci:*) has "$probe" || echo "$need $package $what" ;;
    esac
  done <<<"$table"
}

lack=$(missing)
[ -n "$lack" ] || exit 0

packages=$(awk '{print $2}' <<<"$lack" | sort -u | tr '\n' ' ')
if ! command -v apt-get >/dev/null; then
  echo "setup: this system has no apt-get; nothing is installed for you." >&2
else
  run=()
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null; then run=(sudo); else echo "setup: neither root nor sudo; cannot install." >&2; fi
  fi
  if [ "$(id -u)" -eq 0 ] || [ ${#run[@]} -gt 0 ]; then
    echo "setup: installing $packages" >&2
    log=$(mktemp)
    "${run[@]}" apt-get update -qq >"$log" 2>&1 || echo "setup: the package list could not be refreshed; trying with the old one" >&2
    # shellcheck disable=SC2086 # a list of words
    if ! "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      -o DPkg::Lock::Timeout=300 $packages >>"$log" 2>&1; then
      echo "setup: apt-get could not install all at once, trying one by one:" >&2
      grep -E '^E:' "$log" | sort -u | head -n 5 >&2 || true
      for package in $packages; do
        "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
          -o DPkg::Lock::Timeout=300 "$package" >>"$log" 2>&1 || true
      done
    fi
    rm -f "$log"
  fi
fi

hash -r
lack=$(missing)
[ -n "$lack" ] || exit 0
status=0
while read -r need package what; do
  if [ "$need" = needed ]; then
    echo "setup: missing: $package ($what). Without it this cannot go on; please install it." >&2
    status=1
  else
    echo "setup: missing: $package ($what). The tests that need it are skipped." >&2
  fi
done <<<"$lack"
exit $status
