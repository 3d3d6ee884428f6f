// Tests of the MLP half: against ATen in float64, with ATen's own bfloat16 error as the bound in bfloat16.
#include "mlp_harness.h"

using namespace harness;

static const std::vector<MLPCase> cases = {
    {2, 49, 64, 256, {}, true, 1.0f},          // a stage's shape
    {1, 1, 64, 256, {}, true, 1.0f},           // one row
    {3, 35, 64, 256, {0, 2}, false, 1.25f},    // drop path, odd rows
    {5, 7, 96, 384, {4}, false, 1.5f},         // a panel and a half
    {4, 50, 128, 512, {1, 2, 3}, false, 1.1f},
    {1, 197, 320, 1280, {}, true, 1.0f},
    {2, 13, 33, 71, {}, true, 1.0f},           // nothing even
    {3, 11, 7, 5, {0, 1}, false, 2.0f},        // narrower than a vector
    {2, 29, 50, 100, {}, true, 0.5f},
    {2, 30, 40, 17, {}, true, 0.5f},
    {7, 331, 24, 56, {0, 1, 2, 4, 5, 6}, false, 1.2f},
    {3, 20, 64, 128, {}, false, 1.25f},        // all dropped
    {2, 784, 256, 1024, {}, true, 1.0f},       // more than a span
};

static void compare(const Way &way, const MLPCase &c) {
  MLPTensors t(c);
  MLPResult expected = mlp_by_aten(c, t.leaves(at::kDouble), at::kDouble, 1e-6f);
  MLPResult peer = mlp_by_aten(c, t.leaves(at::kFloat), way.type == CK_FLOAT32 ? at::kFloat : at::kBFloat16, 1e-6f);
  MLPResult got = mlp_by_kernel(c, t, way.type, 1);
  auto e = expected.named(), p = peer.named(), g = got.named();
  for (size_t i = 0; i < e.size(); i++) {
    double ours = error(g[i].second, e[i].second), theirs = error(p[i].second, e[i].second);
    // Two errors of the same size differ by chance, the more the fewer values there are.
    double bound = way.type == CK_FLOAT32 ? 1e-6 : theirs * (c.channels < 64 ? 1.5 : 1.05);
    if (std::getenv("VERBOSE")) std::printf("  %-7s ours %.2e ATen %.2e\n", e[i].first, ours, theirs);
    check(ours <= bound, "%s %dx%d C %d H %d %s: error %.3g, ATen's %.3g", way.name().c_str(), c.samples, c.tokens,
          c.channels, c.hidden, e[i].first, ours, theirs);
  }
  for (int count : {2, 3}) {
    auto other = mlp_by_kernel(c, t, way.type, count, count == 3).named();
    for (size_t i = 0; i < g.size(); i++)
      check(same_bits(other[i].second, g[i].second), "%s C %d %s: other bits with %d threads", way.name().c_str(),
            c.channels, g[i].first, count);
  }
  // Evaluation saves nothing and gives the same.
  MLPKernel kernel(c, t, way.type, 2);
  at::Tensor y = at::zeros_like(t.x);
  kernel.forward(t.x.const_data_ptr<float>(), y.data_ptr<float>(), false);
  check(same_bits(y, got.y), "%s C %d: evaluation differs", way.name().c_str(), c.channels);
  // Where nobody looks at y, what backward takes is the same.
  MLPResult unread = mlp_zeros(t);
  kernel.forward(t.x.const_data_ptr<float>(), nullptr, true);
  kernel.backward(t.dy.const_data_ptr<float>(), unread.dx.data_ptr<float>(), gradients_of(unread));
  auto u = unread.named();
  for (size_t i = 1; i < g.size(); i++)
    check(same_bits(u[i].second, g[i].second), "%s C %d %s: other bits without y", way.name().c_str(), c.channels,
          g[i].first);
}

/// A NaN or an infinity of one row comes out in that row and in what sums over rows, and nowhere else.
static void pass_through(const Way &way, float odd_one) {
  MLPCase c = {2, 30, 64, 256, {}, true, 1.0f};
  MLPTensors t(c);
  t.x[1][4][9] = odd_one;
  MLPResult r = mlp_by_kernel(c, t, way.type, 2);
  at::Tensor finite = r.y.isfinite().all(2);
  check(!finite[1][4].item<bool>(), "%s: %g vanished", way.name().c_str(), (double)odd_one);
  check(finite.sum().item<int64_t>() == 59, "%s: %g spread", way.name().c_str(), (double)odd_one);
  check(!r.w1.isfinite().any().item<bool>(), "%s: %g is missing in dW1", way.name().c_str(), (double)odd_one);
}

void test_mlp() {
  for (const Way &way : ways()) {
    way.use();
    std::printf("%s\n", way.name().c_str());
    for (const MLPCase &c : cases) {
      if (std::getenv("VERBOSE")) std::printf(" %d x %d, C %d, H %d\n", c.samples, c.tokens, c.channels, c.hidden);
      compare(way, c);
    }
    for (float odd_one : {NAN, INFINITY, -INFINITY}) pass_through(way, odd_one);
  }
}
