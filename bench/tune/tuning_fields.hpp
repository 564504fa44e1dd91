// SPDX-License-Identifier: Apache-2.0
// The fields of qkv_tuning as qkv-tune sweeps them. In a tuning 0 is the default.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "qkv/tuning.h"

namespace qkv::bench {

struct TuningField {
  const char* name;
  int64_t qkv_tuning::*value;
  bool of_matmul;     // else of attention
  bool changes_bits;  // of results, within their error
  std::vector<int64_t> candidates;
};

std::span<const TuningField> tuning_fields();

// The candidates that are not the default.
std::vector<int64_t> sweep_of(const TuningField& field);

qkv_tuning default_tuning();
bool is_default(const qkv_tuning& tuning);
bool same(const qkv_tuning& one, const qkv_tuning& other);

// "keys_per_block=32 blocks_per_span=8", or "default"
std::string words_of(const qkv_tuning& tuning);

// To paste: a designated initialiser of C99 and C++20.
std::string initialiser_of(const qkv_tuning& tuning);

}  // namespace qkv::bench
