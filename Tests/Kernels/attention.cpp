// Tests of the attention halves: against ATen in float64, with ATen's own bfloat16 error as the bound in bfloat16.
#include "attention_harness.h"

using namespace harness;

static const std::vector<AttentionCase> cases = {
    // Local: a stage's shape, one window, maps that are no multiple of the window, other windows, heads of 16 to 64.
    {2, 14, 14, 64, 2, 7, 1, {}, true, 1.0f},
    {1, 7, 7, 32, 1, 7, 1, {}, true, 1.0f},
    {3, 9, 16, 96, 3, 7, 1, {0, 2}, false, 1.25f},
    {2, 5, 3, 64, 2, 7, 1, {1}, false, 2.0f},
    {1, 8, 8, 128, 4, 4, 1, {}, true, 1.0f},
    {3, 2, 2, 192, 6, 2, 1, {}, true, 1.5f},
    {4, 13, 21, 64, 1, 7, 1, {0, 2, 3}, false, 1.1f},
    {1, 18, 11, 64, 4, 9, 1, {}, true, 1.0f},
    {16, 14, 14, 256, 8, 7, 1, {0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15}, false, 1.25f},
    {2, 7, 7, 64, 2, 7, 1, {}, false, 2.0f},  // all dropped
    // Global: each reduction, maps that are no multiple of it, PCPVT's heads, many keys, one key.
    {2, 16, 16, 64, 2, 0, 8, {}, true, 1.0f},
    {1, 8, 8, 64, 2, 0, 8, {}, true, 1.0f},
    {3, 9, 14, 96, 3, 0, 4, {0, 2}, false, 1.25f},
    {2, 15, 13, 128, 2, 0, 2, {}, true, 1.0f},
    {5, 7, 7, 512, 16, 0, 1, {0, 1, 2, 4}, false, 1.2f},
    {3, 5, 9, 64, 1, 0, 1, {}, true, 1.0f},
    {2, 17, 31, 64, 1, 0, 2, {}, true, 1.0f},
    {3, 21, 20, 320, 5, 0, 2, {1}, false, 1.5f},
    {6, 28, 28, 128, 4, 0, 4, {0, 1, 3, 4, 5}, false, 1.25f},
    {2, 20, 21, 64, 2, 0, 1, {}, true, 1.0f},
    {2, 14, 14, 64, 2, 0, 2, {}, false, 1.25f},  // all dropped
};

static std::string name(const Way &way, const AttentionCase &c) {
  char text[160];
  std::snprintf(text, sizeof text, "%s %s %dx%dx%d C %d, %d heads, side %d, r %d", way.name().c_str(),
                c.side ? "local" : "global", c.samples, c.height, c.width, c.channels, c.heads, c.side, c.reduction);
  return text;
}

/// A case's results by ATen: in float64, and as a peer in float32 and bfloat16.
struct Expected {
  AttentionTensors tensors;
  AttentionResult exact, peer[2];
  explicit Expected(const AttentionCase &c)
      : tensors(c),
        exact(attention_by_aten(c, tensors.leaves(at::kDouble), at::kDouble)),
        peer{attention_by_aten(c, tensors.leaves(at::kFloat), at::kFloat),
             attention_by_aten(c, tensors.leaves(at::kFloat), at::kBFloat16)} {}
};

static void compare(const Way &way, const AttentionCase &c, const Expected &expected) {
  const AttentionTensors &t = expected.tensors;
  const AttentionResult &e = expected.exact, &p = expected.peer[way.type == CK_BFLOAT16];
  AttentionResult g = attention_by_kernel(c, t, way.type, 1);
  for (size_t i = 0; i < e.size(); i++) {
    // The branch alone, since the residual would hide its error.
    at::Tensor base = i == 0 ? t.x : i == 1 ? t.dy : at::zeros_like(t.weights[i - 2].second);
    at::Tensor exact = e[i].second - base.to(at::kDouble);
    double ours = error(g[i].second.to(at::kDouble) - base, exact);
    double theirs = error(p[i].second.to(at::kDouble) - base, exact);
    // Two errors of the same size differ by chance, the more the fewer values there are.
    const double slack = c.samples * c.tokens() < 1000 ? 1.25 : 1.05;
    double bound = way.type == CK_FLOAT32 ? std::max(2e-6, 1.5 * theirs) : slack * theirs;
    if (c.keys() == 1 && !c.side) bound = std::max(bound, 1e-4);  // with one key dq is 0, up to rounding
    if (std::getenv("VERBOSE")) std::printf("  %-7s ours %.2e ATen %.2e\n", e[i].first, ours, theirs);
    check(ours <= bound, "%s %s: error %.3g, ATen's %.3g", name(way, c).c_str(), e[i].first, ours, theirs);
  }
  for (int count : {2, 3}) {
    auto other = attention_by_kernel(c, t, way.type, count, count == 3);
    for (size_t i = 0; i < g.size(); i++)
      check(same_bits(other[i].second, g[i].second), "%s %s: other bits with %d threads", name(way, c).c_str(),
            g[i].first, count);
  }
  // Evaluation saves nothing and gives the same.
  AttentionKernel kernel(c, t, way.type, 2);
  at::Tensor y = at::zeros_like(t.x);
  kernel.forward(t.x.const_data_ptr<float>(), y.data_ptr<float>(), false);
  check(same_bits(y, g[0].second), "%s: evaluation differs", name(way, c).c_str());
}

/// NaN and infinity come out where ATen has them, and in every sum over rows.
static void pass_through(const Way &way, const AttentionCase &c, float odd_one) {
  AttentionTensors t(c);
  t.x[0][c.tokens() - 1][3] = odd_one;
  AttentionResult r = attention_by_kernel(c, t, way.type, 2);
  AttentionResult p = attention_by_aten(c, t.leaves(at::kFloat), at::kFloat);
  for (size_t i = 0; i < r.size(); i++)
    check(at::equal(r[i].second.isfinite(), p[i].second.isfinite()), "%s %s: %g elsewhere than ATen's",
          name(way, c).c_str(), r[i].first, (double)odd_one);
}

void test_attention() {
  for (const AttentionCase &c : cases) {
    const Expected expected(c);
    for (const Way &way : ways()) {
      way.use();
      std::printf("%s\n", name(way, c).c_str());
      compare(way, c, expected);
    }
  }
  for (const Way &way : ways()) {
    way.use();
    for (float odd_one : {NAN, INFINITY, -INFINITY}) {
      pass_through(way, {2, 9, 9, 64, 2, 7, 1, {}, true, 1.0f}, odd_one);
      pass_through(way, {2, 16, 16, 64, 2, 0, 4, {}, true, 1.0f}, odd_one);
    }
  }
}
