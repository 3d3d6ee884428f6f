// Tests of patch embeddings: against ATen in float64, with ATen's own bfloat16 error as the bound in bfloat16.
#include <algorithm>

#include "embedding_harness.h"

using namespace harness;

namespace {

const std::vector<EmbeddingCase> cases = {
    {CK_PLANES, 2, 56, 56, 3, 64, 4},    // the first stage
    {CK_PLANES, 1, 4, 4, 3, 32, 4},      // one patch
    {CK_PLANES, 3, 19, 14, 3, 48, 4},    // pixels left over
    {CK_PLANES, 2, 9, 6, 1, 7, 3},       // nothing even
    {CK_TOKENS, 2, 14, 14, 64, 128, 2},  // a later stage
    {CK_TOKENS, 1, 2, 2, 128, 320, 2},   // one patch
    {CK_TOKENS, 3, 7, 9, 32, 64, 2},     // tokens left over
    {CK_TOKENS, 5, 5, 5, 33, 71, 2},     // nothing even
    {CK_TOKENS, 2, 56, 56, 64, 128, 2},  // more than a span, with few threads
};

EmbeddingResult by_kernel(const EmbeddingCase &c, const EmbeddingTensors &t, ck_type type, int count) {
  EmbeddingKernel kernel(c, t, type, count);
  EmbeddingResult r = kernel.zeros();
  kernel.forward(r[0].second.data_ptr<float>(), true);
  at::Tensor evaluated = at::full_like(t.dy, NAN);
  kernel.forward(evaluated.data_ptr<float>(), false);
  check(same_bits(evaluated, r[0].second), "embedding C %d: evaluation differs", c.channels);
  kernel.backward(r, true);
  // Images have no gradient; the weights' then gain the same.
  const at::Tensor once = r[2].second.clone();
  kernel.backward(r, false);
  check(error(r[2].second, 2 * once) <= 1e-6, "embedding C %d: gradients are not added", c.channels);
  for (size_t i = 2; i < r.size(); i++) r[i].second *= 0.5;
  return r;
}

void compare(const Way &way, const EmbeddingCase &c) {
  const EmbeddingTensors t(c);
  const auto narrow = way.type == CK_FLOAT32 ? at::kFloat : at::kBFloat16;
  const EmbeddingResult expected = embedding_by_aten(c, t.leaves(at::kDouble, true), at::kDouble);
  const EmbeddingResult peer = embedding_by_aten(c, t.leaves(at::kFloat, true), narrow);
  const EmbeddingResult got = by_kernel(c, t, way.type, 1);
  for (size_t i = 0; i < got.size(); i++) {
    const double ours = error(got[i].second, expected[i].second), theirs = error(peer[i].second, expected[i].second);
    // Two errors of the same size differ by chance, the more the fewer values there are.
    const double slack = c.rows() < 1000 ? 1.25 : 1.05;
    const double bound = way.type == CK_FLOAT32 ? 1e-6 : std::max(1e-6, slack * theirs);
    if (std::getenv("VERBOSE")) std::printf("  %-7s ours %.2e ATen %.2e\n", got[i].first, ours, theirs);
    check(ours <= bound, "%s embedding of %d, C %d, %dx%d %s: error %.3g, ATen's %.3g", way.name().c_str(), c.inputs,
          c.channels, c.height, c.width, got[i].first, ours, theirs);
  }
  for (int count : {2, 3}) {
    const EmbeddingResult other = by_kernel(c, t, way.type, count);
    for (size_t i = 0; i < got.size(); i++)
      check(same_bits(other[i].second, got[i].second), "%s embedding C %d %s: other bits with %d threads",
            way.name().c_str(), c.channels, got[i].first, count);
  }
}

}  // namespace

void test_embedding() {
  for (const Way &way : ways()) {
    way.use();
    for (const EmbeddingCase &c : cases) compare(way, c);
  }
}
