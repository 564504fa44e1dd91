// SPDX-License-Identifier: Apache-2.0
#include "attention/attend.hpp"

#include <bit>

#include "support/bits.hpp"
#include "support/tiers.hpp"

namespace qkv_test {
namespace {

// What no kernel writes: shows an element that was left out.
const float canary = std::bit_cast<float>(0x7fc0dead);

class Layouts {
 public:
  explicit Layouts(const Staging& staging) : staging_(staging), random_(staging.layout_seed) {}
  Layout next() { return staging_.layout_seed == 0 ? staging_.plain : random_layout(random_); }
  // An optional operand says extent 1 or repeats with stride 0.
  Shape broadcast(const Shape& stored, const Shape& full) {
    return staging_.layout_seed != 0 && random_.chance(0.5) ? stored : full;
  }

 private:
  const Staging& staging_;
  Random random_;
};

template <typename T>
StagedTensor<T> stage_optional(const Array<T>& values, const Shape& full, Layouts& layouts) {
  if (!values.present()) return {};
  return {values, layouts.broadcast(values.shape(), full), 4, layouts.next()};
}

StagedTensor<int64_t> stage_numbers(const std::vector<int64_t>& numbers) {
  if (numbers.empty()) return {};
  Array<int64_t> array({1, 1, 1, static_cast<int64_t>(numbers.size())});
  array.values() = numbers;
  return {array, 1};
}

}  // namespace

StagedAttention::StagedAttention(const AttentionProblem& problem, const Staging& staging)
    : wants_lse_(staging.lse), wants_weights_(staging.weights) {
  Layouts layouts(staging);
  query_ = {problem.query, problem.query_shape(), 4, layouts.next()};
  key_ = {problem.key, problem.key_shape(), 4, layouts.next()};
  value_ = {problem.value, problem.value_shape(), 4, layouts.next()};
  output_ = {Array<float>(problem.output_shape(), canary), 4, layouts.next()};
  bias_ = stage_optional(problem.bias, problem.weights_shape(), layouts);
  mask_ = stage_optional(problem.mask, problem.weights_shape(), layouts);
  if (wants_lse_) lse_ = {Array<float>(problem.lse_shape(), canary), 3, layouts.next()};
  if (wants_weights_) weights_ = {Array<float>(problem.weights_shape(), canary), 4, layouts.next()};
  key_count_ = stage_numbers(problem.key_count);
  first_query_position_ = stage_numbers(problem.first_query_position);
  fill_args(problem);
  args_.tuning = staging.tuning;
}

void StagedAttention::fill_args(const AttentionProblem& problem) {
  args_.size = sizeof args_;
  args_.query = query_.view();
  args_.key = key_.view();
  args_.value = value_.view();
  args_.output = output_.view();
  args_.bias = bias_.view();
  args_.mask = mask_.view();
  args_.lse = lse_.view();
  args_.weights = weights_.view();
  args_.key_count = key_count_.data();
  args_.first_query_position = first_query_position_.data();
  args_.causal = problem.causal ? 1 : 0;
  args_.window_left = problem.window_left;
  args_.window_right = problem.window_right;
  args_.scale_is_set = problem.scale ? 1 : 0;
  args_.scale = problem.scale.value_or(0);
}

bool StagedAttention::inputs_unchanged() const {
  return query_.unchanged() && key_.unchanged() && value_.unchanged() && bias_.unchanged() && mask_.unchanged() &&
         key_count_.unchanged() && first_query_position_.unchanged();
}

bool StagedAttention::gaps_unchanged() const {
  return output_.gaps_unchanged() && lse_.gaps_unchanged() && weights_.gaps_unchanged();
}

AttentionResult StagedAttention::result() const {
  AttentionResult result;
  result.output = output_.gather();
  if (wants_lse_) result.lse = lse_.gather();
  if (wants_weights_) result.weights = weights_.gather();
  return result;
}

AttentionResult attend(const AttentionProblem& problem, const Staging& staging, const Execution& execution) {
  const StagedAttention staged(problem, staging);
  const qkv_status status = execute(attention_operation, staged.args(), execution);
  REQUIRE_MESSAGE(status == QKV_OK, std::string(qkv_error_message()), " for ", describe(problem));
  REQUIRE_MESSAGE(staged.inputs_unchanged(), "an input was written to: ", describe(problem));
  REQUIRE_MESSAGE(staged.gaps_unchanged(), "memory between output elements was written to: ", describe(problem));
  return staged.result();
}

std::string first_failure(const AttentionResult& result, const AttentionReference& reference) {
  std::string failure = first_failure("output", result.output, reference.output);
  if (failure.empty() && result.lse.present()) failure = first_failure("lse", result.lse, reference.lse);
  if (failure.empty() && result.weights.present()) {
    failure = first_failure("weights", result.weights, reference.weights);
  }
  return failure;
}

uint64_t bit_hash(const AttentionResult& result) {
  return bit_hash(result.output) ^ bit_hash(result.lse) * 3 ^ bit_hash(result.weights) * 5;
}

void check_on_every_tier(const AttentionProblem& problem, const Staging& staging, const Execution& execution) {
  const AttentionReference reference = attention_reference(problem);
  for_each_tier([&](const std::string& tier) {
    INFO("on ", tier, ": ", describe(problem));
    CHECK(first_failure(attend(problem, staging, execution), reference) == "");
  });
}

}  // namespace qkv_test
