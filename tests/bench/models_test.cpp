// SPDX-License-Identifier: Apache-2.0
// The shape files of the models: all parse, the library agrees on what they cost, and what is small is computed on
// every tier.
#include "problems/models.hpp"

#include <doctest/doctest.h>

#include <string>

#include "attention/attend.hpp"
#include "attention/problems.hpp"
#include "matmul/multiply.hpp"
#include "operations/prepared_call.hpp"
#include "problems/work.hpp"
#include "support/tiers.hpp"

using namespace qkv::bench;

namespace {

// Products that the reference may take for one problem, on each tier.
constexpr double small_work = 1e7;

const std::vector<Problem>& all_problems() {
  static const std::vector<Problem> problems = load_shapes("all");
  return problems;
}

bool is_small(const Problem& problem) {
  const Work work = work_of(problem.shape);
  return work.flops < 2 * small_work && work.operand_bytes < 4 * small_work;
}

template <class Sizes>
std::vector<Sizes> small_shapes() {
  std::vector<Sizes> shapes;
  for (const Problem& problem : all_problems()) {
    if (const auto* sizes = std::get_if<Sizes>(&problem.shape); sizes != nullptr && is_small(problem)) {
      shapes.push_back(*sizes);
    }
  }
  return shapes;
}

qkv_test::AttentionProblem attention_problem(const Attention& shape) {
  qkv_test::AttentionProblem problem{.batch = shape.batch,
                                     .query_heads = shape.heads,
                                     .key_heads = shape.kv_heads,
                                     .queries = shape.queries,
                                     .keys = shape.keys,
                                     .key_dim = shape.head_dim,
                                     .value_dim = shape.value_dim,
                                     .causal = shape.causal != 0};
  problem.first_query_position.assign(static_cast<size_t>(shape.batch), shape.position);
  return qkv_test::gaussian_problem(problem, 1);
}

}  // namespace

TEST_CASE("models: every file parses, has a short run, and names what it says") {
  CHECK(models().size() == 11);
  for (const Model& model : models()) {
    CAPTURE(std::string(model.name));
    const std::vector<Problem> problems = load_shapes(std::string(model.name));
    CHECK(problems.size() >= 10);
    CHECK(std::ranges::any_of(problems, &Problem::quick));
  }
}

TEST_CASE("models: small attention problems on every tier") {
  int checked = 0;
  for (const Attention& shape : small_shapes<Attention>()) {
    if (shape.window != 0) continue;  // below, where the call knows it
    qkv_test::check_on_every_tier(attention_problem(shape), {});
    checked++;
  }
  CHECK(checked >= 10);
}

TEST_CASE("models: small products on every tier") {
  int checked = 0;
  for (const Matmul& shape : small_shapes<Matmul>()) {
    if (shape.weights != 0) continue;  // below, where the call has them
    auto problem = qkv_test::gaussian_matmul(shape.m, shape.n, shape.k, shape.bias != 0, 1);
    problem.activation = static_cast<int32_t>(shape.activation);
    qkv_test::check_on_every_tier(problem);
    checked++;
  }
  CHECK(checked >= 10);
}

TEST_CASE("models: the benchmarks' own calls are right on every tier, hot and with copies") {
  const Team team(1);
  for (const Problem& problem : all_problems()) {
    if (!is_small(problem)) continue;
    qkv_test::for_each_tier([&](const std::string& tier) {
      INFO("on ", tier, ": ", name_of(problem.shape));
      try {
        const auto call = prepare(problem.shape, {team, 2});
        const Verdict verdict = call->check();
        CHECK(verdict.failure == "");
        CHECK(verdict.error() < 1e-4);
        const std::string kernel = call->kernel(), from = kernel.substr(kernel.find('@') + 1);
        CHECK(tier.starts_with(from));  // avx512_bf16 takes what it lacks from avx512
        CHECK(call->planned_flops() == doctest::Approx(work_of(problem.shape).flops));
      } catch (const NotSupported&) {
        CHECK(std::get<Attention>(problem.shape).window != 0);
      }
    });
  }
}
