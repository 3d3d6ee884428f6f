// A classifier through the kernel and through ATen.
#pragma once
#include "harness.h"

namespace harness {

struct ClassifierCase {
  int rows, inputs, outputs;
};

struct ClassifierTensors {
  at::Tensor x, dy, weight, bias;

  explicit ClassifierTensors(const ClassifierCase &c) {
    at::manual_seed(c.rows * 1009 + c.inputs * 101 + c.outputs);
    x = at::randn({c.rows, c.inputs}) * 2 + 0.3;
    dy = at::randn({c.rows, c.outputs});
    weight = at::randn({c.outputs, c.inputs}) * (1.2 / std::sqrt((double)c.inputs));
    bias = at::randn({c.outputs}) * 0.2;
  }

  /// The same values in `type`, as leaves that gradients are for; dy is none.
  ClassifierTensors leaves(at::ScalarType type) const {
    ClassifierTensors other = *this;
    for (at::Tensor *tensor : {&other.x, &other.weight, &other.bias})
      *tensor = tensor->to(type, false, true).requires_grad_(true);
    other.dy = dy.to(type);
    return other;
  }
};

/// y, dx and the weights' gradients.
using ClassifierResult = std::vector<std::pair<const char *, at::Tensor>>;

/// As the model does it, op by op: the product in `narrow`, its result in the type of `t`, which are fresh leaves.
inline ClassifierResult classifier_by_aten(const ClassifierTensors &t, at::ScalarType narrow) {
  at::Tensor y = at::linear(t.x.to(narrow), t.weight.to(narrow), t.bias.to(narrow)).to(t.x.scalar_type());
  y.backward(t.dy);
  return {{"y", y.detach()}, {"dx", t.x.grad()}, {"dW", t.weight.grad()}, {"db", t.bias.grad()}};
}

/// The kernel's memory for one shape, kept between calls.
class ClassifierKernel {
 public:
  ClassifierKernel(const ClassifierCase &c, const ClassifierTensors &t, ck_type type, int count)
      : t(t),
        threads(harness::threads(count)),
        forth(ck_packed_bytes(type, c.outputs, c.inputs)),
        back(ck_packed_bytes(type, c.outputs, c.inputs)),
        classifier{type, c.rows, c.inputs, c.outputs, {forth.bytes, back.bytes, t.bias.const_data_ptr<float>()}},
        forward_scratch(ck_classifier_forward_scratch(&classifier, count)),
        backward_scratch(ck_classifier_backward_scratch(&classifier, count)) {
    ck_pack_forward(&threads, type, t.weight.const_data_ptr<float>(), c.outputs, c.inputs, forth.bytes);
    ck_pack_backward(&threads, type, t.weight.const_data_ptr<float>(), c.outputs, c.inputs, back.bytes);
  }

  void forward(float *y) {
    ck_classifier_forward(&threads, &classifier, t.x.const_data_ptr<float>(), y, forward_scratch.bytes);
  }

  /// Adds to the weights' gradients in `r`.
  void backward(ClassifierResult &r) {
    auto to = [&](size_t i) { return r[i].second.data_ptr<float>(); };
    const ck_linear_gradients gradients = {to(2), to(3)};
    ck_classifier_backward(&threads, &classifier, t.x.const_data_ptr<float>(), t.dy.const_data_ptr<float>(), to(1),
                           &gradients, backward_scratch.bytes);
  }

  ClassifierResult zeros() const {
    return {{"y", at::full_like(t.dy, NAN)},
            {"dx", at::full_like(t.x, NAN)},
            {"dW", at::zeros_like(t.weight)},
            {"db", at::zeros_like(t.bias)}};
  }

 private:
  const ClassifierTensors &t;
  const ck_threads threads;
  const Memory forth, back;
  const ck_classifier classifier;
  const Memory forward_scratch, backward_scratch;
};

}  // namespace harness
