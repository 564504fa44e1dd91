// SPDX-License-Identifier: Apache-2.0
// Attention as two single-threaded products per block of query rows; workers share the blocks.
#include <omp.h>

#include <algorithm>
#include <cmath>

#include "blas.hpp"
#include "query_blocks.hpp"
#include "softmax_rows.hpp"

namespace qkv::peers {
namespace {

// What was fastest: large products pay, but under a causal mask a block's upper right half is computed in vain.
int64_t rows_per_block(const AttentionProblem& problem) {
  if (problem.causal == 0) return 192;
  return problem.queries <= 1024 ? 64 : 128;
}

struct Matrix {
  const float* data;
  int64_t rows, columns, row_stride;
  CBLAS_TRANSPOSE transpose = CblasNoTrans;
};

// result [a.rows, columns] = a b, or a b^T
void multiply(const Matrix& a, const Matrix& b, float* result, int64_t result_stride) {
  const auto size = [](int64_t value) { return static_cast<int>(value); };
  const bool transposed = b.transpose == CblasTrans;
  if (a.rows == 1) {
    cblas_sgemv(CblasRowMajor, transposed ? CblasNoTrans : CblasTrans, size(b.rows), size(b.columns), 1, b.data,
                size(b.row_stride), a.data, 1, 0, result, 1);
    return;
  }
  cblas_sgemm(CblasRowMajor, CblasNoTrans, b.transpose, size(a.rows), size(transposed ? b.rows : b.columns),
              size(a.columns), 1, a.data, size(a.row_stride), b.data, size(b.row_stride), 0, result,
              size(result_stride));
}

class BlasAttention final : public Prepared {
 public:
  explicit BlasAttention(const AttentionProblem& problem)
      : problem_(problem), blocks_(query_blocks(problem, rows_per_block(problem))) {
    use_threads(1);  // each product
    const int64_t rows = std::max(std::min(rows_per_block(problem), problem.queries), problem.heads / problem.kv_heads);
    scores_.resize(static_cast<size_t>(problem.threads));
    for (auto& scores : scores_) scores.resize(static_cast<size_t>(rows * problem.keys));
  }

  void run() override {
#pragma omp parallel for schedule(dynamic) num_threads(static_cast <int>(problem_.threads))
    for (size_t i = 0; i < blocks_.size(); i++) {
      attend(blocks_[i], scores_[static_cast<size_t>(omp_get_thread_num())].data());
    }
  }

 private:
  void attend(const QueryBlock& block, float* scores) const {
    const AttentionProblem& p = problem_;
    const int64_t keys = block.keys.count();
    float* output = p.output + block.output_offset;
    if (keys == 0) {
      std::fill_n(output, block.rows * p.value_dim, 0.0F);
      return;
    }
    multiply({p.query + block.query_offset, block.rows, p.head_dim, p.head_dim},
             {p.key + block.key_offset, keys, p.head_dim, p.head_dim, CblasTrans}, scores, keys);
    std::vector<float> factors(static_cast<size_t>(block.rows));
    for (int64_t row = 0; row < block.rows; row++) {
      factors[static_cast<size_t>(row)] = weigh(block, row, scores + row * keys);
    }
    multiply({scores, block.rows, keys, keys}, {p.value + block.value_offset, keys, p.value_dim, p.value_dim}, output,
             p.value_dim);
    for (int64_t row = 0; row < block.rows; row++) {
      scale_row(output + row * p.value_dim, p.value_dim, factors[static_cast<size_t>(row)]);
    }
  }

  // Scores to weights, 0 where the row does not see the key; returns what the output is to be multiplied by.
  float weigh(const QueryBlock& block, int64_t row, float* scores) const {
    const KeyRange visible = visible_keys(problem_, position_of(block, row));
    const int64_t first = visible.first - block.keys.first, last = visible.last - block.keys.first;
    std::fill(scores, scores + first, 0.0F);
    std::fill(scores + last, scores + block.keys.count(), 0.0F);
    if (first == last) return 0;
    return exp_row(scores + first, last - first, 1 / std::sqrt(static_cast<float>(problem_.head_dim)));
  }

  AttentionProblem problem_;
  std::vector<QueryBlock> blocks_;
  std::vector<std::vector<float>> scores_;  // of each worker
};

}  // namespace

std::unique_ptr<Prepared> prepare(const AttentionProblem& problem) {
  return std::make_unique<BlasAttention>(problem);
}

}  // namespace qkv::peers
