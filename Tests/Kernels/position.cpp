// Tests of the positional encoding generator: against ATen in float64.
#include "harness.h"

using namespace harness;

namespace {

struct PositionCase {
  int samples, height, width, channels;
};

const std::vector<PositionCase> cases = {
    {2, 14, 14, 256}, {1, 1, 1, 64}, {3, 1, 9, 32}, {2, 9, 1, 32}, {2, 17, 5, 48},
    {1, 2, 2, 7},     {4, 7, 7, 512}, {2, 11, 13, 33},
};

/// y, dx, dw, db.
using Result = std::vector<std::pair<const char *, at::Tensor>>;

struct PositionTensors {
  at::Tensor x, dy, weight, bias;
  explicit PositionTensors(const PositionCase &c) {
    at::manual_seed(c.samples * 1009 + c.height * 101 + c.channels);
    x = at::randn({c.samples, c.height * c.width, c.channels}) + 0.3;
    dy = at::randn_like(x);
    weight = at::randn({c.channels, 1, 3, 3}) * 0.3;
    bias = at::randn({c.channels}) * 0.2;
  }
};

Result by_aten(const PositionCase &c, const PositionTensors &t) {
  auto leaf = [](const at::Tensor &value) { return value.to(at::kDouble).clone().requires_grad_(true); };
  at::Tensor x = leaf(t.x), w = leaf(t.weight), b = leaf(t.bias);
  at::Tensor planes = x.transpose(1, 2).reshape({c.samples, c.channels, c.height, c.width});
  at::Tensor y = planes + at::conv2d(planes, w, b, 1, 1, 1, c.channels);
  y = y.flatten(2).transpose(1, 2);
  y.backward(t.dy.to(at::kDouble));
  return {{"y", y.detach()}, {"dx", x.grad()}, {"dw", w.grad()}, {"db", b.grad()}};
}

Result by_kernel(const PositionCase &c, const PositionTensors &t, int count) {
  const ck_threads threads = harness::threads(count);
  const ck_position position = {c.samples, c.height, c.width, c.channels, t.weight.const_data_ptr<float>(),
                                t.bias.const_data_ptr<float>()};
  const Memory scratch(ck_position_scratch(&position));
  Result r = {{"y", at::full_like(t.x, NAN)}, {"dx", at::full_like(t.x, NAN)}, {"dw", at::ones_like(t.weight)},
              {"db", at::ones_like(t.bias)}};
  auto to = [&](size_t i) { return r[i].second.data_ptr<float>(); };
  const float *x = t.x.const_data_ptr<float>();
  ck_position_forward(&threads, &position, x, to(0), scratch.bytes);
  ck_position_backward(&threads, &position, x, t.dy.const_data_ptr<float>(), to(1), to(2), to(3), scratch.bytes);
  return r;
}

void compare(const Way &way, const PositionCase &c) {
  const PositionTensors t(c);
  Result expected = by_aten(c, t), got = by_kernel(c, t, 1);
  expected[2].second += 1;  // gradients are added to what is there
  expected[3].second += 1;
  for (size_t i = 0; i < got.size(); i++) {
    const double off = error(got[i].second, expected[i].second);
    check(off <= 1e-6, "%s position %dx%dx%dx%d %s: error %.3g", way.name().c_str(), c.samples, c.height, c.width,
          c.channels, got[i].first, off);
  }
  for (int count : {2, 3}) {
    const Result other = by_kernel(c, t, count);
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
