// SPDX-License-Identifier: Apache-2.0
// Attention as matmul, softmax and matmul primitives per block of query rows. Each worker has its own blocks, and makes
// its primitives itself: made inside a parallel region, they use one thread.
#include <omp.h>

#include <cmath>
#include <limits>

#include "onednn.hpp"
#include "query_blocks.hpp"

namespace qkv::peers {
namespace {

// What was fastest: large products pay, but under a causal mask a block's upper right half is computed in vain.
int64_t rows_per_block(const AttentionProblem& problem) {
  if (problem.causal == 0) return 192;
  return DNNL_VERSION_MAJOR >= 3 && problem.queries <= 1024 ? 64 : 128;
}

struct Step {
  dnnl::primitive primitive;
  Arguments arguments;
};

// The keys that a row sees, relative to its block's.
struct Row {
  int64_t first, last;
};

struct BlockWork {
  Step scores, softmax, output;
  std::vector<Row> rows;
  int64_t keys;
  bool masked;  // some row sees less than the block's keys
};

class Worker {
 public:
  Worker(const AttentionProblem& problem, const std::vector<QueryBlock>& blocks, size_t worker) : stream_(cpu()) {
    const auto workers = static_cast<size_t>(problem.threads);
    int64_t most = 0;
    for (size_t i = worker; i < blocks.size(); i += workers) {
      most = std::max(most, blocks[i].rows * blocks[i].keys.count());
    }
    scores_.resize(static_cast<size_t>(most));
    for (size_t i = worker; i < blocks.size(); i += workers) works_.push_back(work_of(problem, blocks[i]));
  }

  void run() {
    for (BlockWork& work : works_) {
      work.scores.primitive.execute(stream_, work.scores.arguments);
      if (work.masked) hide(work);
      work.softmax.primitive.execute(stream_, work.softmax.arguments);
      work.output.primitive.execute(stream_, work.output.arguments);
    }
    stream_.wait();
  }

 private:
  BlockWork work_of(const AttentionProblem& p, const QueryBlock& block) {
    const int64_t keys = block.keys.count(), d = p.head_dim;
    const auto scores = matrix({block.rows, keys});
    Product first{matrix({block.rows, d}), matrix({d, keys}, {1, d}), {}, scores, {}};
    append_eltwise(first.operations, dnnl::algorithm::eltwise_linear, 1 / std::sqrt(static_cast<float>(d)));
    const Product second{scores, matrix({keys, p.value_dim}), {}, matrix({block.rows, p.value_dim}), {}};
    BlockWork work{step(first, p.query + block.query_offset, p.key + block.key_offset, scores_.data()),
                   {softmax_of(scores), in_place(scores)},
                   step(second, scores_.data(), p.value + block.value_offset, p.output + block.output_offset),
                   {},
                   keys,
                   false};
    for (int64_t row = 0; row < block.rows; row++) {
      const KeyRange visible = visible_keys(p, position_of(block, row));
      if (visible.count() == 0) throw NotSupported("no rows without a visible key");
      work.rows.push_back({visible.first - block.keys.first, visible.last - block.keys.first});
      work.masked = work.masked || visible.count() < keys;
    }
    return work;
  }

  static Step step(const Product& product, const float* source, const float* weights, float* result) {
    return {dnnl::matmul(describe(product)),
            {{DNNL_ARG_SRC, memory_at(product.source, source)},
             {DNNL_ARG_WEIGHTS, memory_at(product.weights, weights)},
             {DNNL_ARG_DST, memory_at(product.result, result)}}};
  }

  Arguments in_place(const dnnl::memory::desc& scores) {
    const dnnl::memory memory = memory_at(scores, scores_.data());
    return {{DNNL_ARG_SRC, memory}, {DNNL_ARG_DST, memory}};
  }

  void hide(const BlockWork& work) {
    float* scores = scores_.data();
    for (const Row& row : work.rows) {
      std::fill(scores, scores + row.first, -std::numeric_limits<float>::infinity());
      std::fill(scores + row.last, scores + work.keys, -std::numeric_limits<float>::infinity());
      scores += work.keys;
    }
  }

  dnnl::stream stream_;
  std::vector<float> scores_;
  std::vector<BlockWork> works_;
};

class OnednnAttention final : public Prepared {
 public:
  explicit OnednnAttention(const AttentionProblem& problem) : workers_(static_cast<size_t>(problem.threads)) {
    const std::vector<QueryBlock> blocks = query_blocks(problem, rows_per_block(problem));
    std::exception_ptr fault;
#pragma omp parallel num_threads(static_cast <int>(workers_.size()))
    try {
      const auto worker = static_cast<size_t>(omp_get_thread_num());
      workers_[worker] = std::make_unique<Worker>(problem, blocks, worker);
    } catch (...) {
#pragma omp critical
      fault = std::current_exception();
    }
    if (fault) std::rethrow_exception(fault);
  }

  void run() override {
#pragma omp parallel num_threads(static_cast <int>(workers_.size()))
    workers_[static_cast<size_t>(omp_get_thread_num())]->run();
  }

 private:
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace

std::unique_ptr<Prepared> prepare(const AttentionProblem& problem) {
  return std::make_unique<OnednnAttention>(problem);
}

}  // namespace qkv::peers
