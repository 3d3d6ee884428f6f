// Tests of the positional encoding generator: against ATen in float64.
#include "position_harness.h"

using namespace harness;

namespace {

const std::vector<PositionCase> cases = {
    {2, 14, 14, 256}, {1, 1, 1, 64}, {3, 1, 9, 32}, {2, 9, 1, 32}, {2, 17, 5, 48},
    {1, 2, 2, 7},     {4, 7, 7, 512}, {2, 11, 13, 33},
};

PositionResult by_kernel(const PositionCase &c, const PositionTensors &t, int count) {
  PositionKernel kernel(c, t, count);
  PositionResult r = kernel.start();
  kernel.forward(r[0].second.data_ptr<float>());
  kernel.backward(r);
  return r;
}

void compare(const Way &way, const PositionCase &c) {
  const PositionTensors t(c);
  PositionResult expected = position_by_aten(c, t.leaves(at::kDouble), at::kDouble), got = by_kernel(c, t, 1);
  expected[2].second += 1;  // gradients are added to what is there
  expected[3].second += 1;
  for (size_t i = 0; i < got.size(); i++) {
    const double off = error(got[i].second, expected[i].second);
    check(off <= 1e-6, "%s position %dx%dx%dx%d %s: error %.3g", way.name().c_str(), c.samples, c.height, c.width,
          c.channels, got[i].first, off);
  }
  for (int count : {2, 3}) {
    const PositionResult other = by_kernel(c, t, count);
    for (size_t i = 0; i < got.size(); i++)
      check(same_bits(other[i].second, got[i].second), "%s position C %d %s: other bits with %d threads",
            way.name().c_str(), c.channels, got[i].first, count);
  }
}

}  // namespace

void test_position() {
  for (const Way &way : ways()) {
    if (way.type != CK_FLOAT32) continue;
    way.use();
    for (const PositionCase &c : cases) compare(way, c);
  }
}
