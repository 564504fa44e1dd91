// SPDX-License-Identifier: Apache-2.0
#include "tune/tuning_fields.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace qkv::bench {

// In the order of the struct, which designated initialisers keep.
std::span<const TuningField> tuning_fields() {
  static const std::vector<TuningField> fields = {
      {"keys_per_block", &qkv_tuning::keys_per_block, false, true, {32, 48, 64, 96, 128, 192, 256}},
      {"blocks_per_span", &qkv_tuning::blocks_per_span, false, true, {4, 8, 16, 32, 64}},
      {"prefill_rows_per_task", &qkv_tuning::prefill_rows_per_task, false, false, {32, 64, 96, 128, 192, 256}},
      {"decode_query_rows", &qkv_tuning::decode_query_rows, false, true, {1, 2, 4, 8, 12, 16, 32}},
      {"matmul_rows_per_task", &qkv_tuning::matmul_rows_per_task, true, false, {48, 96, 144, 192, 288, 384, 768}},
      {"matmul_panels_per_task", &qkv_tuning::matmul_panels_per_task, true, false, {1, 2, 4, 8, 16, 32, 64}},
      {"matmul_least_tasks", &qkv_tuning::matmul_least_tasks, true, false, {1, 8, 16, 32, 64, 128, 256}},
      {"matmul_depth_block", &qkv_tuning::matmul_depth_block, true, true, {256, 512, 768, 1024, 1536, 2048, 4096}},
  };
  return fields;
}

std::vector<int64_t> sweep_of(const TuningField& field) {
  std::vector<int64_t> values = field.candidates;
  std::erase(values, qkv_tuning_default().*field.value);
  return values;
}

qkv_tuning default_tuning() {
  qkv_tuning tuning = {};
  tuning.size = sizeof tuning;
  return tuning;
}

bool same(const qkv_tuning& one, const qkv_tuning& other) {
  return std::ranges::all_of(tuning_fields(),
                             [&](const TuningField& field) { return one.*field.value == other.*field.value; });
}

bool is_default(const qkv_tuning& tuning) {
  return same(tuning, default_tuning());
}

std::string words_of(const qkv_tuning& tuning) {
  std::vector<std::string> words;
  for (const TuningField& field : tuning_fields()) {
    if (tuning.*field.value != 0) words.push_back(fmt::format("{}={}", field.name, tuning.*field.value));
  }
  return words.empty() ? "default" : fmt::format("{}", fmt::join(words, " "));
}

std::string initialiser_of(const qkv_tuning& tuning) {
  std::string text = "const qkv_tuning tuning = {\n    .size = sizeof(qkv_tuning),\n";
  for (const TuningField& field : tuning_fields()) {
    if (tuning.*field.value != 0) text += fmt::format("    .{} = {},\n", field.name, tuning.*field.value);
  }
  return text + "};\n";
}

}  // namespace qkv::bench
