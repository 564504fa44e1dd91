// SPDX-License-Identifier: Apache-2.0
#include "attend/json_output.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>

#include "attend/cosine.hpp"
#include "qkv/isa.h"

namespace qkv::tools {
namespace {

// JSON whose numbers are f32: they are written with the digits that an f32 needs, not with those of a double.
using Json =
    nlohmann::basic_json<nlohmann::ordered_map, std::vector, std::string, bool, std::int64_t, std::uint64_t, float>;

template <typename Value>
std::string dump(const Value& json) {
  return json.dump(-1, ' ', false, Value::error_handler_t::replace);
}

void append_row(std::string& out, std::span<const float> row) {
  char separator = '[';
  for (const float weight : row) {
    if (std::isfinite(weight))
      fmt::format_to(std::back_inserter(out), "{}{}", separator, weight);
    else
      fmt::format_to(std::back_inserter(out), "{}null", separator);
    separator = ',';
  }
  out += ']';
}

// Elements [first, first + count) of a list, each written by `append`.
template <typename Append>
void append_list(std::string& out, std::size_t count, const Append& append) {
  for (std::size_t i = 0; i < count; ++i) {
    out += i == 0 ? '[' : ',';
    append(i);
  }
  out += ']';
}

}  // namespace

void write_sentences_json(const Model& model, const std::vector<Sentence>& sentences,
                          const std::function<void(std::string_view)>& write) {
  const Json head = {{"model", model.name}, {"isa", qkv_isa_active()}};
  std::string text = dump(head);
  text.back() = ',';
  write(text + "\"sentences\":[");
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    const Json json = {{"text", sentences[i].text},
                       {"tokens", sentences[i].tokens.pieces},
                       {"ids", sentences[i].tokens.ids},
                       {"embedding", sentences[i].encoded.embedding}};
    write((i == 0 ? "" : ",") + dump(json));
  }
  write("],\"cosine\":[");
  for_each_cosine_row(sentences, [&](std::size_t row, std::span<const float> cosines) {
    text = row == 0 ? "" : ",";
    append_row(text, cosines);
    write(text);
  });
  write("]}\n");
}

std::string times_json(const Model& model, const std::vector<Sentence>& sentences, const EncoderTimes& times) {
  std::size_t tokens = 0;
  for (const Sentence& sentence : sentences) tokens += sentence.tokens.ids.size();
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const LayerTime& layer : times.layers)
    layers.push_back({{"seconds", layer.seconds}, {"attention_seconds", layer.attention_seconds}});
  const nlohmann::ordered_json json = {{"model", model.name},       {"threads", model.encoder.worker_count()},
                                       {"texts", sentences.size()}, {"tokens", tokens},
                                       {"seconds", times.seconds},  {"layers", std::move(layers)}};
  return dump(json) + "\n";
}

AttentionJson::AttentionJson(OutputFile& file, const Model& model)
    : file_(file),
      layers_(static_cast<std::size_t>(model.encoder.shape().layers)),
      heads_(static_cast<std::size_t>(model.encoder.shape().heads)) {
  const Json head = {{"model", model.name}, {"isa", qkv_isa_active()}, {"layers", layers_}, {"heads", heads_}};
  std::string text = dump(head);
  text.back() = ',';
  file_.write(text + "\"sentences\":[");
}

void AttentionJson::add(const Sentence& sentence) {
  const Json head = {{"text", sentence.text}, {"tokens", sentence.tokens.pieces}};
  std::string text = dump(head);
  text.back() = ',';
  text += "\"weights\":";
  const std::size_t tokens = sentence.tokens.ids.size();
  std::span<const float> rest = sentence.encoded.attention_weights;
  append_list(text, layers_, [&](std::size_t) {
    append_list(text, heads_, [&](std::size_t) {
      append_list(text, tokens, [&](std::size_t) {
        append_row(text, rest.first(tokens));
        rest = rest.subspan(tokens);
      });
    });
  });
  file_.write((sentences_++ == 0 ? "" : ",") + text + "}");
}

void AttentionJson::finish() {
  file_.write("]}\n");
}

}  // namespace qkv::tools
