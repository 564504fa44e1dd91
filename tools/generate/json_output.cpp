// SPDX-License-Identifier: Apache-2.0
#include "generate/json_output.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "qkv/isa.h"

namespace qkv::tools {
namespace {

// JSON whose numbers are f32: they are written with the digits that an f32 needs, not with those of a double.
using Json =
    nlohmann::basic_json<nlohmann::ordered_map, std::vector, std::string, bool, std::int64_t, std::uint64_t, float>;

Json json_of(const Completion& completion) {
  Json logits = Json::array();
  for (const Candidate& candidate : completion.top_logits) logits.push_back({candidate.id, candidate.logit});
  return {{"prompt_ids", completion.prompt_ids},
          {"ids", completion.ids},
          {"text", completion.text},
          {"top_logits", std::move(logits)}};
}

}  // namespace

std::string completions_json(const std::string& model, const std::vector<Completion>& completions,
                             const GenerationTimes& times) {
  Json list = Json::array();
  for (const Completion& completion : completions) list.push_back(json_of(completion));
  const Json json = {{"model", model},
                     {"isa", qkv_isa_active()},
                     {"completions", std::move(list)},
                     {"prompt_tokens_per_second", static_cast<float>(times.prompt_rate())},
                     {"tokens_per_second", static_cast<float>(times.rate())}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace qkv::tools
