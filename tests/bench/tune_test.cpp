// SPDX-License-Identifier: Apache-2.0
// The search of qkv-tune on made-up figures, and the statistics of a gain. No test asserts a speed.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "command/settings.hpp"
#include "qkv/isa.h"
#include "tune/best_for_all.hpp"
#include "tune/class_trial.hpp"
#include "tune/search.hpp"
#include "tune/tune_report.hpp"

using namespace qkv::bench;

namespace {

TuningField field_named(const std::string& name) {
  return *std::ranges::find(tuning_fields(), name, &TuningField::name);
}

const TuningField rows = field_named("matmul_rows_per_task"), panels = field_named("matmul_panels_per_task");

// A figure that a function of the tuning gives, without noise beyond `noise`.
struct MadeUp {
  double (*gain)(const qkv_tuning&);
  double noise = 0.002;
  std::vector<std::string> tried = {};

  Trial trial() {
    return [this](const qkv_tuning& tuning) {
      tried.push_back(words_of(tuning));
      return std::optional(Gain{0.8, 0.8 + gain(tuning), gain(tuning), noise});
    };
  }
};

// Best at 384 rows and 16 panels; more panels pay only with these rows.
double dependent(const qkv_tuning& tuning) {
  const bool many_rows = tuning.matmul_rows_per_task == 384;
  return (many_rows ? 0.01 : 0) + (tuning.matmul_panels_per_task == 16 ? (many_rows ? 0.02 : -0.02) : 0);
}

double flat(const qkv_tuning&) {
  return 0.001;
}

Turn turn(double before, double after, double limit_after = 100) {
  return {{.rate = before, .limit_before = 100, .limit_after = 100},
          {.rate = after, .limit_before = 100, .limit_after = limit_after}};
}

std::vector<std::vector<std::optional<Gain>>> matrix(const std::vector<std::vector<double>>& gains) {
  std::vector<std::vector<std::optional<Gain>>> rows_of_gains;
  for (const auto& row : gains) {
    rows_of_gains.emplace_back();
    for (const double gain : row) rows_of_gains.back().push_back(Gain{0.8, 0.8 + gain, gain, 0.002});
  }
  return rows_of_gains;
}

}  // namespace

TEST_CASE("tune: descent finds what pays only together, in the second round") {
  MadeUp figures{dependent};
  const Found found = search({{panels, rows}}, {figures.trial(), figures.trial()});
  CHECK(found.tuning.matmul_rows_per_task == 384);
  CHECK(found.tuning.matmul_panels_per_task == 16);
  CHECK(found.gain.value_or(Gain{}).gain == doctest::Approx(0.03));
  MadeUp once{dependent};
  CHECK(search({{panels, rows}, 1}, {once.trial(), once.trial()}).tuning.matmul_panels_per_task == 0);
}

TEST_CASE("tune: no tuning is tried twice, never the default, and no more than was said") {
  MadeUp figures{dependent};
  const Space space{{panels, rows}};
  search(space, {figures.trial(), [](const qkv_tuning&) { return std::optional<Gain>(); }});
  const std::set<std::string> different(figures.tried.begin(), figures.tried.end());
  CHECK(different.size() == figures.tried.size());
  CHECK_FALSE(different.contains("default"));
  CHECK(static_cast<int>(figures.tried.size()) < candidates_at_most(space));
  CHECK(candidates_at_most({{rows}}) == 1 + static_cast<int>(sweep_of(rows).size()));
  CHECK(candidates_at_most({}) == 0);
}

TEST_CASE("tune: a gain within the noise, and no figure, leave the default") {
  MadeUp figures{flat};
  CHECK(is_default(search({{rows, panels}}, {figures.trial(), figures.trial()}).tuning));
  const auto no_figure = [](const qkv_tuning&) { return std::optional<Gain>(); };
  CHECK(is_default(search({{rows, panels}}, {no_figure, no_figure}).tuning));
}

