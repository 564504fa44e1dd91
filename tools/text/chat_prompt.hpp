// SPDX-License-Identifier: Apache-2.0
// A conversation as the text that SmolLM2 was trained to continue (ChatML). Chat templates are programs in a language
// of their own (Jinja); the one of SmolLM2 is written out here, and no other is understood.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace qkv::tools {

struct ChatMessage {
  std::string role;  // system, user or assistant
  std::string content;
};

// What the system says in a conversation that does not begin with it.
inline constexpr std::string_view smollm2_system =
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face";

// Whether this template, from a model's file, is one that smollm2_chat_prompt follows.
bool is_smollm2_chat_template(std::string_view chat_template);

// Up to where the assistant begins to speak.
std::string smollm2_chat_prompt(std::span<const ChatMessage> messages);

}  // namespace qkv::tools
