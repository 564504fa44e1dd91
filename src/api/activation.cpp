// SPDX-License-Identifier: Apache-2.0
#include "qkv/activation.h"

#include "api/options.hpp"
#include "api/row_operation.hpp"

namespace qkv {
namespace {

struct Activation : RowOperation<Activation, qkv_activation_args> {
  static constexpr Operation operation = Operation::activation;
  static constexpr auto kernel = &RowKernels::activation;
  static constexpr double flops_per_element = 1;  // one function, whatever it takes

  static const char* name(const Args& args) {
    constexpr const char* names[] = {"activation.identity", "activation.relu", "activation.gelu",
                                     "activation.gelu_tanh", "activation.silu"};
    return names[args.kind];
  }

  static qkv_status check_options(const Args& args) {
    return check_kind("kind", args.kind, QKV_SILU, "qkv_activation_kind");
  }

  static OperandsOf<Args> operands(const Args& planned, Args& args) {
    const int64_t rows = planned.input.shape[0], columns = planned.input.shape[1];
    OperandsOf<Args> list(planned, args);
    list.add(&Args::input, rows_of("input", Role::input, rows, columns), true);
    list.add(&Args::output, rows_of("output", Role::output, rows, columns));
    list.add(&Args::multiplier, rows_of("multiplier", Role::optional, rows, columns), true);
    return list;
  }

  static qkv_status check_fit(const Body& body, const Args& args) {
    return check_planned("kind", args.kind, body.args.kind);
  }
};

}  // namespace
}  // namespace qkv

using namespace qkv;

qkv_status qkv_activation_plan(const qkv_activation_args* args, qkv_plan* plan) {
  return plan_operation<Activation>(args, plan);
}

qkv_status qkv_activation_run(const qkv_plan* plan, const qkv_activation_args* args, int64_t first_task,
                              int64_t last_task, int32_t worker, void* workspace) {
  return run_operation<Activation>(plan, args, {first_task, last_task, worker, workspace});
}

qkv_status qkv_activation(const qkv_activation_args* args, const qkv_pool* pool, void* workspace,
                          size_t workspace_bytes) {
  return call_operation<Activation>(args, pool, workspace, workspace_bytes);
}
