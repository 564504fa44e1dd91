// SPDX-License-Identifier: Apache-2.0
#include "qkv/norm.h"

#include <cmath>

#include "api/row_operation.hpp"

namespace qkv {
namespace {

const char* variant(const qkv_norm_args& args) {
  return args.kind == QKV_LAYER_NORM ? "norm.layer" : "norm.rms";
}

qkv_status check_options(const qkv_norm_args& args) {
  if (args.kind != QKV_LAYER_NORM && args.kind != QKV_RMS_NORM) {
    return fail(QKV_INVALID_ARGUMENT, "kind = %d: not a qkv_norm_kind", args.kind);
  }
  if (!std::isfinite(args.epsilon) || args.epsilon < 0) {
    return fail(QKV_INVALID_ARGUMENT, "epsilon = %g: must be finite and not negative",
                static_cast<double>(args.epsilon));
  }
  if (args.input.rank == 2 && args.input.shape[1] == 0) {
    return fail(QKV_INVALID_ARGUMENT, "input.shape[1] = 0: a mean needs at least one column");
  }
  return QKV_OK;
}

RowViews views_of(qkv_norm_args& args) {
  RowViews views(args.input.shape[0], args.input.shape[1]);
  views.add("input", Role::input, args.input, true);
  views.add("output", Role::output, args.output);
  views.add("residual", Role::optional, args.residual, true);
  views.add("sum", Role::optional_output, args.sum);
  views.add({"weight", Role::optional, QKV_F32, 1, {views.columns}}, args.weight);
  views.add({"bias", Role::optional, QKV_F32, 1, {views.columns}}, args.bias);
  return views;
}

// Mean, difference, square, sum, factor, weight, bias, residual: counted as if all were there.
constexpr RowOperation<qkv_norm_args> operation{Operation::norm, &RowKernels::norm, 8,      variant,
                                                check_options,   views_of,          nullptr};

}  // namespace
}  // namespace qkv

using namespace qkv;

qkv_status qkv_norm_plan(const qkv_norm_args* args, qkv_plan* plan) {
  return plan_rows(operation, args, plan);
}

qkv_status qkv_norm_run(const qkv_plan* plan, const qkv_norm_args* args, int64_t first_task, int64_t last_task,
                        int32_t worker, void* workspace) {
  return run_rows(operation, plan, args, {first_task, last_task, worker, workspace});
}

qkv_status qkv_norm(const qkv_norm_args* args, const qkv_pool* pool, void* workspace, size_t workspace_bytes) {
  return execute<qkv_norm_args>({qkv_norm_plan, qkv_norm_run}, args, pool, workspace, workspace_bytes);
}
