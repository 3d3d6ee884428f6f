// Tests of patch embeddings: against ATen in float64, with ATen's own bfloat16 error as the bound in bfloat16.
#include "harness.h"

#include <algorithm>

using namespace harness;

namespace {

struct EmbeddingCase {
  ck_layout layout;
  int samples, height, width, inputs, channels, patch;

  int rows() const { return samples * (height / patch) * (width / patch); }
  int depth() const { return inputs * patch * patch; }
};

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

struct EmbeddingTensors {
  at::Tensor x, dy, weight, bias, gamma, beta;
  explicit EmbeddingTensors(const EmbeddingCase &c) {
    at::manual_seed(c.rows() * 1009 + c.depth() * 101 + c.channels);
    x = c.layout == CK_PLANES ? at::randn({c.samples, c.inputs, c.height, c.width})
                              : at::randn({c.samples, c.height * c.width, c.inputs});
    x = x * 2 + 0.3;
    dy = at::randn({c.rows(), c.channels});
    weight = at::randn({c.channels, c.inputs, c.patch, c.patch}) * (1.2 / std::sqrt((double)c.depth()));
    bias = at::randn({c.channels}) * 0.2;
    gamma = 1 + at::randn({c.channels}) * 0.2;
    beta = at::randn({c.channels}) * 0.2;
  }
};

/// y, dx and the weights' gradients.
using Result = std::vector<std::pair<const char *, at::Tensor>>;

/// Op by op as the model does it: the convolution in `narrow`, the norm in `wide`.
Result by_aten(const EmbeddingCase &c, const EmbeddingTensors &t, at::ScalarType wide, at::ScalarType narrow) {
  auto leaf = [&](const at::Tensor &value) { return value.to(wide).clone().requires_grad_(true); };
  at::Tensor x = leaf(t.x), w = leaf(t.weight), b = leaf(t.bias), gamma = leaf(t.gamma), beta = leaf(t.beta);
  at::Tensor planes = c.layout == CK_PLANES
                          ? x
                          : x.transpose(1, 2).reshape({c.samples, c.inputs, c.height, c.width});
  at::Tensor u = at::conv2d(planes.to(narrow), w.to(narrow), b.to(narrow), c.patch);
  at::Tensor tokens = u.flatten(2).transpose(1, 2).reshape({c.rows(), c.channels}).to(wide);
  at::Tensor y = at::layer_norm(tokens, {c.channels}, gamma, beta, 1e-5);
  y.backward(t.dy.to(wide));
  return {{"y", y.detach()},  {"dx", x.grad()},         {"dW", w.grad()},
          {"db", b.grad()}, {"dgamma", gamma.grad()}, {"dbeta", beta.grad()}};
}

Result by_kernel(const EmbeddingCase &c, const EmbeddingTensors &t, ck_type type, int count) {
  const ck_threads threads = harness::threads(count);
  at::Tensor flat = t.weight.clone();
  if (c.layout == CK_TOKENS)
    ck_flatten_convolution(&threads, t.weight.const_data_ptr<float>(), c.channels, c.inputs, c.patch, flat.data_ptr<float>());
  const size_t bytes = ck_packed_bytes(type, c.channels, c.depth());
  const Memory forth(bytes), back(bytes);
  ck_pack_forward(&threads, type, flat.const_data_ptr<float>(), c.channels, c.depth(), forth.bytes);
  ck_pack_backward(&threads, type, flat.const_data_ptr<float>(), c.channels, c.depth(), back.bytes);
  const ck_embedding embedding = {
      type, c.layout, c.samples, c.height, c.width, c.inputs, c.channels, c.patch,
      {forth.bytes, back.bytes, t.bias.const_data_ptr<float>()},
      {t.gamma.const_data_ptr<float>(), t.beta.const_data_ptr<float>(), 1e-5f}};
  const Memory hat((size_t)c.rows() * (size_t)c.channels * (type == CK_FLOAT32 ? 4 : 2)), sigma((size_t)c.rows() * 4);
  const ck_embedding_saved saved = {hat.bytes, (float *)sigma.bytes};
  Result r = {{"y", at::full_like(t.dy, NAN)},    {"dx", at::full_like(t.x, NAN)},    {"dW", at::zeros_like(t.weight)},
              {"db", at::zeros_like(t.bias)}, {"dgamma", at::zeros_like(t.gamma)}, {"dbeta", at::zeros_like(t.beta)}};
  auto to = [&](size_t i) { return r[i].second.data_ptr<float>(); };
  const float *x = t.x.const_data_ptr<float>();
  {
    const Memory scratch(ck_embedding_forward_scratch(&embedding, count));
    ck_embedding_forward(&threads, &embedding, x, to(0), &saved, scratch.bytes);
    at::Tensor evaluated = at::full_like(t.dy, NAN);
    ck_embedding_forward(&threads, &embedding, x, evaluated.data_ptr<float>(), nullptr, scratch.bytes);
    check(same_bits(evaluated, r[0].second), "embedding C %d: evaluation differs", c.channels);
  }
  const Memory scratch(ck_embedding_backward_scratch(&embedding, count));
  const ck_embedding_gradients gradients = {{to(2), to(3)}, {to(4), to(5)}};
  const float *dy = t.dy.const_data_ptr<float>();
  ck_embedding_backward(&threads, &embedding, &saved, x, dy, to(1), &gradients, scratch.bytes);
  // Images have no gradient; the weights' then gain the same.
  const at::Tensor once = r[2].second.clone();
  ck_embedding_backward(&threads, &embedding, &saved, x, dy, nullptr, &gradients, scratch.bytes);
  check(error(r[2].second, 2 * once) <= 1e-6, "embedding C %d: gradients are not added", c.channels);
  for (size_t i = 2; i < r.size(); i++) r[i].second *= 0.5;
  return r;
}

void compare(const Way &way, const EmbeddingCase &c) {
  const EmbeddingTensors t(c);
  const Result expected = by_aten(c, t, at::kDouble, at::kDouble), got = by_kernel(c, t, way.type, 1);
  const Result peer = by_aten(c, t, at::kFloat, way.type == CK_FLOAT32 ? at::kFloat : at::kBFloat16);
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
    const Result other = by_kernel(c, t, way.type, count);
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
