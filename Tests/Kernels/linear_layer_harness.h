// A linear layer through the kernel and through ATen.
#pragma once
#include "harness.h"

namespace harness {

struct LayerCase {
  int rows, inputs, outputs;
};

struct LayerTensors {
  at::Tensor x, dy, weight, bias;

  explicit LayerTensors(const LayerCase &c) {
    at::manual_seed(c.rows * 1009 + c.inputs * 101 + c.outputs);
    x = at::randn({c.rows, c.inputs}) * 2 + 0.3;
    dy = at::randn({c.rows, c.outputs});
    weight = at::randn({c.outputs, c.inputs}) * (1.2 / std::sqrt((double)c.inputs));
    bias = at::randn({c.outputs}) * 0.2;
  }

  /// The same values in `type`, as leaves that gradients are for; dy is none.
  LayerTensors leaves(at::ScalarType type) const {
    LayerTensors other = *this;
    for (at::Tensor *tensor : {&other.x, &other.weight, &other.bias})
      *tensor = tensor->to(type, false, true).requires_grad_(true);
    other.dy = dy.to(type);
    return other;
  }
};

/// y, dx and the weights' gradients.
using LayerResult = std::vector<std::pair<const char *, at::Tensor>>;

/// As the model does it, op by op: the product in `narrow`, its result in the type of `t`, which are fresh leaves.
inline LayerResult linear_layer_by_aten(const LayerTensors &t, at::ScalarType narrow) {
  at::Tensor y = at::linear(t.x.to(narrow), t.weight.to(narrow), t.bias.to(narrow)).to(t.x.scalar_type());
  y.backward(t.dy);
  return {{"y", y.detach()}, {"dx", t.x.grad()}, {"dW", t.weight.grad()}, {"db", t.bias.grad()}};
}

/// The kernel's memory for one shape, kept between calls.
class LayerKernel {
 public:
  LayerKernel(const LayerCase &c, const LayerTensors &t, ck_type type, int count)
      : t(t),
        threads(harness::threads(count)),
        forth(ck_packed_bytes(type, c.outputs, c.inputs)),
        back(ck_packed_bytes(type, c.outputs, c.inputs)),
        layer{type, c.rows, c.inputs, c.outputs, {forth.bytes, back.bytes, t.bias.const_data_ptr<float>()}},
        forward_scratch(ck_linear_layer_forward_scratch(&layer, count)),
        backward_scratch(ck_linear_layer_backward_scratch(&layer, count)) {
    ck_pack_forward(&threads, type, t.weight.const_data_ptr<float>(), c.outputs, c.inputs, forth.bytes);
    ck_pack_backward(&threads, type, t.weight.const_data_ptr<float>(), c.outputs, c.inputs, back.bytes);
  }

  void forward(float *y) {
    ck_linear_layer_forward(&threads, &layer, t.x.const_data_ptr<float>(), y, forward_scratch.bytes);
  }

  /// Adds to the weights' gradients in `r`.
  void backward(LayerResult &r) {
    auto to = [&](size_t i) { return r[i].second.data_ptr<float>(); };
    const ck_linear_gradients gradients = {to(2), to(3)};
    ck_linear_layer_backward(&threads, &layer, t.x.const_data_ptr<float>(), t.dy.const_data_ptr<float>(), to(1),
                           &gradients, backward_scratch.bytes);
  }

  LayerResult zeros() const {
    return {{"y", at::full_like(t.dy, NAN)},
            {"dx", at::full_like(t.x, NAN)},
            {"dW", at::zeros_like(t.weight)},
            {"db", at::zeros_like(t.bias)}};
  }

 private:
  const LayerTensors &t;
  const ck_threads threads;
  const Memory forth, back;
  const ck_linear_layer layer;
  const Memory forward_scratch, backward_scratch;
};

}  // namespace harness
