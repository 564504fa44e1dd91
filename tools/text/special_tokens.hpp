// SPDX-License-Identifier: Apache-2.0
// The tokens of a BERT model that stand for no text.
#pragma once

#include <array>
#include <string_view>

namespace qkv::tools {

inline constexpr std::string_view unknown_token = "[UNK]";
inline constexpr std::string_view first_token = "[CLS]";
inline constexpr std::string_view last_token = "[SEP]";
inline constexpr std::array<std::string_view, 5> special_tokens = {"[PAD]", unknown_token, first_token, last_token,
                                                                   "[MASK]"};

}  // namespace qkv::tools
