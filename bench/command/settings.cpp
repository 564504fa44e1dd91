// SPDX-License-Identifier: Apache-2.0
#include "command/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "cli/machine.hpp"
#include "command/options.hpp"
#include "limits/team.hpp"
#include "qkv/isa.h"
#include "text/quote.hpp"

namespace qkv::bench {
namespace {

using tools::quote;

bool can_be_used(const char* isa) {
  const bool accepted = qkv_isa_set_max(isa) == QKV_OK && std::string_view(qkv_isa_active()) == isa;
  qkv_isa_set_max(nullptr);
  return accepted;
}

// Why this tier cannot be measured.
std::string reason(const std::string& isa) {
  for (int32_t tier = 0; const qkv_isa_description* one = qkv_isa_at(tier); tier++) {
    if (one->name != isa) continue;
    return one->supported != 0 ? "above QKV_MAX_ISA" : fmt::format("this machine does not run it ({})", one->reason);
  }
  return "this build has no such tier";
}

void add_isa(const std::string& word, std::vector<std::string>& isas) {
  const std::vector<std::string> usable = usable_isas();
  if (word == "all") {
    isas.insert(isas.end(), usable.begin(), usable.end());
  } else if (word == "best") {
    isas.push_back(usable.back());
  } else if (std::ranges::find(usable, word) != usable.end()) {
    isas.push_back(word);
  } else {
    throw UsageError(fmt::format("--isa {}: {}", quote(word), reason(word)));
  }
}

int thread_count(const std::string& word) {
  const int most = has_thread_pool() ? tools::core_count() : 1;
  if (word == "all") return most;
  int count = 0;
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, count);
  if (error == std::errc() && stop == end && count >= 1 && count <= most) return count;
  const char* why = has_thread_pool() ? "cores that this process may use" : "this build has no OpenMP";
  throw UsageError(fmt::format("--threads {}: must be all or a number from 1 to {} ({})", quote(word), most, why));
}

// Each once, in the order given.
template <class T>
void keep_first(std::vector<T>& values) {
  std::vector<T> kept;
  for (const T& value : values) {
    if (std::ranges::find(kept, value) == kept.end()) kept.push_back(value);
  }
  values = kept;
}

}  // namespace

std::vector<std::string> usable_isas() {
  std::vector<std::string> isas;
  for (int32_t tier = 0; const qkv_isa_description* isa = qkv_isa_at(tier); tier++) {
    const std::string name = isa->name;
    if (can_be_used(name.c_str())) isas.push_back(name);
  }
  return isas;
}

std::vector<Setting> chosen_settings(const Words& isa_words, const Words& thread_words, Words caches) {
  std::vector<std::string> isas;
  std::vector<int> threads;
  for (const std::string& word : isa_words) add_isa(word, isas);
  for (const std::string& word : thread_words) threads.push_back(thread_count(word));
  keep_first(isas);
  keep_first(threads);
  keep_first(caches);
  std::vector<Setting> settings;
  for (const std::string& isa : isas) {
    for (const int count : threads) {
      for (const std::string& cache : caches) settings.push_back({isa, count, cache == "cold"});
    }
  }
  return settings;
}

}  // namespace qkv::bench
