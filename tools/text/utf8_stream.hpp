// SPDX-License-Identifier: Apache-2.0
// Bytes that arrive in pieces, as text that can be shown at once: the bytes of a token need not end where a character
// does.
#pragma once

#include <string>
#include <string_view>

namespace qkv::tools {

// U+FFFD in place of whatever is not UTF-8, one for each run of bytes that begins like a character and does not go on
// so (the practice that the Unicode Standard recommends in section 3.9, and what Python and Rust do).
std::string replace_invalid_utf8(std::string_view bytes);

class Utf8Stream {
 public:
  // The text that is certain by now. The beginning of a character is held back until the rest of it comes.
  std::string add(std::string_view bytes);

  // U+FFFD if a character has been held back. All texts together are replace_invalid_utf8 of all bytes.
  std::string finish();

 private:
  std::string held_back_;
};

}  // namespace qkv::tools
