// SPDX-License-Identifier: Apache-2.0
// For output column c, with logits s, weights p, m = max s and G_j = |scale| sum_k |q_k k_jk|:
//   T1_c = sum_j p_j |v_jc - o_c| (G_j + |s_j| + (m - s_j)),  T2_c = sum_j p_j |v_jc|
//   |error_c| <= u [4 T1_c + (4 + 3 sqrt L) T2_c] + n cut max|v|
// The weights are the same without a value product: with e_j = G_j + |s_j| + (m - s_j), logit j is off by 4 u e_j, so
//   |error of p_j| <= u p_j [4 (e_j + sum_i p_i e_i) + 4 + 3 sqrt L] + cut
// In lse the logit errors do not cancel, so a dot product of d terms counts with its own chain:
//   |error of lse| <= u [(4 + 3 sqrt d) sum_i p_i G_i + 4 sum_i p_i (|s_i| + (m - s_i)) + (4 + 3 sqrt L)
//                        + 2 |m| + 2 |lse|] + n cut
#include "reference/attention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace qkv_test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

__extension__ using Wide = __int128;

// One query row over its visible keys.
struct Row {
  std::vector<int64_t> keys;
  std::vector<double> logit, products, weight;  // s_j, G_j, p_j
  double max = -infinity, sum = 0;
  double chain = 0;  // chain_error of a sum over the keys
  bool is_nan = false;
};

struct Place {
  int64_t b, h, row;
};

void add_key(const AttentionProblem& problem, const Place& at, int64_t j, Row& row) {
  const float* q = &problem.query(at.b, at.h, at.row, 0);
  const float* k = &problem.key(at.b, at.h / problem.group(), j, 0);
  const double scale =
      problem.scale ? static_cast<double>(*problem.scale) : 1 / std::sqrt(static_cast<double>(problem.key_dim));
  double dot = 0, products = 0;
  for (int64_t i = 0; i < problem.key_dim; i++) {
    const double product = static_cast<double>(q[i]) * k[i * problem.key.stride(3)];
    dot += product;
    products += std::abs(product);
  }
  // attention.h: finite values below -FLT_MAX ln 2 count as that, because kernels keep logits in units of ln 2.
  const double lowest = -static_cast<double>(std::numeric_limits<float>::max()) * std::log(2.0);
  const double given = problem.bias.present() ? problem.bias(at.b, at.h, at.row, j) : 0;
  const double bias = std::isfinite(given) ? std::max(given, lowest) : given;
  const double logit = scale * dot + bias;
  row.is_nan = row.is_nan || std::isnan(logit) || logit == infinity;
  row.max = std::max(row.max, logit);
  row.keys.push_back(j);
  row.logit.push_back(logit);
  row.products.push_back(std::abs(scale) * products);
}

Row softmax_row(const AttentionProblem& problem, const Place& at) {
  Row row;
  for (int64_t j = 0; j < problem.keys; j++) {
    if (visible(problem, at.b, at.h, at.row, j)) add_key(problem, at, j, row);
  }
  for (double logit : row.logit) {
    row.weight.push_back(logit == -infinity ? 0 : std::exp(logit - row.max));
    row.sum += row.weight.back();
  }
  for (double& weight : row.weight) weight /= row.sum;
  row.chain = chain_error(static_cast<int64_t>(row.keys.size()), problem.block);
  return row;
}

// |s_j| + (m - s_j), and 0 for the weight 0 of a logit of -inf.
double exp_error(const Row& row, size_t i) {
  return row.weight[i] == 0 ? 0 : std::abs(row.logit[i]) + (row.max - row.logit[i]);
}
double dot_error(const Row& row, size_t i) {
  return row.weight[i] == 0 ? 0 : row.products[i];
}
double logit_error(const Row& row, size_t i) {
  return dot_error(row, i) + exp_error(row, i);
}

void write_output(const AttentionProblem& problem, const Place& at, const Row& row, Expected& output) {
  const auto columns = static_cast<size_t>(problem.value_dim);
  const int64_t head = at.h / problem.group();
  std::vector<double> o(columns), t1(columns), t2(columns), largest(columns);
  for (size_t i = 0; i < row.keys.size(); i++) {
    for (size_t c = 0; c < columns; c++) {
      o[c] += row.weight[i] * problem.value(at.b, head, row.keys[i], static_cast<int64_t>(c));
    }
  }
  for (size_t i = 0; i < row.keys.size(); i++) {
    const double error = logit_error(row, i);
    for (size_t c = 0; c < columns; c++) {
      const double v = problem.value(at.b, head, row.keys[i], static_cast<int64_t>(c));
      t1[c] += row.weight[i] * std::abs(v - o[c]) * error;
      t2[c] += row.weight[i] * std::abs(v);
      largest[c] = std::max(largest[c], std::abs(v));
    }
  }
  const auto n = static_cast<int64_t>(row.keys.size());
  for (size_t c = 0; c < columns; c++) {
    const auto column = static_cast<int64_t>(c);
    output.value(at.b, at.h, at.row, column) = row.is_nan ? nan : o[c];
    output.error(at.b, at.h, at.row, column) =
        rounding * (4 * t1[c] + row.chain * t2[c]) + static_cast<double>(n) * exp_cut * largest[c];
  }
}

