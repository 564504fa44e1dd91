#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317  # functions are called by name
# Installs what is missing, builds, and runs the whole test suite.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  cat <<'TEXT'
Usage: tools/test.sh [--quick] [--lint]

Builds with GCC (release) and runs every test on every tier of this CPU, with both models. Then: the symbols of a
Clang build, the suite under AddressSanitizer and UndefinedBehaviorSanitizer, x86 CPUs with less than this one and, by a
cross compiler, NEON under qemu-user. Says what these leave out, and ends with the line "N passed, N failed".

  --quick   only this CPU, no sanitizers, no emulation
  --lint    clang-format and clang-tidy as well
  --help    this text
TEXT
}

quick=no
lint=no
for argument in "$@"; do
  case $argument in
    --quick) quick=yes ;;
    --lint) lint=yes ;;
    --help) usage && exit 0 ;;
    *) echo "tools/test.sh: unknown option $argument" >&2 && exit 2 ;;
  esac
done

# shellcheck source=tools/setup.sh
source tools/setup.sh

passed=0
failed=0
checked=()
skipped=()
full_cases=5000
emulated_cases=20    # random attention problems per tier in emulation, where an instruction costs a hundred
sanitized_cases=100
in_emulation=(--no-suite checks --no-suite tools --no-suite bench --no-suite instructions --no-suite attention_tuning
  --timeout-multiplier 4)
# For CPUs whose kernels have run on an earlier one: they differ by the features that are detected.
repeated_cases=1
when_repeated=(--no-suite attention_families --no-suite attention_determinism)
when_detected=(--suite api --suite openmp --suite attention_random)

# ---- the account ----------------------------------------------------------------------------------------------------

