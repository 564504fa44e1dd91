#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317  # functions are called by name
# Installs what is missing, builds, measures qkv and its peers, and makes a report of it.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: tools/bench.sh [--quick] [--json FILE] [options]

Measures qkv and other libraries on this machine, each in a process of its own, as shares of the machine's own limits,
and writes a page about them. The first run installs what is missing, PyTorch and ggml included: that takes a while.

  --quick         at most 3 minutes: only the problems that matter most, peers on the first number of threads, and no
                  Python peer that is not there yet
  --output FILE   the page; default: build-bench/report.html
  --json FILE     all rows and the CPU
  --svg FILE      a picture of a handful of problems
  --threads LIST  numbers of threads, such as 1,8; default: one and all
  --shapes LIST   files of bench/shapes: models, such as kernels,llama3_8b, or all; default: kernels
  --cache WHERE   hot: the same operands each call; cold: they come from DRAM; default: hot
  --filter REGEX  only the problems whose names match
  --peers LIST    only these peers: openblas, blis, onednn, onednn:pypi, pytorch, onnxruntime:MultiHeadAttention,
                  onnxruntime:GroupQueryAttention, onnxruntime:Attention-23, openvino, ggml
  --no-peers      qkv alone
  --help          this text
TEXT
}

refuse() {
  echo "tools/bench.sh: $1" >&2
  exit 2
}

# ---- what is asked for ----------------------------------------------------------------------------------------------

all_peers=(openblas blis onednn onednn:pypi pytorch onnxruntime:MultiHeadAttention onnxruntime:GroupQueryAttention
  onnxruntime:Attention-23 openvino ggml)
peers=("${all_peers[@]}")
quick=no
cpus=$(nproc)
threads=(1)
((cpus == 1)) || threads+=("$cpus")
shapes=(kernels)
output=
json=
svg=
filter=
cache=hot

split() { IFS=, read -r -a "$1" <<<"$2"; }

check_peers() {
  local peer
  ((${#peers[@]})) || refuse "--peers: no peer is named"
  for peer in "${peers[@]}"; do
    [[ " ${all_peers[*]} " == *" $peer "* ]] || refuse "--peers: unknown peer '$peer'"
  done
}

check_threads() {
  local count
  ((${#threads[@]})) || refuse "--threads: no number is given"
  for count in "${threads[@]}"; do
    [[ $count =~ ^[1-9][0-9]{0,3}$ ]] || refuse "--threads: '$count' is not a whole number >= 1"
    ((count <= cpus)) || refuse "--threads: $count is more than the $cpus CPUs"
  done
}

check_shapes() {
  local name
  for name in "${shapes[@]}"; do
    [[ $name == all || -f bench/shapes/$name.txt ]] || refuse "--shapes: there is no bench/shapes/$name.txt"
  done
  [[ " ${shapes[*]} " != *" all "* ]] || shapes=(bench/shapes/*.txt)
  shapes=("${shapes[@]##*/}")
  shapes=("${shapes[@]%.txt}")
}

# A file that will be written, seen from where the script was called.
target() {  # option file
  local folder
  folder=$(dirname -- "$2")
  [[ -d $folder && -w $folder && ! -d $2 ]] || refuse "$1 $2: cannot be written"
  realpath -- "$2"
}

check_cache() { [[ $cache == hot || $cache == cold ]] || refuse "--cache: '$cache' is neither hot nor cold"; }

check_filter() {
  local status=0
  grep --quiet --extended-regexp -e "$filter" /dev/null >/dev/null 2>&1 || status=$?
  ((status < 2)) || refuse "--filter: '$filter' is no regular expression"
}

while (($#)); do
  case $1 in
    --help) usage && exit 0 ;;
    --quick) quick=yes ;;
    --no-peers) peers=() ;;
    --output | --json | --svg | --threads | --cache | --filter | --peers | --shapes)
      [[ -n ${2-} ]] || refuse "$1 needs a value"
      case $1 in
        --output) output=$2 ;;
        --json) json=$2 ;;
        --svg) svg=$2 ;;
        --threads) split threads "$2" && check_threads ;;
        --cache) cache=$2 && check_cache ;;
        --filter) filter=$2 && check_filter ;;
        --peers) split peers "$2" && check_peers ;;
        --shapes) split shapes "$2" ;;
      esac
      shift
      ;;
    *) refuse "unknown option $1" ;;
  esac
  shift
done
[[ -z $output ]] || output=$(target --output "$output")
[[ -z $json ]] || json=$(target --json "$json")
[[ -z $svg ]] || svg=$(target --svg "$svg")

cd "$(dirname "${BASH_SOURCE[0]}")/.."
check_shapes
# shellcheck source=tools/setup.sh
source tools/setup.sh

# ---- peers ----------------------------------------------------------------------------------------------------------

venv=build-peers/venv
skipped=()

# The Python packages of a peer; OpenBLAS and BLIS have none.
python_packages() {
  case $1 in
    onednn:pypi) echo onednn-devel-cpu-gomp==2023.2.0 ;; # later ones are made for SYCL devices
    pytorch) echo torch==2.13.0 ;;
    onnxruntime:*) echo onnx==1.23.2 onnxruntime==1.32.0 ;;
    openvino) echo openvino==2026.4.1 ;;
    ggml) echo llama-cpp-python==0.3.36 ;;
  esac
}

# Quick and offline: pip decides from what lies in the environment.
has_packages() { "$venv/bin/pip" install --quiet --no-index --no-deps --dry-run "$@" >/dev/null 2>&1; }

install_python() {
  # ggml is compiled: without what the peer does not use.
  CMAKE_ARGS="-DLLAVA_BUILD=OFF" "$venv/bin/pip" install --quiet --disable-pip-version-check "$@"
}

