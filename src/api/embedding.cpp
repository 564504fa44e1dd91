// SPDX-License-Identifier: Apache-2.0
#include "qkv/embedding.h"

#include "api/row_operation.hpp"

namespace qkv {
namespace {

const char* variant(const qkv_embedding_args&) {
  return "embedding";
}

qkv_status check_options(const qkv_embedding_args&) {
  return QKV_OK;
}

RowViews views_of(qkv_embedding_args& args) {
  const qkv_tensor& table = args.table;
  RowViews views(args.output.shape[0], table.shape[1]);
  views.add({"table", Role::input, QKV_F32, 2, {table.shape[0], table.shape[1]}}, args.table);
  views.add("output", Role::output, args.output);
  return views;
}

qkv_status check_contents(const qkv_embedding_args& args, RowRange rows) {
  const RowIds ids{"ids", args.ids, args.table.shape[0]};
  if (const qkv_status status = check_id_memory(ids, args.output); status != QKV_OK) return status;
  return check_ids(ids, rows);
}

constexpr RowOperation<qkv_embedding_args> operation{
    Operation::embedding, &RowKernels::embedding, 0, variant, check_options, views_of, check_contents};

}  // namespace
}  // namespace qkv

using namespace qkv;

qkv_status qkv_embedding_plan(const qkv_embedding_args* args, qkv_plan* plan) {
  return plan_rows(operation, args, plan);
}

qkv_status qkv_embedding_run(const qkv_plan* plan, const qkv_embedding_args* args, int64_t first_task,
                             int64_t last_task, int32_t worker, void* workspace) {
  return run_rows(operation, plan, args, {first_task, last_task, worker, workspace});
}

qkv_status qkv_embedding(const qkv_embedding_args* args, const qkv_pool* pool, void* workspace,
                         size_t workspace_bytes) {
  return execute<qkv_embedding_args>({qkv_embedding_plan, qkv_embedding_run}, args, pool, workspace, workspace_bytes);
}
