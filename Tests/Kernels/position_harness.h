// The positional encoding generator through the kernel and through ATen.
#pragma once
#include "harness.h"

namespace harness {

struct PositionCase {
  int samples, height, width, channels;
};

/// y, dx, dw, db.
using PositionResult = std::vector<std::pair<const char *, at::Tensor>>;

struct PositionTensors {
  at::Tensor x, dy, weight, bias;

  explicit PositionTensors(const PositionCase &c) {
    at::manual_seed(c.samples * 1009 + c.height * 101 + c.channels);
    x = at::randn({c.samples, c.height * c.width, c.channels}) + 0.3;
    dy = at::randn_like(x);
    weight = at::randn({c.channels, 1, 3, 3}) * 0.3;
    bias = at::randn({c.channels}) * 0.2;
  }

  /// The same values in `type`, as leaves that gradients are for; dy is none.
  PositionTensors leaves(at::ScalarType type) const {
    PositionTensors other = *this;
    for (at::Tensor *tensor : {&other.x, &other.weight, &other.bias})
      *tensor = tensor->to(type, false, true).requires_grad_(true);
    other.dy = dy.to(type);
    return other;
  }
};

/// Op by op as the model does it, the convolution in `narrow`; `t` are fresh leaves.
inline PositionResult position_by_aten(const PositionCase &c, const PositionTensors &t, at::ScalarType narrow) {
  at::Tensor planes = t.x.transpose(1, 2).reshape({c.samples, c.channels, c.height, c.width});
  at::Tensor convolved =
      at::conv2d(planes.to(narrow), t.weight.to(narrow), t.bias.to(narrow), 1, 1, 1, c.channels);
  at::Tensor y = (planes + convolved).flatten(2).transpose(1, 2);
  y.backward(t.dy);
  return {{"y", y.detach()}, {"dx", t.x.grad()}, {"dw", t.weight.grad()}, {"db", t.bias.grad()}};
}

/// The kernel's memory for one shape, kept between calls.
class PositionKernel {
 public:
  PositionKernel(const PositionCase &c, const PositionTensors &t, int count)
      : t(t),
        threads(harness::threads(count)),
        position{c.samples, c.height, c.width, c.channels, t.weight.const_data_ptr<float>(),
                 t.bias.const_data_ptr<float>()},
        scratch(ck_position_scratch(&position)) {}

  void forward(float *y) {
    ck_position_forward(&threads, &position, t.x.const_data_ptr<float>(), y, scratch.bytes);
  }
  /// Adds to the weights' gradients in `r`.
  void backward(PositionResult &r) {
    auto to = [&](size_t i) { return r[i].second.data_ptr<float>(); };
    ck_position_backward(&threads, &position, t.x.const_data_ptr<float>(), t.dy.const_data_ptr<float>(), to(1), to(2),
                         to(3), scratch.bytes);
  }

  PositionResult start() const {
    return {{"y", at::full_like(t.x, NAN)}, {"dx", at::full_like(t.x, NAN)}, {"dw", at::ones_like(t.weight)},
            {"db", at::ones_like(t.bias)}};
  }

 private:
  const PositionTensors &t;
  const ck_threads threads;
  const ck_position position;
  const Memory scratch;
};

}  // namespace harness
