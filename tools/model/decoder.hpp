// SPDX-License-Identifier: Apache-2.0
// A Llama-like decoder (Touvron et al. 2023) on qkv. Per layer, with x the hidden state [tokens, columns]:
//
//   n = RMSNorm(x),  x = x + attention(rope(n Wq), rope(n Wk), n Wv) Wo, causal over all tokens so far
//   n = RMSNorm(x),  x = x + (SiLU(n Wg) * (n Wu)) Wd
//
// and logits = RMSNorm(x) Wt. Rows of several texts go through the products together.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/aligned_buffer.hpp"
#include "model/decoder_weights.hpp"
#include "qkv/qkv.h"

namespace qkv::tools {

// The same number of new tokens for each of some consecutive texts.
struct NewTokens {
  std::int64_t first_text = 0, texts = 1;
  std::span<const std::int64_t> ids;  // [texts][tokens], each 0 <= id < vocabulary

  std::int64_t rows() const { return static_cast<std::int64_t>(ids.size()); }
  std::int64_t tokens() const { return rows() / texts; }
};

class Decoder {
 public:
  // workers: 0 means one per core.
  Decoder(DecoderWeights weights, std::int32_t workers);

  const DecoderShape& shape() const { return weights_.shape; }
  std::int32_t worker_count() const { return pool_ ? pool_->worker_count : 1; }

  // Forgets all texts, and makes room for so many of up to `capacity` tokens each.
  void start(std::int64_t texts, std::int64_t capacity);
  std::int64_t length(std::int64_t text) const { return lengths_[static_cast<std::size_t>(text)]; }

  // Appends tokens; what comes after the last of each text: logits [texts][vocabulary].
  std::span<const float> append(const NewTokens& tokens);
  // The same after every token: [texts][tokens][vocabulary].
  std::span<const float> append_each(const NewTokens& tokens);

  // Whether the next appends keep the softmax of their rows, a second pass: [layer][head][query][key]. For one text
  // whose tokens are all appended at once.
  void keep_attention_weights(bool keep) { keeps_weights_ = keep; }
  const std::vector<float>& attention_weights() const { return attention_weights_; }

 private:
  template <class Args>
  void run(const Args& args);
  void forward(const NewTokens& tokens);
  void reserve(const NewTokens& tokens);
  void embed(const NewTokens& tokens);
  void run_layer(const NewTokens& tokens, std::size_t layer);
  void store_keys_and_values(const NewTokens& tokens, std::size_t layer);
  void turn(std::int64_t first_row, const qkv_tensor& from, const qkv_tensor& to);
  void attend(const NewTokens& tokens, std::size_t layer, const qkv_tensor& weights);
  void collect_attention_weights(const NewTokens& tokens, std::size_t layer);
  void feed_forward(std::int64_t rows, const DecoderLayer& layer);
  void multiply(const qkv_tensor& input, const Projection& projection, const qkv_tensor& output);
  // normalized_ = RMSNorm(x), x = hidden_ + update_ where there is an update, which becomes the hidden state.
  void normalize(std::int64_t rows, const std::vector<float>& weight, bool add_update);
  std::span<const float> logits_of(std::span<const std::int64_t> rows);

  // Heads of a part of the projections' columns: [rows, heads, head_dim].
  qkv_tensor heads(std::int64_t first_row, std::int64_t rows, std::int64_t first_column, std::int64_t count) const;
  // Of one text in the cache, from a token on: [tokens, key heads, head_dim].
  qkv_tensor cached(const AlignedBuffer& cache, std::int64_t text, std::int64_t first, std::int64_t tokens) const;
  qkv_tensor cached_texts(const AlignedBuffer& cache, const NewTokens& tokens) const;

  DecoderWeights weights_;
  std::optional<qkv_pool> pool_;  // nothing: this thread
  std::int64_t capacity_ = 0;
  std::vector<std::int64_t> lengths_;            // [texts]
  std::vector<AlignedBuffer> keys_, values_;     // [layers] of [texts, key heads, capacity, head_dim]
  std::vector<std::int64_t> positions_;          // [rows]
  AlignedBuffer rope_table_;                     // [rows, rotary_dim]
  AlignedBuffer hidden_, normalized_, update_;   // [rows, hidden]
  AlignedBuffer projections_, query_, context_;  // [rows, query and key and value columns], [rows, query columns]
  AlignedBuffer gate_up_, wide_;                 // [rows, 2 feed_forward], [rows, feed_forward]
  AlignedBuffer last_rows_, logits_;             // [rows asked for, hidden], [.., vocabulary]
  bool keeps_weights_ = false;
  std::vector<float> attention_weights_;
};

}  // namespace qkv::tools
