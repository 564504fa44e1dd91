// SPDX-License-Identifier: Apache-2.0
// A BERT encoder (Devlin et al. 2019) on qkv. Per layer, with x the hidden state [tokens, columns], biases left out:
//
//   x = LayerNorm(x + attention(x Wq, x Wk, x Wv) Wo)
//   x = LayerNorm(x + GELU(x W1) W2)
//
// The embedding of a text is the mean of its last hidden states, scaled to length 1 (Reimers and Gurevych 2019).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/aligned_buffer.hpp"
#include "model/encoder_weights.hpp"
#include "model/padded_batch.hpp"
#include "qkv/qkv.h"

namespace qkv::tools {

struct EncodedText {
  std::vector<float> embedding;          // [columns], of length 1
  std::vector<float> attention_weights;  // [layer][head][query][key]; empty unless asked for
};

struct LayerTime {
  double seconds = 0;            // without the second pass that attention_weights take
  double attention_seconds = 0;  // the part of it in attention itself
};

struct EncoderTimes {
  double seconds = 0;  // the whole of encode, without that second pass
  std::vector<LayerTime> layers;
};

class Encoder {
 public:
  // workers: 0 means one per core.
  Encoder(EncoderWeights weights, std::int32_t workers);

  const EncoderShape& shape() const { return weights_.shape; }
  std::int32_t worker_count() const { return pool_ ? pool_->worker_count : 1; }

  // Wall time in encode since construction or clear_times.
  const EncoderTimes& times() const { return times_; }
  void clear_times();

  // One padded batch. Each text has 1 .. shape().positions ids, each 0 <= id < shape().vocabulary.
  std::vector<EncodedText> encode(std::span<const std::vector<std::int64_t>> token_ids, bool with_attention_weights);

 private:
  template <class Args>
  void run(const Args& args);
  void reserve(const PaddedBatch& batch);
  void embed(const PaddedBatch& batch);
  void run_layer(const PaddedBatch& batch, std::size_t layer);
  void attend(const PaddedBatch& batch, const qkv_tensor& weights);
  void feed_forward(const PaddedBatch& batch, const EncoderLayer& layer);
  void multiply(const qkv_tensor& input, const Linear& linear, qkv_activation_kind activation,
                const qkv_tensor& output);
  void add_and_normalize(const qkv_tensor& input, const qkv_tensor& residual, const Norm& norm);
  void collect_attention_weights(const PaddedBatch& batch, std::size_t layer, std::span<EncodedText> results);
  std::vector<float> mean_embedding(const PaddedBatch& batch, std::size_t text) const;

  // Columns [first, first + hidden) of a [rows, row_stride] matrix as [texts, heads, length, head dim].
  qkv_tensor head_view(const PaddedBatch& batch, const float* first, std::int64_t row_stride) const;
  static qkv_tensor row_view(const PaddedBatch& batch, const AlignedBuffer& buffer, std::int64_t columns);

  EncoderWeights weights_;
  std::optional<qkv_pool> pool_;  // nothing: this thread
  EncoderTimes times_;
  AlignedBuffer hidden_, update_, context_;  // [rows, hidden]
  AlignedBuffer projections_;                // [rows, 3 hidden]: query, key, value
  AlignedBuffer wide_;                       // [rows, feed_forward]
  AlignedBuffer attention_weights_;          // [texts, heads, length, length]
};

}  // namespace qkv::tools
