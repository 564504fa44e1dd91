// SPDX-License-Identifier: Apache-2.0
#include "qkv/activation.h"

#include "api/row_operation.hpp"

namespace qkv {
namespace {

const char* variant(const qkv_activation_args& args) {
  constexpr const char* names[] = {"activation.identity", "activation.relu", "activation.gelu", "activation.gelu_tanh",
                                   "activation.silu"};
  return names[args.kind];
}

qkv_status check_options(const qkv_activation_args& args) {
  if (args.kind >= QKV_IDENTITY && args.kind <= QKV_SILU) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "kind = %d: not a qkv_activation_kind", args.kind);
}

RowViews views_of(qkv_activation_args& args) {
  RowViews views(args.input.shape[0], args.input.shape[1]);
  views.add("input", Role::input, args.input, true);
  views.add("output", Role::output, args.output);
  return views;
}

// One function per element, whatever it takes.
constexpr RowOperation<qkv_activation_args> operation{
    Operation::activation, &RowKernels::activation, 1, variant, check_options, views_of, nullptr};

}  // namespace
}  // namespace qkv

using namespace qkv;

qkv_status qkv_activation_plan(const qkv_activation_args* args, qkv_plan* plan) {
  return plan_rows(operation, args, plan);
}

qkv_status qkv_activation_run(const qkv_plan* plan, const qkv_activation_args* args, int64_t first_task,
                              int64_t last_task, int32_t worker, void* workspace) {
  return run_rows(operation, plan, args, {first_task, last_task, worker, workspace});
}

qkv_status qkv_activation(const qkv_activation_args* args, const qkv_pool* pool, void* workspace,
                          size_t workspace_bytes) {
  return execute<qkv_activation_args>({qkv_activation_plan, qkv_activation_run}, args, pool, workspace,
                                      workspace_bytes);
}
