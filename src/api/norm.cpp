// SPDX-License-Identifier: Apache-2.0
#include "qkv/norm.h"

#include <cmath>

#include "api/options.hpp"
#include "api/row_operation.hpp"

namespace qkv {
namespace {

struct Norm : RowOperation<Norm, qkv_norm_args> {
  static constexpr Operation operation = Operation::norm;
  static constexpr auto kernel = &RowKernels::norm;
  // Mean, difference, square, sum, factor, weight, bias, residual: counted as if all were there.
  static constexpr double flops_per_element = 8;

  static const char* name(const Args& args) { return args.kind == QKV_LAYER_NORM ? "norm.layer" : "norm.rms"; }

  static qkv_status check_options(const Args& args) {
    const qkv_status status = check_kind("kind", args.kind, QKV_RMS_NORM, "qkv_norm_kind");
    if (status != QKV_OK) return status;
    if (!std::isfinite(args.epsilon) || args.epsilon < 0) {
      return fail(QKV_INVALID_ARGUMENT, "epsilon = %g: must be finite and not negative",
                  static_cast<double>(args.epsilon));
    }
    if (args.input.rank == 2 && args.input.shape[1] == 0) {
      return fail(QKV_INVALID_ARGUMENT, "input.shape[1] = 0: a mean needs at least one column");
    }
    return QKV_OK;
  }

  static OperandsOf<Args> operands(const Args& planned, Args& args) {
    const int64_t rows = planned.input.shape[0], columns = planned.input.shape[1];
    OperandsOf<Args> list(planned, args);
    list.add(&Args::input, rows_of("input", Role::input, rows, columns), true);
    list.add(&Args::output, rows_of("output", Role::output, rows, columns));
    list.add(&Args::residual, rows_of("residual", Role::optional, rows, columns), true);
    list.add(&Args::sum, rows_of("sum", Role::optional_output, rows, columns));
    list.add(&Args::weight, {"weight", Role::optional, QKV_F32, 1, {columns}});
    list.add(&Args::bias, {"bias", Role::optional, QKV_F32, 1, {columns}});
    return list;
  }

  static qkv_status check_fit(const Body& body, const Args& args) {
    return check_planned("kind", args.kind, body.args.kind);
  }
};

}  // namespace
}  // namespace qkv

using namespace qkv;

qkv_status qkv_norm_plan(const qkv_norm_args* args, qkv_plan* plan) {
  return plan_operation<Norm>(args, plan);
}

qkv_status qkv_norm_run(const qkv_plan* plan, const qkv_norm_args* args, int64_t first_task, int64_t last_task,
                        int32_t worker, void* workspace) {
  return run_operation<Norm>(plan, args, {first_task, last_task, worker, workspace});
}

qkv_status qkv_norm(const qkv_norm_args* args, const qkv_pool* pool, void* workspace, size_t workspace_bytes) {
  return call_operation<Norm>(args, pool, workspace, workspace_bytes);
}