TEST_CASE("tune: the figure shown is that of the confirmation") {
  MadeUp figures{dependent};
  const auto confirm = [](const qkv_tuning&) { return std::optional(Gain{0.8, 0.801, 0.001, 0.002}); };
  const Found found = search({{rows}}, {figures.trial(), confirm});
  CHECK(found.tuning.matmul_rows_per_task == 384);
  CHECK(found.gain.value_or(Gain{}).gain == 0.001);
  CHECK_FALSE(found.gain.value_or(Gain{0, 0, 1, 0}).is_real());
}

TEST_CASE("tune: an interrupted search keeps what it has and tries nothing more") {
  MadeUp figures{dependent};
  const auto stopped = [&] { return figures.tried.size() >= 3; };
  const Found found = search({{rows, panels}}, {figures.trial(), figures.trial(), stopped});
  CHECK(figures.tried.size() == 3);
  CHECK_FALSE(found.gain.has_value());
}

TEST_CASE("tune: candidates are valid, without the default, and initialisers name them in the struct's order") {
  for (const TuningField& field : tuning_fields()) {
    const std::vector<int64_t> values = sweep_of(field);
    CHECK(values.size() + 1 == field.candidates.size());  // the default is one of them
    for (const int64_t value : values) CHECK(value != qkv_tuning_default().*field.value);
  }
  qkv_tuning tuning = default_tuning();
  CHECK(words_of(tuning) == "default");
  tuning.matmul_least_tasks = 16;
  tuning.keys_per_block = 32;
  CHECK(words_of(tuning) == "keys_per_block=32 matmul_least_tasks=16");
  CHECK(initialiser_of(tuning) ==
        "const qkv_tuning tuning = {\n    .size = sizeof(qkv_tuning),\n    .keys_per_block = 32,\n"
        "    .matmul_least_tasks = 16,\n};\n");
}

TEST_CASE("tune: a gain is the median over quiet turns, with two standard errors") {
  std::vector<Turn> turns(4, turn(80, 82));
  CHECK_FALSE(gain_of(turns, 100).has_value());
  turns.push_back(turn(80, 90));
  turns.push_back(turn(80, 99, 90));  // one of the two is not quiet
  const Gain gain = gain_of(turns, 100).value_or(Gain{});
  CHECK(gain.before == doctest::Approx(0.8));
  CHECK(gain.after == doctest::Approx(0.82));
  CHECK(gain.gain == doctest::Approx(0.02));
  CHECK(gain.noise == least_noise);
  CHECK(gain.is_real());
  const std::vector<Turn> noisy = {turn(80, 70), turn(80, 75), turn(80, 81), turn(80, 85), turn(80, 90)};
  const Gain unsure = gain_of(noisy, 100).value_or(Gain{});
  CHECK(unsure.gain == doctest::Approx(0.01));
  CHECK(unsure.noise == doctest::Approx(2 * 1.2533 * 1.4826 * 0.06 / std::sqrt(5.0)));
  CHECK_FALSE(unsure.is_real());
}

TEST_CASE("tune: shapes of a class count alike") {
  const Gain mean = mean_of({{0.8, 0.84, 0.04, 0.03}, {0.6, 0.6, 0, 0.04}});
  CHECK(mean.before == doctest::Approx(0.7));
  CHECK(mean.gain == doctest::Approx(0.02));
  CHECK(mean.noise == doctest::Approx(0.025));
}

TEST_CASE("tune: for all classes the largest mean gain that is a loss to none") {
  CHECK(best_for_all(matrix({{0.05, -0.01}, {0.02, 0.01}, {0.01, 0.01}})) == 1);
  CHECK_FALSE(best_for_all(matrix({{0.05, -0.01}, {0.001, 0.001}})).has_value());
  CHECK_FALSE(best_for_all({}).has_value());
  auto gains = matrix({{0.02, 0.02}});
  gains[0].push_back(std::nullopt);  // changes nothing there
  CHECK(best_for_all(gains) == 0);
}