finish() {
  printf '\nChecked:\n'
  ((${#checked[@]} == 0)) || printf '  %s\n' "${checked[@]}"
  if ((${#skipped[@]})); then
    printf 'Skipped:\n'
    printf '  %s\n' "${skipped[@]}"
  fi
  printf '%d s\n\n%d passed, %d failed\n' "$SECONDS" "$passed" "$failed"
  exit $((failed > 0))
}

on_abort() {
  failed=$((failed + 1))
  skipped+=("everything after the step that failed")
  (finish) || true
}

count() {  # status what
  if (($1 == 0)); then
    passed=$((passed + 1))
    checked+=("$2")
  else
    failed=$((failed + 1))
    checked+=("$2: FAILED")
    tail -n 30 "$last_log" | sed 's/^/     | /'
  fi
}

# A step that is one test by itself.
counted_step() {
  local status=0
  step "$@" || status=$?
  count "$status" "$1"
}

fewer() { echo "random problems and golden texts: $1 of each $full_cases"; }

results() { grep --count "\"result\": \"$2\"" "$1" || true; }

# Tests that found nothing to do here, by name.
skipped_tests() { sed --quiet '/"result": "SKIP"/ s/^{"name": "\([^"]*\)".*/\1/p' "$1"; }

# The tiers that every test program says it checked must be exactly these.
count_tiers() {  # log expected what
  local said
  said=$(grep --only-matching 'checked [a-z0-9_ ]*, skipped' "$1" | sort --unique)
  if [[ $said == "checked $2, skipped" ]]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf '     FAILED: expected the tiers %s, the tests said: %s\n' "$2" "$said"
  fi
}

# Runs the suite of a build folder and adds up its tests.
test_build() {  # folder what tiers meson-options...
  local folder=$1 what=$2 tiers=$3 status=0 ok bad log
  shift 3
  local name=${what//[^[:alnum:]]/-}
  rm -f "$folder/meson-logs/$name"*
  step "testing $what" "$meson" test -C "$folder" --no-rebuild --print-errorlogs --logbase "$name" "$@" || status=$?
  log=("$folder/meson-logs/$name"*.json)
  [[ -f ${log[0]} ]] || {
    count 1 "$what"
    return
  }
  ok=$(results "${log[0]}" OK)
  bad=$(grep --count --extended-regexp '"result": "(FAIL|ERROR|TIMEOUT|INTERRUPT|UNEXPECTEDPASS)"' "${log[0]}" || true)
  ((status == 0 || bad > 0)) || bad=1
  passed=$((passed + ok))
  failed=$((failed + bad))
  while read -r name; do skipped+=("$what: the test $name skipped itself"); done < <(skipped_tests "${log[0]}")
  checked+=("$what: $ok tests on $tiers$( ((bad == 0)) || echo ", $bad FAILED")")
  ((bad == 0)) || grep --before-context 40 --max-count 5 --extended-regexp '(FAIL|ERROR|TIMEOUT) ' "$last_log" | tail -n 80
  count_tiers "${log[0]%.json}.txt" "$tiers" "$what"
}

# ---- what is checked ------------------------------------------------------------------------------------------------

# What the kernel says of this CPU: a witness apart from qkv's own detection.
native_tiers() {
  local flags tiers=generic
  if [[ $(uname -m) == aarch64 ]]; then
    echo "generic neon"
    return
  fi
  flags=" $(grep --max-count 1 '^flags' /proc/cpuinfo) "
  if [[ $flags == *" avx2 "* && $flags == *" fma "* && $flags == *" f16c "* ]]; then
    tiers+=" avx2"
    if [[ $flags == *" avx512f "* && $flags == *" avx512bw "* && $flags == *" avx512dq "* && $flags == *" avx512vl "* ]]; then
      tiers+=" avx512"
      if [[ $flags == *" avx512vbmi "* && $flags == *" avx512_vnni "* && $flags == *" avx512_bf16 "* ]]; then
        tiers+=" avx512_bf16"
      fi
    fi
  fi
  echo "$tiers"
}

# Fails where tests have to do without the model.
fetch_for_tests() {  # what function
  local status=0
  step "fetching $1" "$2" || status=$?
  ((status == 0)) && return
  if ((status == model_not_fetched)); then
    skipped+=("tests with $1: it could not be fetched")
  else
    count 1 "fetching $1"
  fi
  return 1
}

check_native() {
  export CC=gcc CXX=g++
  required_step "configuring build-test/ (GCC)" configure build-test -Dbuildtype=release -Dtools=enabled -Dtests=enabled
  required_step "building build-test/" build build-test
  fetch_for_tests "the MiniLM model" fetch_model && export QKV_REQUIRE_MODEL=1 QKV_MODEL_DIR=$PWD/$model_folder
  fetch_for_tests "the SmolLM2 model" fetch_decoder && export QKV_REQUIRE_DECODER=1 QKV_DECODER_FILE=$PWD/$decoder_file
  test_build build-test "GCC" "$(native_tiers)"
}

check_clang() {
  export CC=clang-14 CXX=clang++-14
  required_step "configuring build-clang/" configure build-clang -Dbuildtype=release -Dtools=enabled -Dtests=enabled
  required_step "building the library with Clang" "$meson" compile -C build-clang qkv:static_library qkv:shared_library
  counted_step "symbols of the Clang build" "$python" tools/check_kernel_symbols.py build-clang
}

check_sanitized() {
  export CC=gcc CXX=g++
  # Not optimised, kernels apart: with sanitizers, GCC takes minutes for one optimised file that includes CLI11 or JSON.
  required_step "configuring build-sanitize/" configure build-sanitize -Dbuildtype=debug -Dcpp_args=-g1 \
    -Db_sanitize=address,undefined -Dtools=enabled -Dtests=enabled -Dbench=disabled
  required_step "building build-sanitize/" build build-sanitize
  # Without the models: their arithmetic is checked above, and instrumented it takes minutes.
  skipped+=("under sanitizers: the suites checks and attention_tuning, and the models; $(fewer $sanitized_cases)")
  UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 QKV_TEST_CASES=$sanitized_cases QKV_REQUIRE_MODEL=0 QKV_MODEL_DIR=none \
    QKV_REQUIRE_DECODER=0 QKV_DECODER_FILE=none \
    test_build build-sanitize "ASan and UBSan" "$(native_tiers)" --no-suite checks --no-suite attention_tuning --timeout-multiplier 4
}

test_emulated_x86() {  # cpu tiers cases meson-options...
  local cpu=$1 tiers=$2 cases=$3
  shift 3
  QEMU_CPU=$cpu QKV_TEST_CASES=$cases test_build build-test "x86 $cpu" "$tiers" --wrapper qemu-x86_64-static \
    "${in_emulation[@]}" "$@"
}

check_smaller_x86() {
  local cpu
  if [[ $(uname -m) != x86_64 ]]; then
    skipped+=("x86 CPUs in emulation: this is no x86 machine")
    return
  fi
  skipped+=("in x86 emulation: the suites checks, tools, bench, instructions and attention_tuning; $(fewer $emulated_cases), $repeated_cases on Haswell,-..., and there all but the suites api, openmp and attention_random")
  test_emulated_x86 Nehalem "generic" "$emulated_cases"
  test_emulated_x86 Haswell "generic avx2" "$emulated_cases"
  for cpu in Haswell,-avx2 Haswell,-fma Haswell,-xsave; do test_emulated_x86 "$cpu" "generic" "$repeated_cases" "${when_detected[@]}"; done
}

test_emulated_arm() {  # cpu cases meson-options...
  local cpu=$1 cases=$2
  shift 2
  QEMU_CPU=$cpu QKV_TEST_CASES=$cases test_build build-aarch64 "NEON $cpu" "generic neon" "${in_emulation[@]}" "$@"
}

check_neon() {
  local headers=$PWD/build-aarch64-headers
  mkdir -p "$headers"
  ln -sfn /usr/include/xsimd /usr/include/doctest "$headers"
  unset CC CXX
  required_step "configuring build-aarch64/" configure build-aarch64 --cross-file tools/cross/aarch64-linux-gnu.ini \
    -Dbuildtype=release -Dheader_only_includes="$headers" -Dtools=disabled -Dtests=enabled -Dbench=disabled
  required_step "building build-aarch64/" build build-aarch64
  counted_step "symbols of the AArch64 build" "$python" tools/check_kernel_symbols.py build-aarch64
  if command -v llvm-mca-19 > /dev/null; then
    counted_step "multiply loops against the limits of Arm CPUs" "$python" tools/arm_cycles.py build-aarch64
  else
    skipped+=("multiply loops against the limits of Arm CPUs: there is no llvm-mca-19 (package llvm-19)")
  fi
  skipped+=("in Arm emulation: the suites checks, tools, bench, instructions and attention_tuning; $(fewer $emulated_cases), $repeated_cases after cortex-a53, and there the suites attention_families and attention_determinism as well")
  test_emulated_arm cortex-a53 "$emulated_cases"
  test_emulated_arm cortex-a76 "$repeated_cases" "${when_repeated[@]}"
  test_emulated_arm max "$repeated_cases" "${when_repeated[@]}"
}

c_files() { find include src tools tests bench -name '*.h' -o -name '*.hpp' -o -name '*.cpp' -o -name '*.c' | sort; }

check_format() { c_files | xargs clang-format-14 --dry-run -Werror; }

# Kernels are left out: clang-tidy takes minutes for the vector types of each ISA.
check_tidy() {
  timeout 600 run-clang-tidy-14 -quiet -j 2 -p build-clang "$PWD/src/(api|plan|dispatch|openmp)/.*cpp" "$PWD/tools/.*cpp"
}

# ---- the run --------------------------------------------------------------------------------------------------------

packages=("${build_packages[@]}" "${test_packages[@]}" "${model_packages[@]}")
[[ $quick == yes ]] || packages+=(clang-14 libomp-14-dev qemu-user-static g++-aarch64-linux-gnu)
[[ $lint == no ]] || packages+=(clang-14 libomp-14-dev clang-format-14 clang-tidy-14)
install_packages "${packages[@]}"

[[ $lint == no ]] || counted_step "clang-format" check_format
check_native
if [[ $quick == yes ]]; then
  skipped+=("Clang, sanitizers and emulated CPUs: --quick")
else
  check_clang
  [[ $lint == no ]] || counted_step "clang-tidy" check_tidy
  check_sanitized
  check_smaller_x86
  check_neon
fi
finish
