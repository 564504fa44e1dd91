// SPDX-License-Identifier: Apache-2.0
// Many texts through the encoder, in padded batches of similar length.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "attend/model_folder.hpp"
#include "attend/sentence.hpp"

namespace qkv::tools {

struct EncodeOptions {
  bool with_attention_weights = false;
  int repetitions = 0;  // of each batch; the fastest counts. 0: some, as long as that is quick
  std::function<void(std::size_t)> note_encoded = [](std::size_t) {};  // called with the number of texts of each batch
};

// Indices of texts with these token counts, in batches of at most max_tokens, padding included (or of one text). Texts
// are sorted by length first, so that little is padded.
std::vector<std::vector<std::size_t>> batches(const std::vector<std::size_t>& token_counts, std::size_t max_tokens);

// Cuts texts into tokens, at most as many as the model has positions.
std::vector<Sentence> tokenize_texts(const Model& model, const std::vector<std::string>& texts);

// Bytes of the attention weights of a sentence.
std::size_t attention_bytes(const Sentence& sentence, const EncoderShape& shape);

// Encodes the sentences and hands them to `consume` one by one in their order. Attention weights are dropped when
// `consume` returns, so that no more than a few hundred megabytes of them exist at a time. Returns the time it took.
EncoderTimes encode_sentences(Model& model, std::vector<Sentence>& sentences, const EncodeOptions& options,
                              const std::function<void(Sentence&)>& consume);

}  // namespace qkv::tools