TEST_CASE("tune: classes are groups of one operation; models and files have up to two") {
  const std::vector<ShapeClass> all = chosen_classes({}, false);
  CHECK(all.size() == class_names().size());
  for (const ShapeClass& one : all) {
    CAPTURE(one.name);
    CHECK(one.shapes.size() >= 2);
    for (const Shape& shape : one.shapes) CHECK(std::holds_alternative<Matmul>(shape) == one.is_matmul);
  }
  const std::vector<ShapeClass> model = chosen_classes({"minilm", "deep", "deep"}, true);
  REQUIRE(model.size() == 3);
  CHECK(model[0].name == "minilm attention");
  CHECK(model[1].name == "minilm matmul");
  CHECK(model[2].name == "deep");
  for (const ShapeClass& one : model) CHECK(one.shapes.size() == 1);
}

TEST_CASE("tune: a tuned call shares the operands, changes the plan, and is right") {
  Limits limits;
  const auto call = prepare(Matmul{.m = 200, .n = 300, .k = 70}, {limits.team(1)});
  qkv_tuning tuning = default_tuning();
  const auto alike = call->tuned(tuning);
  CHECK(std::memcmp(&alike->plan(), &call->plan(), sizeof(qkv_plan)) == 0);
  tuning.matmul_rows_per_task = 48;
  const auto other = call->tuned(tuning);
  CHECK(std::memcmp(&other->plan(), &call->plan(), sizeof(qkv_plan)) != 0);
  CHECK(other->check().failure == "");
  CHECK(call->check().failure == "");
}

TEST_CASE("tune: a comparison on this machine, and none where no plan changes") {
  Limits limits;
  const std::string isa = usable_isas().back();
  ClassTrial trial({"small", true, {Matmul{.m = 64, .n = 64, .k = 64}}}, {isa, 1, false}, limits);
  const Effort effort{.repetitions = 5, .seconds = 0.1};
  if (!trial.measure_default(effort)) return;  // a machine that is in use
  CHECK(trial.base().before > 0);
  qkv_tuning tuning = default_tuning();
  tuning.keys_per_block = 32;
  CHECK_FALSE(trial.compare(tuning, effort).has_value());
  tuning.matmul_rows_per_task = 16;
  if (const auto gain = trial.compare(tuning, effort)) CHECK(gain->after > 0);
  CHECK(trial.wrong().empty());
}

TEST_CASE("tune: the table says what is real, and the file holds it") {
  ClassResult result{{"square", true, {Matmul{.m = 8, .n = 8, .k = 8}}}, Gain{0.8, 0.8, 0, 0.002}, {}, ""};
  TierResult tier;
  tier.setting.isa = "avx2";
  tier.classes = {result};
  CHECK(table_of(tier).find("the default is best") != std::string::npos);
  CHECK(table_of(tier).find("No tuning is a gain") != std::string::npos);
  result.found.tuning.matmul_least_tasks = 16;
  result.found.gain = Gain{0.8, 0.815, 0.015, 0.003};
  tier.classes = {result};
  tier.for_all.matmul_least_tasks = 16;
  const std::string table = table_of(tier);
  for (const char* word : {"square", "80.0 %", "81.5 %", "+1.5", "0.3", "yes", ".matmul_least_tasks = 16,"}) {
    CHECK_MESSAGE(table.find(word) != std::string::npos, table, word);
  }
  const auto json = to_json({{tier}, {}, true});
  CHECK(json["interrupted"] == true);
  const auto& row = json["tiers"][0]["classes"][0];
  CHECK(row["real"] == true);
  CHECK(row["gain"] == 0.015);
  CHECK(row["tuning"]["matmul_least_tasks"] == 16);
  CHECK(json["tiers"][0]["tuning"]["matmul_least_tasks"] == 16);
}
