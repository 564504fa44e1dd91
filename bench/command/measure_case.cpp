// SPDX-License-Identifier: Apache-2.0
#include "command/measure_case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "limits/memory_levels.hpp"
#include "problems/work.hpp"
#include "qkv/isa.h"
#include "qkv/version.h"

namespace qkv::bench {
namespace {

Row row_of(const Case& one) {
  const Work work = work_of(one.problem.shape);
  const auto* attention = std::get_if<Attention>(&one.problem.shape);
  Row row;
  row.engine_version = qkv_version();
  row.op = operation_of(one.problem.shape);
  row.isa = one.setting.isa;
  row.threads = one.setting.threads;
  row.shape = name_of(one.problem.shape);
  row.causal = attention != nullptr && attention->causal != 0;
  row.cache = one.setting.cold ? "cold" : "hot";
  row.flops = work.flops;
  row.bytes = work.bytes;
  return row;
}

// What no cache holds is measured as in a model, where other layers run between two calls: not with the rest of it that
// a cache still has from the last call.
bool comes_from_dram(const Case& one, const Measurement& measurement) {
  const Bound bound = bound_of(work_of(one.problem.shape), one.setting, measurement.limits);
  return one.setting.cold || bound.limit_name == "read " + memory_levels().back().name;
}

int64_t copies_for(const Case& one, const Measurement& measurement) {
  if (measurement.check_only || !comes_from_dram(one, measurement)) return 1;
  return copies_that_fill_dram(one.problem.shape);
}

void add_figure(PreparedCall& call, const Case& one, const Measurement& measurement, Row& row) {
  const Bound bound = bound_of(work_of(one.problem.shape), one.setting, measurement.limits);
  Limit& limit = measurement.limits.get(bound.limit_name, one.setting.threads);
  const std::vector<Repetition> repetitions =
      repeat({call, limit, bound, comes_from_dram(one, measurement)}, measurement.effort);
  row.unit = bound.unit;
  row.limit_name = bound.limit_name;
  row.repetitions = static_cast<int>(repetitions.size());
  row.kept = count_quiet(repetitions, limit.best());
  if (const auto median = median_quiet(repetitions, limit.best())) {
    row.rate = median->rate;
    row.limit = median->limit();
    row.ratio = median->ratio();
    row.seconds = median->seconds;
  } else {
    row.note = measurement.effort.interrupted() ? "interrupted" : "too noisy";
  }
}

}  // namespace

Row measure_call(PreparedCall& call, const Case& one, const Measurement& measurement) {
  Row row = row_of(one);
  row.kernel = call.kernel();
  const Verdict verdict = call.check();
  row.error = verdict.error();
  row.wrong = !verdict.failure.empty();
  if (row.wrong) {
    row.note = "wrong: " + verdict.failure;
  } else if (!measurement.check_only) {
    add_figure(call, one, measurement, row);
  }
  return row;
}

Row measure_case(const Case& one, const Measurement& measurement) {
  Row row = row_of(one);
  qkv_isa_set_max(one.setting.isa.c_str());
  try {
    const int64_t copies = copies_for(one, measurement);
    const auto call = prepare(one.problem.shape, {measurement.limits.team(one.setting.threads), copies});
    row = measure_call(*call, one, measurement);
  } catch (const NotSupported& reason) {
    row.note = fmt::format("skipped: {}", reason.what());
  } catch (const std::bad_alloc&) {
    row.note = "skipped: not enough memory";
  }
  qkv_isa_set_max(nullptr);
  return row;
}

double expected_seconds(const Case& one, const Measurement& measurement) {
  constexpr double flops_per_second = 5e10, bytes_per_second = 1e10, repetition_seconds = 5e-3, check_seconds = 0.1;
  const Work work = work_of(one.problem.shape);
  const double setup = check_seconds + work.operand_bytes / bytes_per_second * 10;
  if (measurement.check_only) return setup;
  const double call = std::max(work.flops / flops_per_second, work.bytes / bytes_per_second) / one.setting.threads;
  const double repetition = repetition_seconds + call;
  const double most = std::max(measurement.effort.seconds, least_kept * repetition);
  return setup + 2 * call + std::min(most, measurement.effort.repetitions * repetition);
}

}  // namespace qkv::bench
