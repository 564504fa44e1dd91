#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, fetches the model and shows the attention of a sentence. Usage: tools/demo.sh [TEXT...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/setup.sh
source tools/setup.sh

texts=("$@")
((${#texts[@]})) || texts=("The pizza came out of the oven and it tasted good")

install_packages "${build_packages[@]}" "${model_packages[@]}"
export CC=gcc CXX=g++
required_step "configuring build/" configure build -Dbuildtype=release -Dtools=enabled -Dtests=false -Dbench=disabled
required_step "building qkv-attend" build build tools/qkv-attend

weights=(--model "$model_folder")
status=0
step "fetching the model" fetch_model || status=$?
if ((status == model_not_fetched)); then
  echo "No network: a generated model with random weights takes the model's place, so its attention means nothing."
  weights=(--random)
elif ((status != 0)); then
  tail -n 5 "$last_log"
  exit 1
fi

echo
build/tools/qkv-attend "${weights[@]}" --html build/attention.html --svg build/attention.svg -- "${texts[@]}"
echo
echo "The picture: build/attention.svg. With every layer and head, in a browser: build/attention.html"
