# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Functions of tools/demo.sh, tools/test.sh and tools/bench.sh: steps with progress and logs, packages, build folders, the models.
# The tools are the distribution's own, whatever stands earlier on PATH.

meson=/usr/bin/meson
ninja=/usr/bin/ninja
python=/usr/bin/python3
model_folder=models/all-MiniLM-L6-v2
decoder_folder=models/SmolLM2-135M-Instruct
decoder_file=$decoder_folder/SmolLM2-135M-Instruct.Q4_1.gguf
model_not_fetched=3  # the exit code of tools/setup_model.py without network

build_packages=(g++ meson ninja-build pkg-config python3 libxsimd-dev libcli11-dev libfmt-dev nlohmann-json3-dev
  libutf8proc-dev)
test_packages=(doctest-dev libbenchmark-dev binutils valgrind)
model_packages=(python3-pip ca-certificates)

# Called by an aborted step, before the script ends. A script that counts its steps defines its own.
on_abort() { :; }

# ---- steps ----------------------------------------------------------------------------------------------------------

log_folder=build-logs
step_number=0
step_process=

trap '[[ -z $step_process ]] || kill -- "-$step_process" 2>/dev/null || true' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

show_progress() {  # title log
  local started=$SECONDS last
  while kill -0 "$step_process" 2>/dev/null; do
    sleep 1
    if [[ -t 1 ]]; then
      last=$(tail -c 300 "$2" | tr '\r' '\n' | tail -n 1 | tr -cd '[:print:]')
      printf '\r\033[K      %s: %d s  %.60s' "$1" $((SECONDS - started)) "$last"
    elif (((SECONDS - started) % 30 == 29)); then
      printf '      %s: %d s\n' "$1" $((SECONDS - started))
    fi
  done
  [[ ! -t 1 ]] || printf '\r\033[K'
}

# Runs a command with its output in a log; returns its status. Bash ignores errexit in here: what a step runs is a single
# command or a chain of &&.
step() {  # title command...
  local title=$1 started=$SECONDS status=0 log
  shift
  mkdir -p "$log_folder"
  step_number=$((step_number + 1))
  log=$(printf '%s/%02d-%s.log' "$log_folder" "$step_number" "$(tr -cs '[:alnum:].,-' '-' <<<"$title")")
  printf '[%2d] %s ...\n' "$step_number" "$title"
  set -m # a process group of its own, so that an interrupted script takes its children along
  "$@" >"$log" 2>&1 </dev/null &
  step_process=$!
  set +m
  show_progress "$title" "$log"
  wait "$step_process" || status=$?
  step_process=
  if ((status == 0)); then
    printf '     ok, %d s\n' $((SECONDS - started))
  else
    printf '     exit code %d after %d s, output in %s\n' "$status" $((SECONDS - started)) "$log"
  fi
  last_log=$log
  return "$status"
}

# A step without which nothing further makes sense.
required_step() {
  step "$@" && return
  tail -n 30 "$last_log" | sed 's/^/     | /'
  on_abort
  exit 1
}

# ---- packages -------------------------------------------------------------------------------------------------------

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "packages must be installed as root and there is no sudo: $*" >&2
    return 1
  fi
}

installed() { [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

missing_packages() {
  local package
  for package in "$@"; do installed "$package" || echo "$package"; done
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 \
    install --yes --no-install-recommends "$@"
}

# The lists of packages may be absent (a fresh image) or old (a package has moved on): then they are brought up to date.
install_missing() {
  apt_install "$@" && return
  as_root apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 update && apt_install "$@"
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@" | sort --unique)
  ((${#missing[@]} == 0)) && return
  command -v apt-get >/dev/null || {
    echo "There is no apt-get here. Install what these Debian packages hold, and run again: ${missing[*]}" >&2
    exit 2
  }
  # sudo asks for a password before the output goes to a log.
  ((EUID == 0)) || ! command -v sudo >/dev/null || sudo --validate
  required_step "installing ${#missing[@]} packages" install_missing "${missing[@]}"
}

# ---- builds ---------------------------------------------------------------------------------------------------------

# Sets up a build folder, or brings one that exists to these options.
configure() {  # folder options...
  if [[ -f $1/build.ninja ]] && "$meson" setup --reconfigure "$@"; then return; fi
  rm -rf "$1" && "$meson" setup "$@"
}

build() { "$ninja" -C "$@"; }  # folder targets...

# ---- the models -----------------------------------------------------------------------------------------------------

# Both end with the status of setup_model.py: model_not_fetched without network.
fetch_model() { "$python" tools/setup_model.py "$model_folder"; }
fetch_decoder() { "$python" tools/setup_model.py --model SmolLM2-135M-Instruct "$decoder_folder"; }
