// Tests of linear layers: against ATen in float64, with ATen's own bfloat16 error as the bound in bfloat16.
#include <algorithm>

#include "linear_layer_harness.h"

using namespace harness;

namespace {

const std::vector<LayerCase> cases = {
    {16, 512, 1000},  // alt_gvt_small
    {2, 64, 10},      // few of everything
    {1, 33, 1},       // one class, nothing even
    {97, 71, 257},    // more than a chunk of rows, more than a piece of columns
    {300, 320, 513},  // several of both
};

LayerResult by_kernel(const LayerCase &c, const LayerTensors &t, ck_type type, int count) {
  LayerKernel kernel(c, t, type, count);
  LayerResult r = kernel.zeros();
  kernel.forward(r[0].second.data_ptr<float>());
  kernel.backward(r);
  const at::Tensor once = r[2].second.clone();
  kernel.backward(r);
  check(error(r[2].second, 2 * once) <= 1e-6, "layer of %d: gradients are not added", c.inputs);
  for (size_t i = 2; i < r.size(); i++) r[i].second *= 0.5;
  return r;
}

void compare(const Way &way, const LayerCase &c) {
  const LayerTensors t(c);
  const auto narrow = way.type == CK_FLOAT32 ? at::kFloat : at::kBFloat16;
  const LayerResult expected = linear_layer_by_aten(t.leaves(at::kDouble), at::kDouble);
  const LayerResult peer = linear_layer_by_aten(t.leaves(at::kFloat), narrow);
  const LayerResult got = by_kernel(c, t, way.type, 1);
  for (size_t i = 0; i < got.size(); i++) {
    const double ours = error(got[i].second, expected[i].second), theirs = error(peer[i].second, expected[i].second);
    // Two errors of the same size differ by chance, the more the fewer values there are.
    const double slack = got[i].second.numel() < 1000 ? 1.25 : 1.05;
    const double bound = way.type == CK_FLOAT32 ? 1e-6 : std::max(1e-6, slack * theirs);
    if (std::getenv("VERBOSE")) std::printf("  %-7s ours %.2e ATen %.2e\n", got[i].first, ours, theirs);
    check(ours <= bound, "%s layer of %d x %d to %d %s: error %.3g, ATen's %.3g", way.name().c_str(), c.rows,
          c.inputs, c.outputs, got[i].first, ours, theirs);
  }
  for (int count : {2, 3}) {
    const LayerResult other = by_kernel(c, t, way.type, count);
    for (size_t i = 0; i < got.size(); i++)
      check(same_bits(other[i].second, got[i].second), "%s layer of %d x %d to %d %s: other bits with %d threads",
            way.name().c_str(), c.rows, c.inputs, c.outputs, got[i].first, count);
  }
}

}  // namespace

void test_linear_layer() {
  for (const Way &way : ways()) {
    way.use();
    for (const LayerCase &c : cases) compare(way, c);
  }
}
