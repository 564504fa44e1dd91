// SPDX-License-Identifier: Apache-2.0
#include "qkv/softmax.h"

#include <cmath>

#include "api/row_operation.hpp"

namespace qkv {
namespace {

const char* variant(const qkv_softmax_args&) {
  return "softmax";
}

qkv_status check_options(const qkv_softmax_args& args) {
  if (args.scale_is_set == 0 || std::isfinite(args.scale)) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "scale = %g: must be finite", static_cast<double>(args.scale));
}

RowViews views_of(qkv_softmax_args& args) {
  RowViews views(args.input.shape[0], args.input.shape[1]);
  views.add("input", Role::input, args.input, true);
  views.add("output", Role::output, args.output);
  views.add("bias", Role::optional, args.bias);
  views.add({"mask", Role::optional, QKV_BOOL, 2, {views.rows, views.columns}}, args.mask);
  return views;
}

// Scale, subtract, exponential, add, divide.
constexpr RowOperation<qkv_softmax_args> operation{
    Operation::softmax, &RowKernels::softmax, 5, variant, check_options, views_of, nullptr};

}  // namespace
}  // namespace qkv

using namespace qkv;

qkv_status qkv_softmax_plan(const qkv_softmax_args* args, qkv_plan* plan) {
  return plan_rows(operation, args, plan);
}

qkv_status qkv_softmax_run(const qkv_plan* plan, const qkv_softmax_args* args, int64_t first_task, int64_t last_task,
                           int32_t worker, void* workspace) {
  return run_rows(operation, plan, args, {first_task, last_task, worker, workspace});
}

qkv_status qkv_softmax(const qkv_softmax_args* args, const qkv_pool* pool, void* workspace, size_t workspace_bytes) {
  return execute<qkv_softmax_args>({qkv_softmax_plan, qkv_softmax_run}, args, pool, workspace, workspace_bytes);
}
