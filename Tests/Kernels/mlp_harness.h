// One MLP half through the kernels and through ATen.
#pragma once
#include <ATen/ATen.h>

#include "harness.h"

namespace harness {

struct MLPCase {
  int samples, tokens, channels, hidden;
  std::vector<int32_t> kept;
  bool all_kept;
  float factor;
};

/// Inputs and weights, in float32, all seeded.
struct MLPTensors {
  at::Tensor x, dy, gamma, beta, w1, b1, w2, b2;

  explicit MLPTensors(const MLPCase &c) {
    at::manual_seed(c.samples * 1000003 + c.tokens * 1009 + c.channels);
    x = at::randn({c.samples, c.tokens, c.channels}) * 2 + 0.3;
    dy = at::randn({c.samples, c.tokens, c.channels});
    gamma = 1 + 0.2 * at::randn({c.channels});
    beta = 0.2 * at::randn({c.channels});
    w1 = at::randn({c.hidden, c.channels}) / std::sqrt((double)c.channels);
    b1 = 0.2 * at::randn({c.hidden});
    w2 = at::randn({c.channels, c.hidden}) / std::sqrt((double)c.hidden);
    b2 = 0.2 * at::randn({c.channels});
  }

  /// The same values in `type`, as leaves that gradients are for; dy is none.
  MLPTensors leaves(at::ScalarType type) const {
    MLPTensors other = *this;
    for (at::Tensor *tensor : {&other.x, &other.gamma, &other.beta, &other.w1, &other.b1, &other.w2, &other.b2})
      *tensor = tensor->to(type, false, true).requires_grad_(true);
    other.dy = dy.to(type);
    return other;
  }
};

struct MLPResult {
  at::Tensor y, dx, gamma, beta, w1, b1, w2, b2;
  std::vector<std::pair<const char *, at::Tensor>> named() const {
    return {{"y", y},   {"dx", dx}, {"dgamma", gamma}, {"dbeta", beta},
            {"dW1", w1}, {"db1", b1}, {"dW2", w2},       {"db2", b2}};
  }
};

/// The factor of each sample, [B, 1, 1]: 0 where it is not kept.
inline at::Tensor factors(const MLPCase &c) {
  at::Tensor f = c.all_kept ? at::full({c.samples, 1, 1}, c.factor) : at::zeros({c.samples, 1, 1});
  for (int32_t i : c.kept) f[i][0][0] = c.factor;
  return f;
}

/// Op by op: LayerNorm and residual in the type of `t`, which are fresh leaves, products in `narrow`.
inline MLPResult mlp_by_aten(const MLPCase &c, const MLPTensors &t, at::ScalarType narrow, float epsilon) {
  at::Tensor a = at::layer_norm(t.x, {c.channels}, t.gamma, t.beta, epsilon).to(narrow);
  at::Tensor h = at::linear(a, t.w1.to(narrow), t.b1.to(narrow));
  at::Tensor z = at::linear(at::gelu(h), t.w2.to(narrow), t.b2.to(narrow));
  at::Tensor y = t.x + z * factors(c).to(t.x.scalar_type());
  y.backward(t.dy);
  return {y.detach(),  t.x.grad(),  t.gamma.grad(), t.beta.grad(),
          t.w1.grad(), t.b1.grad(), t.w2.grad(),    t.b2.grad()};
}

/// The kernel's memory for one shape, kept between calls.
struct MLPKernel {
  const MLPCase &c;
  const ck_threads threads;
  ck_samples samples;
  ck_mlp mlp;
  Memory w1, w2, w1_back, w2_back, normalized, reciprocal, preactivation, forward_scratch, backward_scratch;
  ck_mlp_saved saved;

  static size_t element(ck_type type) { return type == CK_FLOAT32 ? 4 : 2; }
  static size_t rows(const MLPCase &c) { return (size_t)(c.all_kept ? c.samples : (int)c.kept.size()) * c.tokens; }
  static ck_samples samples_of(const MLPCase &c) {
    return {c.samples, c.tokens, c.all_kept ? c.samples : (int)c.kept.size(), c.all_kept ? nullptr : c.kept.data(),
            c.factor};
  }
  static ck_mlp shape_of(const MLPCase &c, ck_type type) {
    ck_mlp mlp = {};
    mlp.type = type, mlp.channels = c.channels, mlp.hidden = c.hidden, mlp.epsilon = 1e-6f;
    return mlp;
  }

