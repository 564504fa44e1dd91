#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, fetches the models, shows the attention of a sentence and continues a text.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage="Usage: tools/demo.sh [TEXT ...]

Builds qkv-attend, qkv-generate and qkv-info in build-demo/, fetches all-MiniLM-L6-v2 and shows which words of each TEXT
look at which: a table here, build-demo/attention.svg and the page build-demo/attention.html. Then fetches
SmolLM2-135M-Instruct, which continues \"Once upon a time\". Installs missing Debian packages."
case ${1-} in
  --help) echo "$usage" && exit 0 ;;
  -*) echo "tools/demo.sh: unknown option $1" >&2 && exit 2 ;;
esac

# shellcheck source=tools/setup.sh
source tools/setup.sh

texts=("$@")
((${#texts[@]})) || texts=("The pizza came out of the oven and it tasted good")

install_packages "${build_packages[@]}" "${model_packages[@]}"
export CC=gcc CXX=g++
required_step "configuring build-demo/" configure build-demo -Dbuildtype=release -Dtools=enabled -Dtests=disabled -Dbench=disabled
required_step "building qkv-attend, qkv-generate and qkv-info" build build-demo tools/qkv-attend tools/qkv-generate tools/qkv-info

weights=(--model "$model_folder")
status=0
step "fetching the encoder" fetch_model || status=$?
if ((status == model_not_fetched)); then
  echo "No network: a generated model with random weights takes the model's place, so its attention means nothing."
  weights=(--random)
elif ((status != 0)); then
  tail -n 5 "$last_log" | sed 's/^/     | /'
  exit 1
fi

echo
build-demo/tools/qkv-attend "${weights[@]}" --html build-demo/attention.html --svg build-demo/attention.svg -- "${texts[@]}"
echo
status=0
step "fetching the decoder" fetch_decoder || status=$?
if ((status == 0)); then
  printf '\nOnce upon a time'
  build-demo/tools/qkv-generate --model "$decoder_file" --max-tokens 60 "Once upon a time"
elif ((status == model_not_fetched)); then
  echo "No network, so no text is generated."
else
  tail -n 5 "$last_log" | sed 's/^/     | /'
  exit 1
fi

echo
echo "The picture: build-demo/attention.svg. With every layer and head, in a browser: build-demo/attention.html"
echo "Your own sentence: build-demo/tools/qkv-attend \"The soup was cold, so the waiter took it back to the kitchen\""
echo "Your own story: build-demo/tools/qkv-generate \"The old clock struck thirteen, and\""
