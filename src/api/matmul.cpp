// SPDX-License-Identifier: Apache-2.0
#include "qkv/matmul.h"

#include "api/execute.hpp"
#include "api/float_environment.hpp"
#include "api/views.hpp"
#include "dispatch/isa_registry.hpp"
#include "plan/matmul_plan.hpp"

namespace qkv {
namespace {

qkv_status check_weight_view(const qkv_tensor* weight, PackedHeader& header, int64_t& bytes) {
  if (weight == nullptr) return fail(QKV_INVALID_ARGUMENT, "weight = NULL");
  const qkv_status status = check_form({"weight", Role::input, QKV_F32, 2, {}}, *weight);
  if (status != QKV_OK) return status;
  header = make_packed_header(active_tier(), weight->shape[0], weight->shape[1]);
  if (packed_bytes(header, bytes)) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "weight.shape = [%lld, %lld]: its packed size overflows",
              static_cast<long long>(header.columns), static_cast<long long>(header.depth));
}

qkv_status check_packed(const void* packed) {
  if (packed == nullptr) return fail(QKV_INVALID_ARGUMENT, "weight = NULL");
  if (reinterpret_cast<uintptr_t>(packed) % cache_line != 0) {
    return fail(QKV_INVALID_ARGUMENT, "weight = %p: must be aligned to 64 bytes", packed);
  }
  return QKV_OK;
}

qkv_status read_packed(const void* packed, PackedHeader& header) {
  if (const qkv_status status = check_packed(packed); status != QKV_OK) return status;
  std::memcpy(&header, packed, sizeof header);
  if (valid_packed_header(header)) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "weight = %p: not made by qkv_matmul_pack of this library", packed);
}

qkv_status check_activation(int32_t kind) {
  if (kind >= QKV_IDENTITY && kind <= QKV_SILU) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "activation = %d: not a qkv_activation_kind", kind);
}

// Everything but the data; rewrites args into plain form.
qkv_status check_args(qkv_matmul_args& args, PackedHeader& weight) {
  if (const qkv_status status = read_packed(args.weight, weight); status != QKV_OK) return status;
  if (const qkv_status status = check_activation(args.activation); status != QKV_OK) return status;
  const int64_t rows = args.input.shape[0];
  const struct {
    ViewRule rule;
    qkv_tensor& view;
  } views[] = {
      {{"input", Role::input, QKV_F32, 2, {rows, weight.depth}}, args.input},
      {{"bias", Role::optional, QKV_F32, 1, {weight.columns}}, args.bias},
      {{"output", Role::output, QKV_F32, 2, {rows, weight.columns}}, args.output},
  };
  for (const auto& [rule, view] : views) {
    if (const qkv_status status = check_view(rule, view); status != QKV_OK) return status;
  }
  return QKV_OK;
}

qkv_status check_operands(const qkv_matmul_args& args, const PackedHeader& header) {
  int64_t bytes = 0;
  packed_bytes(header, bytes);
  const qkv_tensor weight = bytes_at(args.weight, bytes);
  for (const qkv_status status :
       {check_data("input", args.input), check_data("bias", args.bias), check_data("output", args.output),
        check_no_overlap("output", args.output, "input", args.input),
        check_no_overlap("output", args.output, "bias", args.bias),
        check_no_overlap("output", args.output, "weight", weight)}) {
    if (status != QKV_OK) return status;
  }
  return QKV_OK;
}

}  // namespace
}  // namespace qkv

using namespace qkv;

qkv_status qkv_matmul_pack_bytes(const qkv_tensor* weight, size_t* bytes) {
  PackedHeader header;
  int64_t needed;
  if (bytes == nullptr) return fail(QKV_INVALID_ARGUMENT, "bytes = NULL");
  if (const qkv_status status = check_weight_view(weight, header, needed); status != QKV_OK) return status;
  *bytes = static_cast<size_t>(needed);
  return QKV_OK;
}

qkv_status qkv_matmul_pack(const qkv_tensor* weight, void* packed, size_t bytes) {
  PackedHeader header;
  int64_t needed;
  if (const qkv_status status = check_weight_view(weight, header, needed); status != QKV_OK) return status;
  if (const qkv_status status = check_data("weight", *weight); status != QKV_OK) return status;
  if (const qkv_status status = check_packed(packed); status != QKV_OK) return status;
  if (bytes < static_cast<size_t>(needed)) {
    return fail(QKV_WORKSPACE_TOO_SMALL, "bytes = %zu: the packed weight takes %lld", bytes,
                static_cast<long long>(needed));
  }
  const qkv_status apart = check_no_overlap("packed", bytes_at(packed, needed), "weight", *weight);
  if (apart != QKV_OK) return apart;
  pack_weight(header, *weight, packed);
  return QKV_OK;
}

qkv_status qkv_matmul_plan(const qkv_matmul_args* args, qkv_plan* plan) {
  const FloatEnvironment environment;  // for the operation counts
  qkv_matmul_args checked;
  PackedHeader weight;
  if (plan == nullptr) return fail(QKV_INVALID_ARGUMENT, "plan = NULL");
  if (const qkv_status status = read_args(args, checked); status != QKV_OK) return status;
  if (const qkv_status status = check_args(checked, weight); status != QKV_OK) return status;
  store_plan(make_matmul_plan(checked, weight, Tuning{}), plan);
  return QKV_OK;
}

qkv_status qkv_matmul_run(const qkv_plan* storage, const qkv_matmul_args* args, int64_t first_task, int64_t last_task,
                          int32_t worker, void* workspace) {
  const auto* plan = read_plan<MatmulPlan>(storage, Operation::matmul);
  if (plan == nullptr) return fail(QKV_INVALID_ARGUMENT, "plan: not a matmul plan");
  qkv_matmul_args checked;
  PackedHeader weight;
  if (const qkv_status status = read_args(args, checked); status != QKV_OK) return status;
  if (const qkv_status status = check_args(checked, weight); status != QKV_OK) return status;
  const qkv_matmul_args& planned = plan->body.args;
  if (!same_layout(planned.input, checked.input) || !same_layout(planned.output, checked.output) ||
      !same_layout(planned.bias, checked.bias) || planned.activation != checked.activation ||
      std::memcmp(&plan->body.weight, &weight, sizeof weight) != 0) {
    return fail(QKV_INVALID_ARGUMENT, "args: not what the plan was made for");
  }
  if (const qkv_status status = check_operands(checked, weight); status != QKV_OK) return status;
  const qkv_status status = check_range(plan->header, first_task, last_task, worker, workspace);
  if (status != QKV_OK) return status;
  const FloatEnvironment environment;
  run_matmul(*plan, checked, first_task, last_task, worker_slot(plan->header, worker, workspace));
  return QKV_OK;
}

qkv_status qkv_matmul(const qkv_matmul_args* args, const qkv_pool* pool, void* workspace, size_t workspace_bytes) {
  return execute<qkv_matmul_args>({qkv_matmul_plan, qkv_matmul_run}, args, pool, workspace, workspace_bytes);
}
