// SPDX-License-Identifier: Apache-2.0
#include "tools/support/tiny_decoder.hpp"

#include <cmath>
#include <map>

#include "support/random.hpp"

namespace qkv_test {
namespace {

using Vector = std::vector<double>;

struct Matrix {
  std::int64_t rows, columns;
  std::vector<float> values;
};
using Tensors = std::map<std::string, Matrix>;

Tensors random_tensors(const TinyDecoder& model) {
  Random random(model.seed);
  Tensors tensors;
  const auto add = [&](const std::string& name, std::int64_t rows, std::int64_t columns, float scale, float mean) {
    Array<float> values = random.gaussian_array({1, 1, rows, columns}, scale);
    for (float& value : values.values()) value += mean;
    tensors[name] = {rows, columns, values.values()};
  };
  const std::int64_t query = model.query_heads * model.head_dim, key = model.key_heads * model.head_dim;
  add("token_embd.weight", model.vocabulary, model.hidden, 1, 0);
  for (std::int64_t layer = 0; layer < model.layers; ++layer) {
    const std::string block = "blk." + std::to_string(layer) + ".";
    const auto add_projection = [&](const std::string& name, std::int64_t outputs, std::int64_t inputs, bool biased) {
      add(block + name + ".weight", outputs, inputs, 0.3f, 0);
      if (biased) add(block + name + ".bias", 1, outputs, 0.5f, 0);
    };
    add(block + "attn_norm.weight", 1, model.hidden, 0.2f, 1);
    add_projection("attn_q", query, model.hidden, model.biased);
    add_projection("attn_k", key, model.hidden, model.biased);
    add_projection("attn_v", key, model.hidden, model.biased);
    add_projection("attn_output", model.hidden, query, false);
    add(block + "ffn_norm.weight", 1, model.hidden, 0.2f, 1);
    add_projection("ffn_gate", model.feed_forward, model.hidden, false);
    add_projection("ffn_up", model.feed_forward, model.hidden, false);
    add_projection("ffn_down", model.hidden, model.feed_forward, false);
  }
  add("output_norm.weight", 1, model.hidden, 0.2f, 1);
  if (!model.tied) add("output.weight", model.vocabulary, model.hidden, 0.5f, 0);
  if (!model.extra_tensor.empty()) add(model.extra_tensor, 1, model.hidden, 0, 1);
  if (model.rope_divisors) {
    add("rope_freqs.weight", 1, model.rotary_dim / 2, 0, 0);
    float divisor = 1;
    for (float& value : tensors["rope_freqs.weight"].values) value = divisor *= 1.5f;
  }
  return tensors;
}

Vector multiply(const Matrix& matrix, const Vector& x) {
  Vector y(static_cast<std::size_t>(matrix.rows));
  for (std::int64_t row = 0; row < matrix.rows; ++row)
    for (std::int64_t column = 0; column < matrix.columns; ++column)
      y[static_cast<std::size_t>(row)] +=
          static_cast<double>(matrix.values[static_cast<std::size_t>(row * matrix.columns + column)]) *
          x[static_cast<std::size_t>(column)];
  return y;
}

void add(Vector& x, const Vector& y) {
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += y[i];
}

Vector rms_norm(const Vector& x, const Matrix& weight) {
  double square = 0;
  for (const double value : x) square += value * value;
  Vector y;
  for (std::size_t i = 0; i < x.size(); ++i)
    y.push_back(x[i] / std::sqrt(square / static_cast<double>(x.size()) + 1e-5) *
                static_cast<double>(weight.values[i]));
  return y;
}

// One model in double, a token at a time.
class Reference {
 public:
  explicit Reference(const TinyDecoder& model)
      : model_(model),
        tensors_(random_tensors(model)),
        keys_(static_cast<std::size_t>(model.layers)),
        values_(static_cast<std::size_t>(model.layers)) {}

  Vector next(std::int64_t id, std::int64_t position) {
    const Matrix& table = tensors_.at("token_embd.weight");
    const auto first = table.values.begin() + id * model_.hidden;
    Vector x(first, first + model_.hidden);
    for (std::int64_t layer = 0; layer < model_.layers; ++layer) run_layer(x, layer, position);
    x = rms_norm(x, tensors_.at("output_norm.weight"));
    return multiply(model_.tied ? table : tensors_.at("output.weight"), x);
  }

 private:
  Vector project(const std::string& name, const Vector& x) const {
    Vector y = multiply(tensors_.at(name + ".weight"), x);
    if (const auto bias = tensors_.find(name + ".bias"); bias != tensors_.end())
      for (std::size_t i = 0; i < y.size(); ++i) y[i] += static_cast<double>(bias->second.values[i]);
    return y;
  }

  void run_layer(Vector& x, std::int64_t layer, std::int64_t position) {
    const std::string block = "blk." + std::to_string(layer) + ".";
    const Vector n = rms_norm(x, tensors_.at(block + "attn_norm.weight"));
    auto& keys = keys_[static_cast<std::size_t>(layer)];
    auto& values = values_[static_cast<std::size_t>(layer)];
    keys.push_back(turned(project(block + "attn_k", n), position));
    values.push_back(project(block + "attn_v", n));
    const Vector query = turned(project(block + "attn_q", n), position);
    add(x, project(block + "attn_output", attend(query, keys, values)));
    const Vector m = rms_norm(x, tensors_.at(block + "ffn_norm.weight"));
    Vector gate = project(block + "ffn_gate", m);
    const Vector up = project(block + "ffn_up", m);
    for (std::size_t i = 0; i < gate.size(); ++i) gate[i] = gate[i] / (1 + std::exp(-gate[i])) * up[i];
    add(x, project(block + "ffn_down", gate));
  }

