// A patch embedding through the kernel and through ATen.
#pragma once
#include "harness.h"

namespace harness {

struct EmbeddingCase {
  ck_layout layout;
  int samples, height, width, inputs, channels, patch;

  int rows() const { return samples * (height / patch) * (width / patch); }
  int depth() const { return inputs * patch * patch; }
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

  /// The same values in `type`, as leaves that gradients are for; dy is none, and x is none unless `of_x`.
  EmbeddingTensors leaves(at::ScalarType type, bool of_x) const {
    EmbeddingTensors other = *this;
    for (at::Tensor *tensor : {&other.weight, &other.bias, &other.gamma, &other.beta})
      *tensor = tensor->to(type, false, true).requires_grad_(true);
    other.x = x.to(type, false, true).requires_grad_(of_x);
    other.dy = dy.to(type);
    return other;
  }
};

/// y, dx and the weights' gradients.
using EmbeddingResult = std::vector<std::pair<const char *, at::Tensor>>;

/// Op by op as the model does it: the convolution in `narrow`, the norm in the type of `t`, which are fresh leaves.
inline EmbeddingResult embedding_by_aten(const EmbeddingCase &c, const EmbeddingTensors &t, at::ScalarType narrow) {
  at::Tensor planes =
      c.layout == CK_PLANES
          ? t.x
          : t.x.transpose(1, 2).reshape({c.samples, c.inputs, c.height, c.width}).contiguous();
  at::Tensor u = at::conv2d(planes.to(narrow), t.weight.to(narrow), t.bias.to(narrow), c.patch);
  at::Tensor tokens = u.flatten(2).transpose(1, 2).reshape({c.rows(), c.channels}).to(t.x.scalar_type());
  at::Tensor y = at::layer_norm(tokens, {c.channels}, t.gamma, t.beta, 1e-5);
  y.backward(t.dy);
  return {{"y", y.detach()},       {"dx", t.x.grad()},         {"dW", t.weight.grad()},
          {"db", t.bias.grad()}, {"dgamma", t.gamma.grad()}, {"dbeta", t.beta.grad()}};
}

/// The kernel's memory for one shape, kept between calls.
class EmbeddingKernel {
 public:
  EmbeddingKernel(const EmbeddingCase &c, const EmbeddingTensors &t, ck_type type, int count)
      : t(t),
        threads(harness::threads(count)),
        forth(ck_packed_bytes(type, c.channels, c.depth())),
        back(ck_packed_bytes(type, c.channels, c.depth())),
        hat((size_t)c.rows() * (size_t)c.channels * (type == CK_FLOAT32 ? 4 : 2)),
        reciprocal((size_t)c.rows() * 4),
        embedding{type, c.layout, c.samples, c.height, c.width, c.inputs, c.channels, c.patch,
                  {forth.bytes, back.bytes, t.bias.const_data_ptr<float>()},
                  {t.gamma.const_data_ptr<float>(), t.beta.const_data_ptr<float>(), 1e-5f}},
        saved{hat.bytes, (float *)reciprocal.bytes},
        forward_scratch(ck_embedding_forward_scratch(&embedding, count)),
        backward_scratch(ck_embedding_backward_scratch(&embedding, count)) {
    at::Tensor flat = t.weight.clone();
    float *values = flat.data_ptr<float>();
    if (c.layout == CK_TOKENS)
      ck_flatten_convolution(&threads, t.weight.const_data_ptr<float>(), c.channels, c.inputs, c.patch, values);
    ck_pack_forward(&threads, type, values, c.channels, c.depth(), forth.bytes);
    ck_pack_backward(&threads, type, values, c.channels, c.depth(), back.bytes);
  }

  void forward(float *y, bool saving) {
    ck_embedding_forward(&threads, &embedding, t.x.const_data_ptr<float>(), y, saving ? &saved : nullptr,
                         forward_scratch.bytes);
  }

  /// Adds to the weights' gradients in `r`; images have no gradient.
  void backward(EmbeddingResult &r, bool of_x) {
    auto to = [&](size_t i) { return r[i].second.data_ptr<float>(); };
    const ck_embedding_gradients gradients = {{to(2), to(3)}, {to(4), to(5)}};
    ck_embedding_backward(&threads, &embedding, &saved, t.x.const_data_ptr<float>(), t.dy.const_data_ptr<float>(),
                          of_x ? to(1) : nullptr, &gradients, backward_scratch.bytes);
  }

  EmbeddingResult zeros() const {
    return {{"y", at::full_like(t.dy, NAN)},     {"dx", at::full_like(t.x, NAN)},     {"dW", at::zeros_like(t.weight)},
            {"db", at::zeros_like(t.bias)}, {"dgamma", at::zeros_like(t.gamma)}, {"dbeta", at::zeros_like(t.beta)}};
  }

 private:
  const EmbeddingTensors &t;
  const ck_threads threads;
  const Memory forth, back, hat, reciprocal;
  const ck_embedding embedding;
  const ck_embedding_saved saved;
  const Memory forward_scratch, backward_scratch;
};

}  // namespace harness