  MLPKernel(const MLPCase &c, const MLPTensors &t, ck_type type, int count)
      : c(c), threads(harness::threads(count)), samples(samples_of(c)), mlp(shape_of(c, type)),
        w1(ck_packed_bytes(type, c.hidden, c.channels)), w2(ck_packed_bytes(type, c.channels, c.hidden)),
        w1_back(ck_packed_bytes(type, c.hidden, c.channels)), w2_back(ck_packed_bytes(type, c.channels, c.hidden)),
        normalized(rows(c) * c.channels * element(type)), reciprocal(rows(c) * 4),
        preactivation(rows(c) * c.hidden * element(type)), forward_scratch(ck_mlp_forward_scratch(&mlp, count)),
        backward_scratch(ck_mlp_backward_scratch(&mlp, &samples, count)),
        saved{normalized.bytes, (float *)reciprocal.bytes, preactivation.bytes} {
    mlp.gamma = t.gamma.const_data_ptr<float>(), mlp.beta = t.beta.const_data_ptr<float>();
    mlp.bias1 = t.b1.const_data_ptr<float>(), mlp.bias2 = t.b2.const_data_ptr<float>();
    mlp.weight1 = w1.bytes, mlp.weight2 = w2.bytes;
    mlp.weight1_back = w1_back.bytes, mlp.weight2_back = w2_back.bytes;
    pack(t);
  }
  void pack(const MLPTensors &t) {
    const float *v1 = t.w1.const_data_ptr<float>(), *v2 = t.w2.const_data_ptr<float>();
    ck_pack_forward(&threads, mlp.type, v1, c.hidden, c.channels, w1.bytes);
    ck_pack_forward(&threads, mlp.type, v2, c.channels, c.hidden, w2.bytes);
    ck_pack_backward(&threads, mlp.type, v1, c.hidden, c.channels, w1_back.bytes);
    ck_pack_backward(&threads, mlp.type, v2, c.channels, c.hidden, w2_back.bytes);
  }
  void forward(const float *x, float *y, bool saving) {
    ck_mlp_forward(&threads, &mlp, &samples, x, y, saving ? &saved : nullptr, forward_scratch.bytes);
  }
  void backward(const float *dy, float *dx, const ck_mlp_gradients &gradients) {
    ck_mlp_backward(&threads, &mlp, &samples, &saved, dy, dx, &gradients, backward_scratch.bytes);
  }
};

inline MLPResult mlp_zeros(const MLPTensors &t) {
  return {at::zeros_like(t.x),  at::zeros_like(t.x),  at::zeros_like(t.gamma), at::zeros_like(t.beta),
          at::zeros_like(t.w1), at::zeros_like(t.b1), at::zeros_like(t.w2),    at::zeros_like(t.b2)};
}

inline ck_mlp_gradients gradients_of(MLPResult &r) {
  return {r.gamma.data_ptr<float>(), r.beta.data_ptr<float>(), r.w1.data_ptr<float>(),
          r.b1.data_ptr<float>(),    r.w2.data_ptr<float>(),   r.b2.data_ptr<float>()};
}

inline MLPResult mlp_by_kernel(const MLPCase &c, const MLPTensors &t, ck_type type, int count, bool in_place = false) {
  MLPKernel kernel(c, t, type, count);
  MLPResult r = mlp_zeros(t);
  if (in_place) {
    r.y.copy_(t.x), r.dx.copy_(t.dy);
    kernel.forward(r.y.const_data_ptr<float>(), r.y.data_ptr<float>(), true);
    kernel.backward(r.dx.const_data_ptr<float>(), r.dx.data_ptr<float>(), gradients_of(r));
  } else {
    kernel.forward(t.x.const_data_ptr<float>(), r.y.data_ptr<float>(), true);
    kernel.backward(t.dy.const_data_ptr<float>(), r.dx.data_ptr<float>(), gradients_of(r));
  }
  return r;
}

}  // namespace harness
