// SPDX-License-Identifier: Apache-2.0
#include "model/encoder.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <utility>

#include "model/views.hpp"
#include "model/worker_pool.hpp"
#include "qkv/qkv.hpp"

namespace qkv::tools {
namespace {

// Adds the wall time of a scope to a sum.
class Stopwatch {
 public:
  explicit Stopwatch(double& sum) : sum_(sum), start_(Clock::now()) {}
  ~Stopwatch() { sum_ += std::chrono::duration<double>(Clock::now() - start_).count(); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  double& sum_;
  Clock::time_point start_;
};

}  // namespace

Encoder::Encoder(EncoderWeights weights, std::int32_t workers)
    : weights_(std::move(weights)), pool_(worker_pool(workers)) {
  clear_times();
}

template <class Args>
void Encoder::run(const Args& args) {
  compute(args, pool_ ? &*pool_ : nullptr);
}

void Encoder::clear_times() {
  times_ = {0, std::vector<LayerTime>(weights_.layers.size())};
}

std::vector<EncodedText> Encoder::encode(std::span<const std::vector<std::int64_t>> token_ids,
                                         bool with_attention_weights) {
  const PaddedBatch batch(token_ids, shape().positions);
  std::vector<EncodedText> results(token_ids.size());
  {
    const Stopwatch watch(times_.seconds);
    reserve(batch);
    embed(batch);
  }
  for (std::size_t layer = 0; layer < weights_.layers.size(); ++layer) {
    {
      const Stopwatch watch(times_.seconds), layer_watch(times_.layers[layer].seconds);
      run_layer(batch, layer);
    }
    if (with_attention_weights) collect_attention_weights(batch, layer, results);
  }
  const Stopwatch watch(times_.seconds);
  for (std::size_t text = 0; text < results.size(); ++text) results[text].embedding = mean_embedding(batch, text);
  return results;
}

void Encoder::reserve(const PaddedBatch& batch) {
  const std::size_t bytes = float_bytes(batch.rows() * shape().hidden);
  for (AlignedBuffer* buffer : {&hidden_, &update_, &context_}) buffer->reserve(bytes);
  projections_.reserve(3 * bytes);
  wide_.reserve(float_bytes(batch.rows() * shape().feed_forward));
}

void Encoder::embed(const PaddedBatch& batch) {
  const qkv_tensor sum = row_view(batch, update_, shape().hidden);

  auto tokens = make<qkv_embedding_args>();
  tokens.table = matrix(weights_.token_table.data(), shape().vocabulary, shape().hidden);
  tokens.ids = batch.ids.data();
  tokens.output = sum;
  run(tokens);

  auto positions = make<qkv_position_args>();
  positions.kind = QKV_POSITION_LEARNED;
  positions.accumulate = 1;
  positions.output = sum;
  positions.positions = batch.positions.data();
  positions.table = matrix(weights_.position_table.data(), shape().positions, shape().hidden);
  run(positions);

  // A single sentence is of type 0 throughout: a residual that is the same in every row.
  qkv_tensor type = matrix(weights_.type_table.data(), batch.rows(), shape().hidden);
  type.stride[0] = 0;
  add_and_normalize(sum, type, weights_.embedding_norm);
}

void Encoder::run_layer(const PaddedBatch& batch, std::size_t layer) {
  const EncoderLayer& weights = weights_.layers[layer];
  const qkv_tensor hidden = row_view(batch, hidden_, shape().hidden);
  const qkv_tensor update = row_view(batch, update_, shape().hidden);
  multiply(hidden, weights.query_key_value, QKV_IDENTITY, row_view(batch, projections_, 3 * shape().hidden));
  {
    const Stopwatch watch(times_.layers[layer].attention_seconds);
    attend(batch, {});
  }
  multiply(row_view(batch, context_, shape().hidden), weights.attention_output, QKV_IDENTITY, update);
  add_and_normalize(update, hidden, weights.attention_norm);
  feed_forward(batch, weights);
}

void Encoder::attend(const PaddedBatch& batch, const qkv_tensor& weights) {
  const std::int64_t columns = shape().hidden;
  const float* query = projections_.floats();
  auto args = make<qkv_attention_args>();
  args.query = head_view(batch, query, 3 * columns);
  args.key = head_view(batch, query + columns, 3 * columns);
  args.value = head_view(batch, query + 2 * columns, 3 * columns);
  args.output = head_view(batch, context_.floats(), columns);
  args.weights = weights;
  args.key_count = batch.counts.data();
  run(args);
}

void Encoder::feed_forward(const PaddedBatch& batch, const EncoderLayer& layer) {
  const qkv_tensor hidden = row_view(batch, hidden_, shape().hidden);
  const qkv_tensor wide = row_view(batch, wide_, shape().feed_forward);
  const qkv_tensor update = row_view(batch, update_, shape().hidden);
  multiply(hidden, layer.expand, QKV_GELU, wide);
  multiply(wide, layer.contract, QKV_IDENTITY, update);
  add_and_normalize(update, hidden, layer.output_norm);
}

void Encoder::multiply(const qkv_tensor& input, const Linear& linear, qkv_activation_kind activation,
                       const qkv_tensor& output) {
  auto args = make<qkv_matmul_args>();
  args.input = input;
  args.weight = linear.weight.data();
  args.bias = vector(linear.bias);
  args.output = output;
  args.activation = activation;
  run(args);
}

// hidden = LayerNorm(input + residual)
void Encoder::add_and_normalize(const qkv_tensor& input, const qkv_tensor& residual, const Norm& norm) {
  auto args = make<qkv_norm_args>();
  args.kind = QKV_LAYER_NORM;
  args.epsilon = shape().epsilon;
  args.input = input;
  args.output = matrix(hidden_.floats(), input.shape[0], shape().hidden);
  args.residual = residual;
  args.weight = vector(norm.weight);
  args.bias = vector(norm.bias);
  run(args);
}

// The weights are a second pass over the projections, which are still those of this layer.
void Encoder::collect_attention_weights(const PaddedBatch& batch, std::size_t layer, std::span<EncodedText> results) {
  const std::int64_t heads = shape().heads, length = batch.length;
  const std::array extents = {batch.texts, heads, length, length};
  attention_weights_.reserve(float_bytes(batch.texts * heads * length * length));
  attend(batch, qkv_tensor_f32(attention_weights_.floats(), 4, extents.data()));

  const float* source = attention_weights_.floats();
  for (std::size_t text = 0; text < results.size(); ++text) {
    const std::int64_t count = batch.counts[text], layer_size = heads * count * count;
    auto& weights = results[text].attention_weights;
    weights.resize(static_cast<std::size_t>(layer_size) * weights_.layers.size());
    float* target = weights.data() + static_cast<std::int64_t>(layer) * layer_size;
    for (std::int64_t head = 0; head < heads; ++head, source += length * length)
      for (std::int64_t row = 0; row < count; ++row) target = std::copy_n(source + row * length, count, target);
  }
}

// In double: a mean over 512 rows in f32 would be the least exact step of the model.
std::vector<float> Encoder::mean_embedding(const PaddedBatch& batch, std::size_t text) const {
  const auto columns = static_cast<std::size_t>(shape().hidden);
  std::vector<double> sum(columns);
  const float* row = hidden_.floats() + static_cast<std::int64_t>(text) * batch.length * shape().hidden;
  for (std::int64_t token = 0; token < batch.counts[text]; ++token, row += columns)
    for (std::size_t column = 0; column < columns; ++column) sum[column] += static_cast<double>(row[column]);
  double square = 0;
  for (const double value : sum) square += value * value;
  const double length = square == 0 ? 1 : std::sqrt(square);
  std::vector<float> embedding(columns);
  std::ranges::transform(sum, embedding.begin(), [=](double value) { return static_cast<float>(value / length); });
  return embedding;
}

qkv_tensor Encoder::head_view(const PaddedBatch& batch, const float* first, std::int64_t row_stride) const {
  const std::array shape = {batch.texts, weights_.shape.heads, batch.length, weights_.shape.head_dim()};
  qkv_tensor heads = qkv_tensor_f32(first, 4, shape.data());
  heads.stride[0] = batch.length * row_stride;
  heads.stride[1] = weights_.shape.head_dim();
  heads.stride[2] = row_stride;
  return heads;
}

qkv_tensor Encoder::row_view(const PaddedBatch& batch, const AlignedBuffer& buffer, std::int64_t columns) {
  return matrix(buffer.floats(), batch.rows(), columns);
}

}  // namespace qkv::tools
