// SPDX-License-Identifier: Apache-2.0
#include "qkv/position.h"

#include <cmath>

#include "api/options.hpp"
#include "api/row_ids.hpp"
#include "api/row_operation.hpp"

namespace qkv {
namespace {

qkv_status check_sinusoids(const qkv_position_args& args) {
  const bool halves = args.kind == QKV_POSITION_SINUSOIDAL_HALVES;
  const int64_t columns = args.output.shape[1];
  if (args.output.rank == 2 && (columns % 2 != 0 || (halves && columns < 4))) {
    return fail(QKV_INVALID_ARGUMENT, "output.shape[1] = %lld: must be even%s", static_cast<long long>(columns),
                halves ? " and at least 4" : "");
  }
  if (args.base == 0 || (std::isnormal(args.base) && args.base > 0)) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "base = %g: must be 0 or a normal positive number", static_cast<double>(args.base));
}

struct Position : RowOperation<Position, qkv_position_args> {
  static constexpr Operation operation = Operation::position;
  static constexpr auto kernel = &RowKernels::position;
  static constexpr double flops_per_element = 0;

  static const char* name(const Args& args) {
    constexpr const char* names[] = {"position.learned", "position.sinusoidal", "position.sinusoidal_halves"};
    return names[args.kind];
  }

  static qkv_status check_options(const Args& args) {
    const qkv_status status = check_kind("kind", args.kind, QKV_POSITION_SINUSOIDAL_HALVES, "qkv_position_kind");
    return status != QKV_OK || args.kind == QKV_POSITION_LEARNED ? status : check_sinusoids(args);
  }

  static OperandsOf<Args> operands(const Args& planned, Args& args) {
    const bool learned = planned.kind == QKV_POSITION_LEARNED;
    const int64_t entries = planned.table.shape[0];
    const int64_t columns = learned ? planned.table.shape[1] : planned.output.shape[1];
    OperandsOf<Args> list(planned, args);
    if (learned) list.add(&Args::table, rows_of("table", Role::input, entries, columns));
    list.add(&Args::output, rows_of("output", Role::output, planned.output.shape[0], columns));
    return list;
  }

  static qkv_status check_fit(const Body& body, const Args& args) {
    return check_planned("kind", args.kind, body.args.kind);
  }

  static qkv_status check_rows(const Args& args, RowRange rows) {
    const int64_t limit = args.kind == QKV_POSITION_LEARNED ? args.table.shape[0] : INT64_MAX;
    return check_positions({"positions", args.positions, limit}, args.first_position, args.output, rows);
  }
};

}  // namespace
}  // namespace qkv

using namespace qkv;

qkv_status qkv_position_plan(const qkv_position_args* args, qkv_plan* plan) {
  return plan_operation<Position>(args, plan);
}

qkv_status qkv_position_run(const qkv_plan* plan, const qkv_position_args* args, int64_t first_task, int64_t last_task,
                            int32_t worker, void* workspace) {
  return run_operation<Position>(plan, args, {first_task, last_task, worker, workspace});
}

qkv_status qkv_position(const qkv_position_args* args, const qkv_pool* pool, void* workspace, size_t workspace_bytes) {
  return call_operation<Position>(args, pool, workspace, workspace_bytes);
}
