// SPDX-License-Identifier: Apache-2.0
#include "attend/cosine.hpp"

#include <algorithm>

#include "model/packed_weight.hpp"
#include "qkv/qkv.hpp"

namespace qkv::tools {
namespace {

constexpr std::size_t rows_per_product = 64;

}  // namespace

// A product of the embeddings with themselves.
void for_each_cosine_row(const std::vector<Sentence>& sentences,
                         const std::function<void(std::size_t row, std::span<const float> cosines)>& consume) {
  if (sentences.empty()) return;
  const std::size_t count = sentences.size(), columns = sentences[0].encoded.embedding.size();
  std::vector<float> embeddings;
  embeddings.reserve(count * columns);
  for (const Sentence& sentence : sentences)
    embeddings.insert(embeddings.end(), sentence.encoded.embedding.begin(), sentence.encoded.embedding.end());
  const auto matrix = [](const float* data, std::size_t rows, std::size_t width) {
    const std::int64_t shape[] = {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(width)};
    return qkv_tensor_f32(data, 2, shape);
  };
  const AlignedBuffer weight = packed_weight(matrix(embeddings.data(), count, columns));
  std::vector<float> cosines(std::min(rows_per_product, count) * count);
  for (std::size_t first = 0; first < count; first += rows_per_product) {
    const std::size_t rows = std::min(rows_per_product, count - first);
    auto args = make<qkv_matmul_args>();
    args.input = matrix(embeddings.data() + first * columns, rows, columns);
    args.weight = weight.data();
    args.output = matrix(cosines.data(), rows, count);
    compute(args);
    for (std::size_t row = 0; row < rows; ++row) consume(first + row, std::span(cosines).subspan(row * count, count));
  }
}

}  // namespace qkv::tools
