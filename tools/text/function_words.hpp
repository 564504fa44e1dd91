// SPDX-License-Identifier: Apache-2.0
// English words that carry grammar rather than meaning, lower-cased, as the tokeniser splits them ("didn't": didn ' t).
#pragma once

#include <string_view>

namespace qkv::tools {

// Third-person pronouns: words that stand for another word.
bool is_pronoun(std::string_view word);

// Articles, prepositions, conjunctions, auxiliaries, pronouns of every kind, and bare letters.
bool is_function_word(std::string_view word);

}  // namespace qkv::tools
