// SPDX-License-Identifier: Apache-2.0
#include "qkv/matmul.h"

#include "api/operation.hpp"
#include "api/options.hpp"
#include "api/tuning.hpp"
#include "dispatch/isa_registry.hpp"
#include "plan/block_formats.hpp"
#include "plan/matmul_plan.hpp"

namespace qkv {
namespace {

using Long = long long;  // what printf prints

qkv_status check_weight_view(const qkv_tensor* weight, PackedHeader& header, int64_t& bytes) {
  if (weight == nullptr) return fail(QKV_INVALID_ARGUMENT, "weight = NULL");
  const qkv_status status = check_form({"weight", Role::input, QKV_F32, 2, {}}, *weight);
  if (status != QKV_OK) return status;
  header = make_packed_header(active_tier(), 0, weight->shape[0], weight->shape[1]);
  if (packed_bytes(header, bytes)) return QKV_OK;
  return fail(QKV_INVALID_ARGUMENT, "weight.shape = [%lld, %lld]: its packed size overflows", Long{header.columns},
              Long{header.depth});
}

// Also brings row_bytes to what it means.
qkv_status check_block_matrix(qkv_block_matrix& weight, PackedHeader& header, int64_t& bytes) {
  if (!is_block_format(weight.format)) {
    return fail(QKV_INVALID_ARGUMENT, "weight.format = %d: not a qkv_block_format", weight.format);
  }
  const BlockFormat& format = block_format(weight.format);
  if (weight.rows < 0) return fail(QKV_INVALID_ARGUMENT, "weight.rows = %lld: must not be negative", Long{weight.rows});
  if (weight.columns < 0 || weight.columns % format.elements != 0) {
    return fail(QKV_INVALID_ARGUMENT, "weight.columns = %lld: must be a multiple of %lld, the block of %s",
                Long{weight.columns}, Long{format.elements}, format.name);
  }
  int64_t row = 0, all = 0;
  const bool too_long = __builtin_mul_overflow(weight.columns / format.elements, format.bytes, &row);
  if (weight.row_bytes == 0) weight.row_bytes = row;
  if (!too_long && weight.row_bytes < row) {
    return fail(QKV_INVALID_ARGUMENT, "weight.row_bytes = %lld: a row has %lld", Long{weight.row_bytes}, Long{row});
  }
  header = make_packed_header(active_tier(), weight.format, weight.rows, weight.columns);
  if (!too_long && !__builtin_mul_overflow(weight.rows, weight.row_bytes, &all) && packed_bytes(header, bytes)) {
    return QKV_OK;
  }
  return fail(QKV_INVALID_ARGUMENT, "weight.rows, weight.columns = %lld, %lld: their size overflows", Long{weight.rows},
              Long{weight.columns});
}

// The bytes from the first block to the last.
qkv_tensor blocks_of(const qkv_block_matrix& weight) {
  const BlockFormat& format = block_format(weight.format);
  const int64_t row = weight.columns / format.elements * format.bytes;
  return bytes_at(weight.data, weight.rows == 0 || row == 0 ? 0 : (weight.rows - 1) * weight.row_bytes + row);
}

qkv_status check_packed(const char* name, const void* packed) {
  if (packed == nullptr) return fail(QKV_INVALID_ARGUMENT, "%s = NULL", name);
  if (reinterpret_cast<uintptr_t>(packed) % cache_line != 0) {
    return fail(QKV_INVALID_ARGUMENT, "%s = %p: must be aligned to 64 bytes", name, packed);
  }
  return QKV_OK;
}

qkv_status check_packed_bytes(const void* packed, size_t bytes, int64_t needed) {
  if (const qkv_status status = check_packed("packed", packed); status != QKV_OK) return status;
  if (bytes >= static_cast<size_t>(needed)) return QKV_OK;
  return fail(QKV_WORKSPACE_TOO_SMALL, "bytes = %zu: the packed weight takes %lld", bytes, Long{needed});
}

PackedHeader header_of(const void* packed) {
  PackedHeader header;
  std::memcpy(&header, packed, sizeof header);
  return header;
}

struct Matmul {
  using Args = qkv_matmul_args;
  using Body = MatmulPlan;
  static constexpr Operation operation = Operation::matmul;

  static qkv_status check_options(const Args& args) {
    if (const qkv_status status = check_packed("weight", args.weight); status != QKV_OK) return status;
    if (!valid_packed_header(header_of(args.weight))) {
      return fail(QKV_INVALID_ARGUMENT, "weight = %p: not made by qkv_matmul_pack of this library", args.weight);
    }
    return check_kind("activation", args.activation, QKV_SILU, "qkv_activation_kind");
  }

