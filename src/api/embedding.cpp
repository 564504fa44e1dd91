// SPDX-License-Identifier: Apache-2.0
#include "qkv/embedding.h"

#include "api/row_ids.hpp"
#include "api/row_operation.hpp"

namespace qkv {
namespace {

struct Embedding : RowOperation<Embedding, qkv_embedding_args> {
  static constexpr Operation operation = Operation::embedding;
  static constexpr auto kernel = &RowKernels::embedding;
  static constexpr double flops_per_element = 0;

  static const char* name(const Args&) { return "embedding"; }

  static OperandsOf<Args> operands(const Args& planned, Args& args) {
    const int64_t entries = planned.table.shape[0], columns = planned.table.shape[1];
    OperandsOf<Args> list(planned, args);
    list.add(&Args::table, rows_of("table", Role::input, entries, columns));
    list.add(&Args::output, rows_of("output", Role::output, planned.output.shape[0], columns));
    return list;
  }

  static qkv_status check_rows(const Args& args, RowRange rows) {
    return check_ids({"ids", args.ids, args.table.shape[0]}, args.output, rows);
  }
};

}  // namespace
}  // namespace qkv

using namespace qkv;

qkv_status qkv_embedding_plan(const qkv_embedding_args* args, qkv_plan* plan) {
  return plan_operation<Embedding>(args, plan);
}

qkv_status qkv_embedding_run(const qkv_plan* plan, const qkv_embedding_args* args, int64_t first_task,
                             int64_t last_task, int32_t worker, void* workspace) {
  return run_operation<Embedding>(plan, args, {first_task, last_task, worker, workspace});
}

qkv_status qkv_embedding(const qkv_embedding_args* args, const qkv_pool* pool, void* workspace,
                         size_t workspace_bytes) {
  return call_operation<Embedding>(args, pool, workspace, workspace_bytes);
}
