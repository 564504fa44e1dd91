// SPDX-License-Identifier: Apache-2.0
#include "plan/attention_scratch.hpp"

#include <initializer_list>

#include "plan/plan.hpp"

namespace qkv {
namespace {

constexpr int64_t floats_per_line = cache_line / 4;

// Hands out aligned pieces of a worker's slot; `valid` turns false when sizes overflow.
class SlotBuilder {
 public:
  int64_t take(std::initializer_list<int64_t> extents) {
    int64_t count = 1;
    for (const int64_t extent : extents) valid_ = valid_ && !__builtin_mul_overflow(count, extent, &count);
    const int64_t offset = next_;
    int64_t padded;
    valid_ = valid_ && !__builtin_add_overflow(count, floats_per_line - 1, &padded);
    if (valid_) padded = padded / floats_per_line * floats_per_line;
    valid_ = valid_ && !__builtin_add_overflow(next_, padded, &next_) && next_ < INT64_MAX / 1024;
    return offset;
  }
  int64_t take_if(bool needed, std::initializer_list<int64_t> extents) { return needed ? take(extents) : 0; }
  bool valid() const { return valid_; }
  int64_t bytes() const { return next_ * 4; }

 private:
  int64_t next_ = 0;
  bool valid_ = true;
};

bool unit_stride(const qkv_tensor& view) {
  return view.stride[3] == 1 || view.shape[3] == 1;
}

}  // namespace

int64_t decode_part_floats(int64_t rows, int64_t value_dim, int64_t lanes) {
  int64_t outputs, floats;
  const bool overflows = __builtin_mul_overflow(rows, round_up(value_dim, lanes), &outputs) ||
                         __builtin_add_overflow(outputs, 2 * round_up(rows, lanes) + floats_per_line, &floats);
  return overflows ? INT64_MAX : floats / floats_per_line * floats_per_line;
}

bool lay_out_scratch(const qkv_attention_args& args, const ScratchNeeds& needs, ScratchLayout& layout) {
  const int64_t key_dim = args.query.shape[3], value_dim = args.value.shape[3];
  const int64_t lanes = needs.kernels.lanes, panel = needs.kernels.panel_rows, block = needs.keys_per_block;
  if (key_dim > INT64_MAX / 1024 || value_dim > INT64_MAX / 1024) return false;
  const bool decodes = needs.decodes;
  const int64_t rows = decodes ? needs.rows_per_task : round_up(needs.rows_per_task, panel);
  const int64_t padded_key = round_up(key_dim, lanes), padded_value = round_up(value_dim, lanes);
  // Packed ones are read as they are by decode, and become rows for prefill and the weight output.
  const bool cached = args.cache != nullptr;
  const bool copies_key = cached ? !decodes || args.weights.rank != 0 : !unit_stride(args.key);
  const bool copies_value = cached ? !decodes : !unit_stride(args.value) || (decodes && value_dim % lanes != 0);
  SlotBuilder slot;
  layout.visible = slot.take({rows, sizeof(KeyRange) / 4});
  layout.query = slot.take({rows, decodes ? padded_key : key_dim});
  layout.output =
      decodes ? slot.take({2, decode_part_floats(rows, value_dim, lanes)}) : slot.take({2, rows, value_dim + 1});
  layout.state =
      decodes ? slot.take({round_up(rows, lanes), decode_state_numbers}) : slot.take({rows, prefill_state_numbers});
  layout.weight = decodes ? slot.take({rows, block + lanes}) : slot.take({block, panel});
  layout.key = slot.take_if(copies_key, {block, padded_key});
  layout.value = slot.take_if(copies_value, {block, padded_value});
  layout.bias = slot.take_if(needs.biased, {block, decodes ? 1 : panel});
  layout.row = slot.take_if(args.weights.rank != 0, {args.key.shape[2]});
  layout.bytes = slot.bytes();
  return slot.valid();
}

AttentionScratch scratch_in(float* slot, const ScratchLayout& layout) {
  AttentionScratch scratch{};
  scratch.query = slot + layout.query;
  scratch.output = slot + layout.output;
  scratch.state = slot + layout.state;
  scratch.weight = slot + layout.weight;
  scratch.key = layout.key != 0 ? slot + layout.key : nullptr;
  scratch.value = layout.value != 0 ? slot + layout.value : nullptr;
  scratch.bias = slot + layout.bias;
  scratch.row = slot + layout.row;
  return scratch;
}

}  // namespace qkv
