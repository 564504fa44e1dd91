// SPDX-License-Identifier: Apache-2.0
#include "qkv/softmax.h"

#include "api/options.hpp"
#include "api/row_operation.hpp"

namespace qkv {
namespace {

struct Softmax : RowOperation<Softmax, qkv_softmax_args> {
  static constexpr Operation operation = Operation::softmax;
  static constexpr auto kernel = &RowKernels::softmax;
  static constexpr double flops_per_element = 5;  // scale, subtract, exponential, add, divide

  static const char* name(const Args&) { return "softmax"; }

  static qkv_status check_options(const Args& args) { return check_scale(args.scale_is_set, args.scale); }

  static OperandsOf<Args> operands(const Args& planned, Args& args) {
    const int64_t rows = planned.input.shape[0], columns = planned.input.shape[1];
    OperandsOf<Args> list(planned, args);
    list.add(&Args::input, rows_of("input", Role::input, rows, columns), true);
    list.add(&Args::output, rows_of("output", Role::output, rows, columns));
    list.add(&Args::bias, rows_of("bias", Role::optional, rows, columns));
    list.add(&Args::mask, {"mask", Role::optional, QKV_BOOL, 2, {rows, columns}});
    return list;
  }
};

}  // namespace
}  // namespace qkv

using namespace qkv;

qkv_status qkv_softmax_plan(const qkv_softmax_args* args, qkv_plan* plan) {
  return plan_operation<Softmax>(args, plan);
}

qkv_status qkv_softmax_run(const qkv_plan* plan, const qkv_softmax_args* args, int64_t first_task, int64_t last_task,
                           int32_t worker, void* workspace) {
  return run_operation<Softmax>(plan, args, {first_task, last_task, worker, workspace});
}

qkv_status qkv_softmax(const qkv_softmax_args* args, const qkv_pool* pool, void* workspace, size_t workspace_bytes) {
  return call_operation<Softmax>(args, pool, workspace, workspace_bytes);
}
