// SPDX-License-Identifier: Apache-2.0
#include "model/decoder.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "model/views.hpp"
#include "model/worker_pool.hpp"
#include "qkv/qkv.hpp"

namespace qkv::tools {

Decoder::Decoder(DecoderWeights weights, std::int32_t workers)
    : weights_(std::move(weights)), pool_(worker_pool(workers)) {}

template <class Args>
void Decoder::run(const Args& args) {
  compute(args, pool_ ? &*pool_ : nullptr);
}

void Decoder::start(std::int64_t texts, std::int64_t capacity) {
  capacity_ = capacity;
  lengths_.assign(static_cast<std::size_t>(texts), 0);
  keys_.resize(weights_.layers.size());
  values_.resize(weights_.layers.size());
  for (auto* cache : {&keys_, &values_})
    for (AlignedBuffer& layer : *cache) layer.reserve(float_bytes(texts * shape().key_columns() * capacity));
}

std::span<const float> Decoder::append(const NewTokens& tokens) {
  forward(tokens);
  std::vector<std::int64_t> last(static_cast<std::size_t>(tokens.texts));
  for (std::size_t i = 0; i < last.size(); ++i) last[i] = (static_cast<std::int64_t>(i) + 1) * tokens.tokens() - 1;
  return logits_of(last);
}

std::span<const float> Decoder::append_each(const NewTokens& tokens) {
  forward(tokens);
  std::vector<std::int64_t> all(tokens.ids.size());
  std::iota(all.begin(), all.end(), 0);
  return logits_of(all);
}

void Decoder::forward(const NewTokens& tokens) {
  reserve(tokens);
  embed(tokens);
  for (std::size_t layer = 0; layer < weights_.layers.size(); ++layer) run_layer(tokens, layer);
  normalize(tokens.rows(), weights_.output_norm, true);
  for (std::int64_t i = 0; i < tokens.texts; ++i)
    lengths_[static_cast<std::size_t>(tokens.first_text + i)] += tokens.tokens();
}

void Decoder::reserve(const NewTokens& tokens) {
  const std::int64_t rows = tokens.rows(), query = shape().query_columns(), wide = shape().feed_forward;
  for (AlignedBuffer* buffer : {&hidden_, &normalized_, &update_}) buffer->reserve(float_bytes(rows * shape().hidden));
  for (AlignedBuffer* buffer : {&query_, &context_}) buffer->reserve(float_bytes(rows * query));
  projections_.reserve(float_bytes(rows * (query + 2 * shape().key_columns())));
  rope_table_.reserve(float_bytes(rows * shape().rotary_dim));
  gate_up_.reserve(float_bytes(rows * 2 * wide));
  wide_.reserve(float_bytes(rows * wide));
}

void Decoder::embed(const NewTokens& tokens) {
  const std::int64_t rows = tokens.rows();
  const auto columns = static_cast<std::size_t>(shape().hidden);
  const std::span hidden(hidden_.floats(), columns * tokens.ids.size());
  for (std::size_t row = 0; row < tokens.ids.size(); ++row)
    weights_.token_table.read_row(tokens.ids[row], hidden.subspan(row * columns, columns));

  positions_.clear();
  for (std::int64_t i = 0; i < tokens.texts; ++i)
    for (std::int64_t token = 0; token < tokens.tokens(); ++token)
      positions_.push_back(length(tokens.first_text + i) + token);
  qkv_rope_table_args table = shape().rope;
  table.positions = positions_.data();
  table.divisors = vector(weights_.rope_divisors);
  table.output = matrix(rope_table_.floats(), rows, shape().rotary_dim);
  run(table);
}

void Decoder::run_layer(const NewTokens& tokens, std::size_t index) {
  const DecoderLayer& layer = weights_.layers[index];
  const std::int64_t rows = tokens.rows(), columns = shape().query_columns() + 2 * shape().key_columns();
  normalize(rows, layer.attention_norm, index > 0);
  multiply(matrix(normalized_.floats(), rows, shape().hidden), layer.query_key_value,
           matrix(projections_.floats(), rows, columns));
  store_keys_and_values(tokens, index);
  const std::array query_shape = {rows, shape().query_heads, shape().head_dim};
  turn(0, heads(0, rows, 0, shape().query_heads), qkv_tensor_f32(query_.floats(), 3, query_shape.data()));
  attend(tokens, index, {});
  if (keeps_weights_) collect_attention_weights(tokens, index);
  multiply(matrix(context_.floats(), rows, shape().query_columns()), layer.attention_output,
           matrix(update_.floats(), rows, shape().hidden));
  normalize(rows, layer.feed_forward_norm, true);
  feed_forward(rows, layer);
}

void Decoder::store_keys_and_values(const NewTokens& tokens, std::size_t layer) {
  const std::int64_t count = tokens.tokens(), key_heads = shape().key_heads;
  for (std::int64_t i = 0; i < tokens.texts; ++i) {
    const std::int64_t text = tokens.first_text + i, first_row = i * count;
    turn(first_row, heads(first_row, count, shape().query_columns(), key_heads),
         cached(keys_[layer], text, length(text), count));
    const qkv_tensor from = heads(first_row, count, shape().query_columns() + shape().key_columns(), key_heads);
    const qkv_tensor to = cached(values_[layer], text, length(text), count);
    for (std::int64_t row = 0; row < count; ++row)
      for (std::int64_t head = 0; head < key_heads; ++head)
        std::memcpy(static_cast<float*>(to.data) + row * to.stride[0] + head * to.stride[1],
                    static_cast<const float*>(from.data) + row * from.stride[0] + head * from.stride[1],
                    float_bytes(shape().head_dim));
  }
}

void Decoder::turn(std::int64_t first_row, const qkv_tensor& from, const qkv_tensor& to) {
  auto args = make<qkv_rope_args>();
  args.kind = shape().rope_kind;
  args.table = matrix(rope_table_.floats() + first_row * shape().rotary_dim, from.shape[0], shape().rotary_dim);
  args.input = from;
  args.output = to;
  run(args);
}

void Decoder::attend(const NewTokens& tokens, std::size_t layer, const qkv_tensor& weights) {
  const std::int64_t count = tokens.tokens(), head_dim = shape().head_dim;
  const std::array extents = {tokens.texts, shape().query_heads, count, head_dim};
  const auto rows_view = [&](const AlignedBuffer& buffer) {
    qkv_tensor view = qkv_tensor_f32(buffer.floats(), 4, extents.data());
    view.stride[0] = count * shape().query_columns();
    view.stride[1] = head_dim;
    view.stride[2] = shape().query_columns();
    return view;
  };
  std::vector<std::int64_t> key_counts;
  for (std::int64_t i = 0; i < tokens.texts; ++i) key_counts.push_back(length(tokens.first_text + i) + count);
  auto args = make<qkv_attention_args>();
  args.query = rows_view(query_);
  args.key = cached_texts(keys_[layer], tokens);
  args.value = cached_texts(values_[layer], tokens);
  args.output = rows_view(context_);
  args.weights = weights;
  args.key_count = key_counts.data();
  args.first_query_position = lengths_.data() + tokens.first_text;
  args.causal = 1;
  run(args);
}

// A second pass, of one text that is appended as a whole.
void Decoder::collect_attention_weights(const NewTokens& tokens, std::size_t layer) {
  const std::int64_t count = tokens.tokens(), heads = shape().query_heads;
  const auto layer_size = static_cast<std::size_t>(heads * count * count);
  if (layer == 0) attention_weights_.resize(layer_size * weights_.layers.size());
  const std::array extents = {std::int64_t{1}, heads, count, capacity_};
  AlignedBuffer weights(float_bytes(heads * count * capacity_));
  attend(tokens, layer, qkv_tensor_f32(weights.floats(), 4, extents.data()));
  float* target = attention_weights_.data() + layer * layer_size;
  for (std::int64_t row = 0; row < heads * count; ++row)
    target = std::copy_n(weights.floats() + row * capacity_, count, target);
}

void Decoder::feed_forward(std::int64_t rows, const DecoderLayer& layer) {
  const std::int64_t wide = shape().feed_forward;
  multiply(matrix(normalized_.floats(), rows, shape().hidden), layer.gate_up,
           matrix(gate_up_.floats(), rows, 2 * wide));
  auto args = make<qkv_activation_args>();
  args.kind = QKV_SILU;
  args.input = matrix(gate_up_.floats(), rows, wide);
  args.multiplier = matrix(gate_up_.floats() + wide, rows, wide);
  args.input.stride[0] = args.multiplier.stride[0] = 2 * wide;
  args.output = matrix(wide_.floats(), rows, wide);
  run(args);
  multiply(args.output, layer.down, matrix(update_.floats(), rows, shape().hidden));
}

void Decoder::multiply(const qkv_tensor& input, const Projection& projection, const qkv_tensor& output) {
  auto args = make<qkv_matmul_args>();
  args.input = input;
  args.output = output;
  const qkv_tensor bias = vector(projection.bias);
  std::int64_t first = 0;
  for (const Projection::Part& part : projection.parts) {
    args.weight = part.weight.data();
    args.output.shape[1] = part.outputs;
    args.output.data = static_cast<float*>(output.data) + first;
    args.bias = bias;
    if (bias.rank != 0) {
      args.bias.shape[0] = part.outputs;
      args.bias.data = static_cast<float*>(bias.data) + first;
    }
    run(args);
    first += part.outputs;
  }
}

void Decoder::normalize(std::int64_t rows, const std::vector<float>& weight, bool add_update) {
  const qkv_tensor hidden = matrix(hidden_.floats(), rows, shape().hidden);
  auto args = make<qkv_norm_args>();
  args.kind = QKV_RMS_NORM;
  args.epsilon = shape().epsilon;
  args.input = add_update ? matrix(update_.floats(), rows, shape().hidden) : hidden;
  args.output = matrix(normalized_.floats(), rows, shape().hidden);
  args.weight = vector(weight);
  if (add_update) args.residual = args.sum = hidden;
  run(args);
}

std::span<const float> Decoder::logits_of(std::span<const std::int64_t> rows) {
  const auto count = static_cast<std::int64_t>(rows.size());
  last_rows_.reserve(float_bytes(count * shape().hidden));
  logits_.reserve(float_bytes(count * shape().vocabulary));
  float* target = last_rows_.floats();
  for (const std::int64_t row : rows)
    target = std::copy_n(normalized_.floats() + row * shape().hidden, shape().hidden, target);
  multiply(matrix(last_rows_.floats(), count, shape().hidden), weights_.output,
           matrix(logits_.floats(), count, shape().vocabulary));
  return {logits_.floats(), static_cast<std::size_t>(count * shape().vocabulary)};
}

qkv_tensor Decoder::heads(std::int64_t first_row, std::int64_t rows, std::int64_t first_column,
                          std::int64_t count) const {
  const std::int64_t columns = shape().query_columns() + 2 * shape().key_columns();
  const std::array extents = {rows, count, shape().head_dim};
  qkv_tensor view = qkv_tensor_f32(projections_.floats() + first_row * columns + first_column, 3, extents.data());
  view.stride[0] = columns;
  return view;
}

qkv_tensor Decoder::cached(const AlignedBuffer& cache, std::int64_t text, std::int64_t first,
                           std::int64_t tokens) const {
  const std::int64_t head_dim = shape().head_dim;
  const std::array extents = {tokens, shape().key_heads, head_dim};
  const float* data = cache.floats() + text * shape().key_columns() * capacity_ + first * head_dim;
  qkv_tensor view = qkv_tensor_f32(data, 3, extents.data());
  view.stride[0] = head_dim;
  view.stride[1] = capacity_ * head_dim;
  return view;
}

qkv_tensor Decoder::cached_texts(const AlignedBuffer& cache, const NewTokens& tokens) const {
  const std::array extents = {tokens.texts, shape().key_heads, capacity_, shape().head_dim};
  return qkv_tensor_f32(cache.floats() + tokens.first_text * shape().key_columns() * capacity_, 4, extents.data());
}

}  // namespace qkv::tools
