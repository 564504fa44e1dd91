// SPDX-License-Identifier: Apache-2.0
#include "api/tuning.hpp"

#include "api/arguments.hpp"
#include "api/error.hpp"
#include "kernels/kernel_table.hpp"

namespace qkv {
namespace {

constexpr int64_t many = 65536;

struct Field {
  const char* name;
  int64_t qkv_tuning::*given;
  int64_t Tuning::*choice;
  int64_t least, most, multiple;
};

constexpr Field fields[] = {
    {"keys_per_block", &qkv_tuning::keys_per_block, &Tuning::keys_per_block, key_group, max_keys_per_block, key_group},
    {"blocks_per_span", &qkv_tuning::blocks_per_span, &Tuning::blocks_per_span, 1, many, 1},
    {"prefill_rows_per_task", &qkv_tuning::prefill_rows_per_task, &Tuning::prefill_rows_per_task, 1, prefill_task_rows,
     1},
    {"prefill_least_tasks", &qkv_tuning::prefill_least_tasks, &Tuning::prefill_least_tasks, 1, many, 1},
    {"prefill_least_rows", &qkv_tuning::prefill_least_rows, &Tuning::prefill_least_rows, 1, prefill_task_rows, 1},
    {"decode_query_rows", &qkv_tuning::decode_query_rows, &Tuning::decode_query_rows, 1, 64, 1},
    {"matmul_rows_per_task", &qkv_tuning::matmul_rows_per_task, &Tuning::matmul_rows_per_task, 1, many, 1},
    {"matmul_panels_per_task", &qkv_tuning::matmul_panels_per_task, &Tuning::matmul_panels_per_task, 1, many, 1},
    {"matmul_least_tasks", &qkv_tuning::matmul_least_tasks, &Tuning::matmul_least_tasks, 1, many, 1},
    {"matmul_depth_block", &qkv_tuning::matmul_depth_block, &Tuning::matmul_depth_block, 16, many, 1},
};

}  // namespace

qkv_status read_tuning(const qkv_tuning* given, Tuning& tuning) {
  tuning = {};
  if (given == nullptr) return QKV_OK;
  qkv_tuning known;
  if (const qkv_status status = read_args(given, known, "tuning"); status != QKV_OK) return status;
  for (const Field& field : fields) {
    const int64_t value = known.*field.given;
    if (value == 0) continue;
    if (value < field.least || value > field.most || value % field.multiple != 0) {
      return fail(QKV_INVALID_ARGUMENT, "tuning.%s = %lld: must be %lld .. %lld, a multiple of %lld", field.name,
                  static_cast<long long>(value), static_cast<long long>(field.least),
                  static_cast<long long>(field.most), static_cast<long long>(field.multiple));
    }
    tuning.*field.choice = value;
  }
  return QKV_OK;
}

}  // namespace qkv

qkv_tuning qkv_tuning_default(void) {
  qkv_tuning tuning{};
  tuning.size = sizeof tuning;
  for (const qkv::Field& field : qkv::fields) tuning.*field.given = qkv::Tuning{}.*field.choice;
  return tuning;
}