  Vector attend(const Vector& query, const std::vector<Vector>& keys, const std::vector<Vector>& values) const {
    const auto dim = static_cast<std::size_t>(model_.head_dim);
    Vector output(query.size());
    for (std::int64_t head = 0; head < model_.query_heads; ++head) {
      const std::size_t q = static_cast<std::size_t>(head) * dim;
      const std::size_t k = static_cast<std::size_t>(head * model_.key_heads / model_.query_heads) * dim;
      Vector weights;
      double sum = 0;
      for (const Vector& key : keys) {
        double logit = 0;
        for (std::size_t i = 0; i < dim; ++i) logit += query[q + i] * key[k + i];
        sum += weights.emplace_back(std::exp(logit / std::sqrt(static_cast<double>(dim))));
      }
      for (std::size_t j = 0; j < weights.size(); ++j)
        for (std::size_t i = 0; i < dim; ++i) output[q + i] += weights[j] / sum * values[j][k + i];
    }
    return output;
  }

  Vector turned(Vector heads, std::int64_t position) const {
    const std::int64_t pairs = model_.rotary_dim / 2;
    for (std::size_t head = 0; head < heads.size(); head += static_cast<std::size_t>(model_.head_dim)) {
      for (std::int64_t pair = 0; pair < pairs; ++pair) {
        const bool halves = model_.architecture == "qwen2";
        double& a = heads[head + static_cast<std::size_t>(halves ? pair : 2 * pair)];
        double& b = heads[head + static_cast<std::size_t>(halves ? pairs + pair : 2 * pair + 1)];
        const double angle = static_cast<double>(position) * frequency(pair), was = a;
        a = a * std::cos(angle) - b * std::sin(angle);
        b = b * std::cos(angle) + was * std::sin(angle);
      }
    }
    return heads;
  }

  double frequency(std::int64_t pair) const {
    double value = std::pow(static_cast<double>(model_.base),
                            -2 * static_cast<double>(pair) / static_cast<double>(model_.rotary_dim));
    if (model_.linear_factor != 0) value /= static_cast<double>(model_.linear_factor);
    if (model_.rope_divisors)
      value /= static_cast<double>(tensors_.at("rope_freqs.weight").values[static_cast<std::size_t>(pair)]);
    return value;
  }

  const TinyDecoder& model_;
  Tensors tensors_;
  std::vector<std::vector<Vector>> keys_, values_;  // [layer][token]
};

}  // namespace

std::string TinyDecoder::bytes() const {
  const auto number = [](std::int64_t value) { return static_cast<std::uint32_t>(value); };
  GgufWriter file;
  file.value("general.architecture", architecture);
  const auto key = [this](const char* name) { return architecture + "." + name; };
  file.value(key("block_count"), number(layers)).value(key("embedding_length"), number(hidden));
  file.value(key("feed_forward_length"), number(feed_forward)).value(key("context_length"), number(context));
  file.value(key("attention.head_count"), number(query_heads));
  file.value(key("attention.head_count_kv"), number(key_heads));
  file.value(key("attention.key_length"), number(head_dim)).value(key("rope.dimension_count"), number(rotary_dim));
  file.value(key("attention.layer_norm_rms_epsilon"), 1e-5f).value(key("rope.freq_base"), base);
  if (linear_factor != 0) {
    file.value(key("rope.scaling.type"), "linear").value(key("rope.scaling.factor"), linear_factor);
  }
  if (!extra_count.empty()) file.value(key(extra_count.c_str()), 8U);
  std::vector<std::string> tokens;
  for (std::int64_t i = 0; i < vocabulary; ++i) tokens.push_back(std::string(1, static_cast<char>('A' + i)));
  file.value("tokenizer.ggml.model", "gpt2").value("tokenizer.ggml.pre", "smollm");
  file.value("tokenizer.ggml.tokens", tokens).value("tokenizer.ggml.merges", std::vector<std::string>{});
  file.value("tokenizer.ggml.token_type", std::vector<std::int32_t>(tokens.size(), 1));
  file.value("tokenizer.ggml.add_bos_token", false).value("tokenizer.ggml.eos_token_id", number(vocabulary - 1));
  for (const auto& [name, matrix] : random_tensors(*this)) {
    const auto shape = matrix.rows == 1 ? std::vector{matrix.columns} : std::vector{matrix.rows, matrix.columns};
    file.tensor(name, shape, matrix.values);
  }
  return file.bytes();
}

std::vector<std::vector<double>> TinyDecoder::logits(const std::vector<std::int64_t>& ids) const {
  Reference reference(*this);
  std::vector<std::vector<double>> rows;
  for (std::size_t i = 0; i < ids.size(); ++i) rows.push_back(reference.next(ids[i], static_cast<std::int64_t>(i)));
  return rows;
}

}  // namespace qkv_test
