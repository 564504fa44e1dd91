// SPDX-License-Identifier: Apache-2.0
#include "qkv/rope.h"

#include "api/options.hpp"
#include "api/row_operation.hpp"

namespace qkv {
namespace {

struct Rope : RowOperation<Rope, qkv_rope_args> {
  static constexpr Operation operation = Operation::rope;
  static constexpr auto kernel = &RowKernels::rope;
  static constexpr double flops_per_element = 3;  // two products and a sum, for what is turned

  static const char* name(const Args& args) {
    return args.kind == QKV_ROPE_HALVES ? "rope.halves" : "rope.interleaved";
  }

  static qkv_status check_options(const Args& args) {
    const qkv_status status = check_kind("kind", args.kind, QKV_ROPE_INTERLEAVED, "qkv_rope_kind");
    const int64_t rotary_dim = args.table.shape[1], head_dim = args.input.shape[2];
    if (status != QKV_OK || args.table.rank != 2 || args.input.rank != 3) return status;
    if (rotary_dim % 2 == 0 && rotary_dim >= 2 && rotary_dim <= head_dim) return QKV_OK;
    return fail(QKV_INVALID_ARGUMENT,
                "table.shape[1] = %lld: must be even, at least 2 and at most input.shape[2] = %lld",
                static_cast<long long>(rotary_dim), static_cast<long long>(head_dim));
  }

  static OperandsOf<Args> operands(const Args& planned, Args& args) {
    const qkv_tensor& input = planned.input;
    OperandsOf<Args> list(planned, args);
    list.add(&Args::input, heads_of("input", Role::input, input), true);
    list.add(&Args::table, rows_of("table", Role::input, input.shape[0], planned.table.shape[1]));
    list.add(&Args::output, heads_of("output", Role::output, input));
    return list;
  }

  static void describe(Args& args, Plan<Body>& plan) {
    RowOperation::describe(args, plan);
    plan.header.flops *= static_cast<double>(args.table.shape[1]) / static_cast<double>(args.input.shape[2]);
  }

  static ViewRule heads_of(const char* name, Role role, const qkv_tensor& like) {
    return {name, role, QKV_F32, 3, {like.shape[0], like.shape[1], like.shape[2]}};
  }

  static qkv_status check_fit(const Body& body, const Args& args) {
    return check_planned("kind", args.kind, body.args.kind);
  }
};

}  // namespace
}  // namespace qkv

using namespace qkv;

qkv_status qkv_rope_plan(const qkv_rope_args* args, qkv_plan* plan) {
  return plan_operation<Rope>(args, plan);
}

qkv_status qkv_rope_run(const qkv_plan* plan, const qkv_rope_args* args, int64_t first_task, int64_t last_task,
                        int32_t worker, void* workspace) {
  return run_operation<Rope>(plan, args, {first_task, last_task, worker, workspace});
}

qkv_status qkv_rope(const qkv_rope_args* args, const qkv_pool* pool, void* workspace, size_t workspace_bytes) {
  return call_operation<Rope>(args, pool, workspace, workspace_bytes);
}
