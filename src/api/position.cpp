// SPDX-License-Identifier: Apache-2.0
#include "qkv/position.h"

#include <cmath>

#include "api/row_operation.hpp"

namespace qkv {
namespace {

const char* variant(const qkv_position_args& args) {
  constexpr const char* names[] = {"position.learned", "position.sinusoidal", "position.sinusoidal_halves"};
  return names[args.kind];
}

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

qkv_status check_options(const qkv_position_args& args) {
  if (args.kind < QKV_POSITION_LEARNED || args.kind > QKV_POSITION_SINUSOIDAL_HALVES) {
    return fail(QKV_INVALID_ARGUMENT, "kind = %d: not a qkv_position_kind", args.kind);
  }
  return args.kind == QKV_POSITION_LEARNED ? QKV_OK : check_sinusoids(args);
}

RowViews views_of(qkv_position_args& args) {
  const bool learned = args.kind == QKV_POSITION_LEARNED;
  const qkv_tensor& table = args.table;
  RowViews views(args.output.shape[0], learned ? table.shape[1] : args.output.shape[1]);
  if (learned) views.add({"table", Role::input, QKV_F32, 2, {table.shape[0], table.shape[1]}}, args.table);
  views.add("output", Role::output, args.output);
  return views;
}

// Positions that count up from first_position.
qkv_status check_first(const qkv_position_args& args, int64_t limit) {
  const int64_t first = args.first_position, rows = args.output.shape[0];
  if (first >= 0 && first <= limit && rows <= limit - first) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "first_position = %lld: must be at least 0, and with %lld rows stay below %lld",
              static_cast<long long>(first), static_cast<long long>(rows), static_cast<long long>(limit));
}

qkv_status check_contents(const qkv_position_args& args, RowRange rows) {
  const int64_t limit = args.kind == QKV_POSITION_LEARNED ? args.table.shape[0] : INT64_MAX;
  if (args.positions == nullptr) return check_first(args, limit);
  const RowIds positions{"positions", args.positions, limit};
  if (const qkv_status status = check_id_memory(positions, args.output); status != QKV_OK) return status;
  return check_ids(positions, rows);
}

constexpr RowOperation<qkv_position_args> operation{
    Operation::position, &RowKernels::position, 0, variant, check_options, views_of, check_contents};

}  // namespace
}  // namespace qkv

using namespace qkv;

qkv_status qkv_position_plan(const qkv_position_args* args, qkv_plan* plan) {
  return plan_rows(operation, args, plan);
}

qkv_status qkv_position_run(const qkv_plan* plan, const qkv_position_args* args, int64_t first_task, int64_t last_task,
                            int32_t worker, void* workspace) {
  return run_rows(operation, plan, args, {first_task, last_task, worker, workspace});
}

qkv_status qkv_position(const qkv_position_args* args, const qkv_pool* pool, void* workspace, size_t workspace_bytes) {
  return execute<qkv_position_args>({qkv_position_plan, qkv_position_run}, args, pool, workspace, workspace_bytes);
}