void write_lse(const AttentionProblem& problem, const Place& at, const Row& row, Expected& lse) {
  const double value = row.max + std::log(row.sum);
  double dots = 0, logits = 0;
  for (size_t i = 0; i < row.keys.size(); i++) {
    dots += row.weight[i] * dot_error(row, i);
    logits += row.weight[i] * exp_error(row, i);
  }
  const auto n = static_cast<int64_t>(row.keys.size());
  lse.value(0, at.b, at.h, at.row) = row.is_nan ? nan : value;
  lse.error(0, at.b, at.h, at.row) = rounding * ((4 + 3 * std::sqrt(static_cast<double>(problem.key_dim))) * dots +
                                                 4 * logits + row.chain + 2 * std::abs(row.max) + 2 * std::abs(value)) +
                                     static_cast<double>(n) * exp_cut;
}

void write_weights(const Place& at, const Row& row, Expected& weights) {
  double mean = 0;
  for (size_t i = 0; i < row.keys.size(); i++) mean += row.weight[i] * logit_error(row, i);
  for (size_t i = 0; i < row.keys.size(); i++) {
    weights.value(at.b, at.h, at.row, row.keys[i]) = row.is_nan ? nan : row.weight[i];
    weights.error(at.b, at.h, at.row, row.keys[i]) =
        rounding * row.weight[i] * (4 * (logit_error(row, i) + mean) + row.chain) + exp_cut;
  }
}

void write_row(const AttentionProblem& problem, const Place& at, AttentionReference& reference) {
  const Row row = softmax_row(problem, at);
  if (row.max == -infinity && !row.is_nan) {  // nothing visible, or nothing but logits of -inf: zeros
    reference.lse.value(0, at.b, at.h, at.row) = -infinity;
    return;
  }
  write_output(problem, at, row, reference.output);
  write_lse(problem, at, row, reference.lse);
  write_weights(at, row, reference.weights);
}

}  // namespace

bool unmasked(const AttentionProblem& problem, int64_t b, int64_t h, int64_t row, int64_t key) {
  const auto entry = static_cast<size_t>(b);
  if (!problem.key_count.empty() && key >= problem.key_count[entry]) return false;
  const int64_t first = problem.first_query_position.empty() ? 0 : problem.first_query_position[entry];
  // How far behind its own position the row looks. Positions and windows may be anything.
  const Wide back = Wide{first} + row - key;
  if (problem.causal && back < 0) return false;
  if (problem.window_left > 0 && back >= problem.window_left) return false;
  if (problem.window_right > 0 && -back >= problem.window_right) return false;
  return !problem.mask.present() || problem.mask(b, h, row, key) != 0;
}

bool visible(const AttentionProblem& problem, int64_t b, int64_t h, int64_t row, int64_t key) {
  const bool hidden_by_bias = problem.bias.present() && problem.bias(b, h, row, key) == -infinity;
  return !hidden_by_bias && unmasked(problem, b, h, row, key);
}

AttentionReference attention_reference(const AttentionProblem& problem) {
  AttentionReference reference{Expected(problem.output_shape()), Expected(problem.lse_shape()),
                               Expected(problem.weights_shape())};
  for_each_index(problem.lse_shape(), [&](int64_t, int64_t b, int64_t h, int64_t row) {
    write_row(problem, {b, h, row}, reference);
  });
  return reference;
}

std::string describe(const AttentionProblem& problem) {
  const auto number = [](int64_t value) { return std::to_string(value); };
  std::string text = "batch " + number(problem.batch) + " heads " + number(problem.query_heads) + "/" +
                     number(problem.key_heads) + " queries " + number(problem.queries) + " keys " +
                     number(problem.keys) + " dims " + number(problem.key_dim) + "/" + number(problem.value_dim);
  text += " " + problem.family;
  if (problem.causal) text += " causal";
  if (problem.window_left > 0) text += " window_left " + number(problem.window_left);
  if (problem.window_right > 0) text += " window_right " + number(problem.window_right);
  if (problem.scale) text += " scale " + std::to_string(*problem.scale);
  if (problem.bias.present()) text += " bias";
  if (problem.mask.present()) text += " mask";
  for (int64_t count : problem.key_count) text += " key_count " + number(count);
  for (int64_t position : problem.first_query_position) text += " first_query_position " + number(position);
  return text;
}

}  // namespace qkv_test
