// SPDX-License-Identifier: Apache-2.0
#include "tune/tune_report.hpp"

#include <fmt/format.h>

#include "cli/machine.hpp"
#include "qkv/version.h"
#include "result_files/run_facts.hpp"

namespace qkv::bench {
namespace {

using nlohmann::ordered_json;

std::string percent(double ratio) {
  return fmt::format("{:.1f} %", 100 * ratio);
}

std::string threads_of(const Setting& setting) {
  return fmt::format("{}, {} thread{}", setting.isa, setting.threads, setting.threads == 1 ? "" : "s");
}

std::string row_of(const ClassResult& result) {
  const std::string& name = result.shape_class.name;
  if (!result.base) return fmt::format("{:<24} {:>8}   {}\n", name, "", result.note);
  const Found& found = result.found;
  if (!found.gain) {
    const std::string why = result.note.empty() ? "the default is best" : result.note;
    return fmt::format("{:<24} {:>8} {:>8} {:>7} {:>6}  {:<6} {}\n", name, percent(result.base->before), "", "", "", "",
                       why);
  }
  const Gain& gain = *found.gain;
  return fmt::format("{:<24} {:>8} {:>8} {:>+7.1f} {:>6.1f}  {:<6} {}\n", name, percent(gain.before),
                     percent(gain.after), 100 * gain.gain, 100 * gain.noise, gain.is_real() ? "yes" : "no",
                     words_of(found.tuning));
}

ordered_json tuning_json(const qkv_tuning& tuning) {
  ordered_json json = ordered_json::object();
  for (const TuningField& field : tuning_fields()) {
    if (tuning.*field.value != 0) json[field.name] = tuning.*field.value;
  }
  return json;
}

ordered_json class_json(const ClassResult& result) {
  ordered_json shapes = ordered_json::array();
  for (const Shape& shape : result.shape_class.shapes) shapes.push_back(name_of(shape));
  ordered_json json = {{"class", result.shape_class.name}, {"shapes", std::move(shapes)}, {"note", result.note}};
  json["default"] = result.base ? ordered_json(result.base->before) : ordered_json();
  json["tuning"] = tuning_json(result.found.tuning);
  const auto& gain = result.found.gain;
  json["tuned"] = gain ? ordered_json(gain->after) : ordered_json();
  json["gain"] = gain ? ordered_json(gain->gain) : ordered_json();
  json["noise"] = gain ? ordered_json(gain->noise) : ordered_json();
  json["real"] = gain && gain->is_real();
  return json;
}

ordered_json tier_json(const TierResult& tier) {
  ordered_json classes = ordered_json::array();
  for (const ClassResult& result : tier.classes) classes.push_back(class_json(result));
  return {{"isa", tier.setting.isa},
          {"threads", tier.setting.threads},
          {"classes", std::move(classes)},
          {"tuning", tuning_json(tier.for_all)}};
}

}  // namespace

std::string summary_of(const ClassResult& result) {
  if (!result.base || (!result.found.gain && !result.note.empty())) return result.note;
  if (!result.found.gain) return percent(result.base->before) + ", the default is best";
  const Gain& gain = *result.found.gain;
  return fmt::format("{} -> {}, {:+.1f} points (noise {:.1f}), {}", percent(gain.before), percent(gain.after),
                     100 * gain.gain, 100 * gain.noise, words_of(result.found.tuning));
}

std::string table_of(const TierResult& tier) {
  std::string text = fmt::format("\n{}\n{:<24} {:>8} {:>8} {:>7} {:>6}  {:<6} {}\n", threads_of(tier.setting), "class",
                                 "default", "tuned", "points", "noise", "real", "tuning");
  for (const ClassResult& result : tier.classes) text += row_of(result);
  if (is_default(tier.for_all)) return text + "No tuning is a gain over all classes and a loss to none.\n";
  return text + fmt::format("\n// {}; {}; qkv {}\n{}", tools::cpu_name(), threads_of(tier.setting), qkv_version(),
                            initialiser_of(tier.for_all));
}

ordered_json to_json(const TuneResults& results) {
  ordered_json json = run_facts(), tiers = ordered_json::array();
  for (const TierResult& tier : results.tiers) tiers.push_back(tier_json(tier));
  json["interrupted"] = results.interrupted;
  json["wrong"] = results.wrong;
  json["tiers"] = std::move(tiers);
  return json;
}

}  // namespace qkv::bench
