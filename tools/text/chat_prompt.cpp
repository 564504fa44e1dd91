// SPDX-License-Identifier: Apache-2.0
#include "text/chat_prompt.hpp"

namespace qkv::tools {
namespace {

std::string rendered(std::string_view role, std::string_view content) {
  return std::string("<|im_start|>").append(role).append("\n").append(content).append("<|im_end|>\n");
}

}  // namespace

bool is_smollm2_chat_template(std::string_view chat_template) {
  // Others of the family add tools to the system's message, and name themselves otherwise.
  return chat_template.find(smollm2_system) != std::string_view::npos &&
         chat_template.find("<|im_start|>assistant") != std::string_view::npos;
}

std::string smollm2_chat_prompt(std::span<const ChatMessage> messages) {
  std::string prompt;
  if (!messages.empty() && messages[0].role != "system") prompt += rendered("system", smollm2_system);
  for (const ChatMessage& message : messages) prompt += rendered(message.role, message.content);
  return prompt += "<|im_start|>assistant\n";
}

}  // namespace qkv::tools
