// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "api/options.hpp"
#include "api/row_ids.hpp"
#include "api/row_operation.hpp"
#include "qkv/rope.h"

namespace qkv {
namespace {

// A number that may be 0, which stands for a default.
struct Number {
  const char* name;
  float value, least, most;
  bool has_default;
};

qkv_status check_number(const Number& number) {
  if (number.has_default && number.value == 0) return QKV_OK;
  if (number.value >= number.least && number.value <= number.most) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "%s = %g: must be %sbetween %g and %g", number.name,
              static_cast<double>(number.value), number.has_default ? "0 or " : "", static_cast<double>(number.least),
              static_cast<double>(number.most));
}

template <size_t count>
qkv_status check_numbers(const Number (&numbers)[count]) {
  for (const Number& number : numbers) {
    if (const qkv_status status = check_number(number); status != QKV_OK) return status;
  }
  return QKV_OK;
}

// Bounds far outside of what models have keep logarithms and phases finite.
constexpr float million = 1e6F, longest_context = 1e12F;

qkv_status check_turns(const qkv_rope_table_args& args) {
  const bool is_default = args.high_turns == 0;
  const float high = !is_default ? args.high_turns : args.scaling == QKV_ROPE_YARN ? 32.0F : 4.0F;
  const float low = args.low_turns != 0 ? args.low_turns : 1.0F;
  if (low < high) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "high_turns = %g%s: must be above low_turns = %g", static_cast<double>(high),
              is_default ? " (the default)" : "", static_cast<double>(low));
}

// Without the scaling that reads it a number would silently not be used.
qkv_status check_unused(const char* name, float value) {
  if (value == 0) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "%s = %g: not used by this scaling, so it must be 0", name,
              static_cast<double>(value));
}

qkv_status check_scaling(const qkv_rope_table_args& args) {
  const qkv_status status = check_kind("scaling", args.scaling, QKV_ROPE_YARN, "qkv_rope_scaling");
  if (status != QKV_OK) return status;
  const bool scaled = args.scaling != QKV_ROPE_UNSCALED, by_turns = scaled && args.scaling != QKV_ROPE_LINEAR;
  const qkv_status wrong =
      scaled ? check_number({"factor", args.factor, 1, million, false}) : check_unused("factor", args.factor);
  if (wrong != QKV_OK) return wrong;
  const Number numbers[] = {{"original_context", args.original_context, 1, longest_context, false},
                            {"low_turns", args.low_turns, 1 / million, million, true},
                            {"high_turns", args.high_turns, 1 / million, million, true}};
  for (const Number& number : numbers) {
    const qkv_status bad = by_turns ? check_number(number) : check_unused(number.name, number.value);
    if (bad != QKV_OK) return bad;
  }
  return by_turns ? check_turns(args) : QKV_OK;
}

qkv_status check_divisors(const qkv_tensor& divisors) {
  const auto* values = static_cast<const float*>(divisors.data);
  for (int64_t i = 0; present(divisors) && i < divisors.shape[0]; i++) {
    const float divisor = values[i * divisors.stride[0]];
    if (divisor >= 1 / million && divisor <= longest_context) continue;
    return fail(QKV_INVALID_ARGUMENT, "divisors[%lld] = %g: must be between 1e-06 and 1e+12", static_cast<long long>(i),
                static_cast<double>(divisor));
  }
  return QKV_OK;
}

struct RopeTable : RowOperation<RopeTable, qkv_rope_table_args> {
  static constexpr Operation operation = Operation::rope_table;
  static constexpr auto kernel = &RowKernels::rope_table;
  static constexpr double flops_per_element = 0;

  static const char* name(const Args& args) {
    constexpr const char* names[] = {"rope_table.unscaled", "rope_table.linear", "rope_table.llama3",
                                     "rope_table.yarn"};
    return names[args.scaling];
  }

  static qkv_status check_options(const Args& args) {
    if (const qkv_status status = check_scaling(args); status != QKV_OK) return status;
    // A base of 1 lets all pairs turn alike: YaRN's logarithms cannot tell them apart.
    const float least_base = args.scaling == QKV_ROPE_YARN ? 1.001F : 1 / million;
    const qkv_status status = check_numbers({{"base", args.base, least_base, longest_context, true},
                                             {"magnitude", args.magnitude, -million, million, true}});
    if (status != QKV_OK || args.output.rank != 2 || args.output.shape[1] % 2 == 0) return status;
    return fail(QKV_INVALID_ARGUMENT, "output.shape[1] = %lld: must be even",
                static_cast<long long>(args.output.shape[1]));
  }

  static OperandsOf<Args> operands(const Args& planned, Args& args) {
    const int64_t rows = planned.output.shape[0], rotary_dim = planned.output.shape[1];
    OperandsOf<Args> list(planned, args);
    list.add(&Args::divisors, {"divisors", Role::optional, QKV_F32, 1, {rotary_dim / 2}});
    list.add(&Args::output, rows_of("output", Role::output, rows, rotary_dim));
    return list;
  }

  static qkv_status check_fit(const Body& body, const Args& args) {
    return check_planned("scaling", args.scaling, body.args.scaling);
  }

  static qkv_status check_rows(const Args& args, RowRange rows) {
    if (const qkv_status status = check_divisors(args.divisors); status != QKV_OK) return status;
    const RowIds positions{"positions", args.positions, INT64_MAX};
    return check_positions(positions, args.first_position, args.output, rows);
  }
};

}  // namespace
}  // namespace qkv

using namespace qkv;

qkv_status qkv_rope_table_plan(const qkv_rope_table_args* args, qkv_plan* plan) {
  return plan_operation<RopeTable>(args, plan);
}

qkv_status qkv_rope_table_run(const qkv_plan* plan, const qkv_rope_table_args* args, int64_t first_task,
                              int64_t last_task, int32_t worker, void* workspace) {
  return run_operation<RopeTable>(plan, args, {first_task, last_task, worker, workspace});
}

qkv_status qkv_rope_table(const qkv_rope_table_args* args, const qkv_pool* pool, void* workspace,
                          size_t workspace_bytes) {
  return call_operation<RopeTable>(args, pool, workspace, workspace_bytes);
}
