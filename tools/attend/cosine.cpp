// SPDX-License-Identifier: Apache-2.0
#include "attend/cosine.hpp"

#include <cmath>
#include <numeric>

namespace qkv::tools {
namespace {

double dot(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0, std::plus{},
                            [](float x, float y) { return static_cast<double>(x) * static_cast<double>(y); });
}

}  // namespace

float cosine(std::span<const float> a, std::span<const float> b) {
  const double lengths = std::sqrt(dot(a, a) * dot(b, b));
  return lengths == 0 ? 0 : static_cast<float>(dot(a, b) / lengths);
}

std::vector<std::vector<float>> cosine_matrix(const std::vector<Sentence>& sentences) {
  std::vector<std::vector<float>> matrix;
  for (const Sentence& a : sentences) {
    matrix.emplace_back();
    for (const Sentence& b : sentences) matrix.back().push_back(cosine(a.encoded.embedding, b.encoded.embedding));
  }
  return matrix;
}

}  // namespace qkv::tools
