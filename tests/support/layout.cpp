// SPDX-License-Identifier: Apache-2.0
#include "support/layout.hpp"

namespace qkv_test {

Layout random_layout(Random& random) {
  Layout layout;
  layout.placement = random.chance(0.5) ? Placement::front : Placement::back;
  if (random.chance(0.2)) layout.lead = random.integer(1, 19);
  const double shape = random.uniform(0, 1);
  if (shape < 0.3) return layout;
  if (shape < 0.6) layout.order = rows_outside.order;
  if (shape > 0.85) random.shuffle(layout.order);
  for (size_t axis = 0; axis < 4; axis++) {
    const bool is_dim = axis == 3;
    if (random.chance(is_dim ? 0.1 : 0.25)) layout.gap[axis] = random.integer(1, is_dim ? 3 : 9);
    layout.reversed[axis] = random.chance(0.07);
  }
  return layout;
}

std::string describe(const Layout& layout) {
  std::string text = "order ";
  for (size_t axis : layout.order) text += std::to_string(axis);
  text += " gap";
  for (int64_t gap : layout.gap) text += " " + std::to_string(gap);
  text += " reversed ";
  for (bool reversed : layout.reversed) text += reversed ? "1" : "0";
  text += " lead " + std::to_string(layout.lead);
  return text + (layout.placement == Placement::front ? " front" : " back");
}

}  // namespace qkv_test