make_environment() {
  [[ -x $venv/bin/pip ]] || "$python" -m venv "$venv" && { has_packages numpy || install_python numpy; }
}

install_peer() {  # peer
  local packages
  read -r -a packages <<<"$(python_packages "$1")"
  if ((${#packages[@]} == 0)) || has_packages "${packages[@]}"; then return; fi
  if [[ $quick == yes ]]; then
    skipped+=("$1: ${packages[*]} is not installed, and --quick installs no Python peer")
    return 1
  fi
  step "installing ${packages[*]} in $venv/" install_python "${packages[@]}" && return
  skipped+=("$1: ${packages[*]} could not be installed")
  return 1
}

install_peers() {
  local peer there=()
  step "making the Python environment $venv/" make_environment || {
    skipped+=("all peers: there is no numpy to check them with")
    peers=()
    return 0
  }
  for peer in "${peers[@]}"; do
    if install_peer "$peer"; then there+=("$peer"); fi
  done
  peers=("${there[@]}")
}

peer_libraries() {
  local missing
  mapfile -t missing < <(missing_packages libopenblas-dev libblis-dev libdnnl-dev)
  ((${#missing[@]} == 0)) || step "installing ${missing[*]}" install_missing "${missing[@]}" ||
    skipped+=("${missing[*]} could not be installed")
}

# ---- measuring ------------------------------------------------------------------------------------------------------

folder=build-bench
results=$folder/results
[[ -n $output ]] || output=$PWD/$folder/report.html
rows=()
quick_seconds=165 # of all processes together
measuring_since=0
processes=0       # still to come

join() { local IFS=,; echo "$*"; }

measure_qkv() {
  local status=0
  local command=("$folder/bench/qkv-bench" --shapes "${shapes[@]}" --threads "$(join "${threads[@]}")"
    --cache "$cache"
    --json "$results/qkv.json")
  [[ $quick == no ]] || command+=(--quick)
  [[ -z $filter ]] || command+=(--filter "$filter")
  rm -f "$results/qkv.json"
  step "measuring qkv" "${command[@]}" || status=$?
  # 1: some result is wrong. The report says which.
  if ((status == 2)) || [[ ! -f $results/qkv.json ]]; then refuse "qkv-bench: $(tail -n 1 "$last_log")"; fi
  rows+=("$results/qkv.json")
}

# Seconds that the next process may take of what is left, the start of Python and its libraries included.
share_of_time() {
  local left=$((quick_seconds - (SECONDS - measuring_since)))
  echo $((left / processes > 4 ? left / processes - 3 : 1))
}

measure_peer() {  # peer threads
  local files=("${shapes[@]/#/bench/shapes/}")
  files=("${files[@]/%/.txt}")
  local file="$results/${1//:/-}-$2.json" status=0 limit=7200
  local command=("$venv/bin/python" bench/peers/run_peer.py "$1" --threads "$2" --seconds 1.5
    --cache "$cache" --libraries "$folder/bench/peers" --json "$file" --shapes "${files[@]}")
  [[ -z $filter ]] || command+=(--filter "$filter")
  if [[ $quick == yes ]]; then
    limit=$(share_of_time)
    command+=(--quick --repetitions 5 --seconds 0.3 --budget "$limit")
    limit=$((limit + 15))
  fi
  rm -f "$file"
  step "measuring $1, threads: $2" timeout "$limit" "${command[@]}" || status=$?
  if ((status == 2)); then # a line that says what
    skipped+=("$(tail -n 1 "$last_log" | sed 's/^[^:]*: //')")
  elif ((status == 124)); then
    skipped+=("$1, threads: $2: what it had not measured after $limit s")
  elif ((status != 0)); then
    skipped+=("$1, threads: $2: what came after exit code $status, see $last_log")
  fi
  [[ ! -f $file ]] || rows+=("$file") # what it had measured before it failed
}

measure_peers() {
  local count peer threads=("${threads[@]}")
  [[ $quick == no ]] || threads=("${threads[0]}")
  processes=$((${#peers[@]} * ${#threads[@]}))
  for count in "${threads[@]}"; do
    for peer in "${peers[@]}"; do
      measure_peer "$peer" "$count"
      processes=$((processes - 1))
    done
  done
}

# ---- the run --------------------------------------------------------------------------------------------------------

install_packages "${build_packages[@]}" "${test_packages[@]}" python3-venv python3-pip
options=(-Dbuildtype=release -Dbench=enabled)
targets=(bench/qkv-bench)
if ((${#peers[@]})); then
  peer_libraries
  install_peers
  options+=(-Dpeers=enabled)
  [[ ! -f $venv/include/dnnl.hpp ]] || options+=(-Dpeers_onednn="$PWD/$venv")
  targets+=(peers)
fi
export CC=gcc CXX=g++
required_step "configuring $folder/" configure "$folder" "${options[@]}"
required_step "building qkv-bench${peers[*]:+ and the peers}" build "$folder" "${targets[@]}"

mkdir -p "$results"
measuring_since=$SECONDS
measure_qkv
measure_peers

report=("$python" bench/report/make_report.py "${rows[@]}" --output "$output")
[[ -z $json ]] || report+=(--json "$json")
[[ -z $svg ]] || report+=(--svg "$svg")
required_step "making the report" "${report[@]}"

if ((${#skipped[@]})); then
  printf '\nSkipped:\n'
  printf '  %s\n' "${skipped[@]}"
fi
printf '\nThe report, for a browser: %s\n' "$output"
[[ -z $json ]] || printf 'All rows: %s\n' "$json"
[[ -z $svg ]] || printf 'The picture: %s\n' "$svg"