  static OperandsOf<Args> operands(const Args& planned, Args& args) {
    const PackedHeader weight = header_of(args.weight);
    const int64_t rows = planned.input.shape[0];
    OperandsOf<Args> list(planned, args);
    list.add(&Args::input, {"input", Role::input, QKV_F32, 2, {rows, weight.depth}});
    list.add(&Args::bias, {"bias", Role::optional, QKV_F32, 1, {weight.columns}});
    list.add(&Args::output, {"output", Role::output, QKV_F32, 2, {rows, weight.columns}});
    return list;
  }

  static qkv_status make_plan(const Args& args, Plan<Body>& plan) {
    Tuning tuning;
    if (const qkv_status status = read_tuning(args.tuning, tuning); status != QKV_OK) return status;
    plan = make_matmul_plan(args, header_of(args.weight), tuning);
    plan.body.args.tuning = nullptr;  // has been read: a plan points at nothing of the caller
    return QKV_OK;
  }

  static void describe(const Args& args, Plan<Body>& plan) { describe_matmul(args, plan); }

  static qkv_status check_fit(const Body& body, const Args& args) {
    const PackedHeader planned = body.weight, given = header_of(args.weight);
    if (std::memcmp(&planned, &given, sizeof given) == 0) {
      return check_planned("activation", args.activation, body.args.activation);
    }
    return fail(QKV_INVALID_ARGUMENT,
                "weight = %p: [%lld, %lld] of %s packed for %s; the plan was made with [%lld, %lld] of %s, %s",
                args.weight, Long{given.columns}, Long{given.depth}, format_name(given), tier_table(given.tier).isa,
                Long{planned.columns}, Long{planned.depth}, format_name(planned), tier_table(planned.tier).isa);
  }

  static qkv_status check_contents(const Plan<Body>& plan, const Args& args, int64_t, int64_t) {
    int64_t bytes = 0;
    packed_bytes(plan.body.weight, bytes);
    return check_apart("output", args.output, "weight", bytes_at(args.weight, bytes));
  }

  static void compute(const Plan<Body>& plan, const Args& args, int64_t first, int64_t last, char* slot) {
    run_matmul(plan, args, first, last, slot);
  }
};

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
  if (const qkv_status status = check_packed_bytes(packed, bytes, needed); status != QKV_OK) return status;
  const qkv_status apart = check_apart("packed", bytes_at(packed, needed), "weight", *weight);
  if (apart != QKV_OK) return apart;
  pack_weight(header, *weight, packed);
  return QKV_OK;
}

qkv_status qkv_matmul_pack_blocks_bytes(const qkv_block_matrix* weight, size_t* bytes) {
  if (weight == nullptr) return fail(QKV_INVALID_ARGUMENT, "weight = NULL");
  if (bytes == nullptr) return fail(QKV_INVALID_ARGUMENT, "bytes = NULL");
  qkv_block_matrix checked = *weight;
  PackedHeader header;
  int64_t needed;
  if (const qkv_status status = check_block_matrix(checked, header, needed); status != QKV_OK) return status;
  *bytes = static_cast<size_t>(needed);
  return QKV_OK;
}

qkv_status qkv_matmul_pack_blocks(const qkv_block_matrix* weight, void* packed, size_t bytes) {
  if (weight == nullptr) return fail(QKV_INVALID_ARGUMENT, "weight = NULL");
  qkv_block_matrix checked = *weight;
  PackedHeader header;
  int64_t needed;
  if (const qkv_status status = check_block_matrix(checked, header, needed); status != QKV_OK) return status;
  if (const qkv_status status = check_packed_bytes(packed, bytes, needed); status != QKV_OK) return status;
  const qkv_status apart = check_apart("packed", bytes_at(packed, needed), "weight", blocks_of(checked));
  if (apart != QKV_OK) return apart;
  const FloatEnvironment environment;  // products of scales
  pack_blocks(header, checked, packed);
  return QKV_OK;
}

qkv_status qkv_matmul_plan(const qkv_matmul_args* args, qkv_plan* plan) {
  return plan_operation<Matmul>(args, plan);
}

qkv_status qkv_matmul_run(const qkv_plan* plan, const qkv_matmul_args* args, int64_t first_task, int64_t last_task,
                          int32_t worker, void* workspace) {
  return run_operation<Matmul>(plan, args, {first_task, last_task, worker, workspace});
}

qkv_status qkv_matmul(const qkv_matmul_args* args, const qkv_pool* pool, void* workspace, size_t workspace_bytes) {
  return call_operation<Matmul>(args, pool, workspace, workspace_bytes);
}
