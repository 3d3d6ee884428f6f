// One attention half, local or global, through the kernels and through ATen.
#pragma once
#include <ATen/ATen.h>

#include <memory>

#include "harness.h"

namespace harness {

struct AttentionCase {
  int samples, height, width, channels, heads;
  int side;       // of local windows; 0: global
  int reduction;  // of the global half; 1: none
  std::vector<int32_t> kept;
  bool all_kept;
  float factor;

  int tokens() const { return height * width; }
  int kept_count() const { return all_kept ? samples : (int)kept.size(); }
  int keys() const { return (height / reduction) * (width / reduction); }
  bool reduces() const { return !side && reduction > 1; }
  ck_samples kept_samples() const {
    return {samples, tokens(), kept_count(), all_kept ? nullptr : kept.data(), factor};
  }
  at::Tensor factors() const {  // [B, 1, 1]
    at::Tensor f = all_kept ? at::full({samples, 1, 1}, factor) : at::zeros({samples, 1, 1});
    for (int32_t i : kept) f[i][0][0] = factor;
    return f;
  }
};

/// x, dy, and the weights by name, in float32, all seeded.
struct AttentionTensors {
  at::Tensor x, dy;
  std::vector<std::pair<const char *, at::Tensor>> weights;

  explicit AttentionTensors(const AttentionCase &c) {
    at::manual_seed(c.samples * 1000003 + c.tokens() * 1009 + c.channels);
    const int C = c.channels, r = c.reduction;
    auto normal = [](at::IntArrayRef shape, double scale) { return at::randn(shape) * scale; };
    x = normal({c.samples, c.tokens(), C}, 2) + 0.3;
    dy = normal({c.samples, c.tokens(), C}, 1);
    const double part = 1 / std::sqrt((double)C);
    weights = {{"dgamma", 1 + normal({C}, 0.2)}, {"dbeta", normal({C}, 0.2)}};
    auto linear = [&](const char *weight, const char *bias, int outputs) {
      weights.push_back({weight, normal({outputs, C}, 1.2 * part)});
      weights.push_back({bias, normal({outputs}, 0.2)});
    };
    linear("dW", "db", C);
    linear(c.side ? "dWqkv" : "dWq", c.side ? "dbqkv" : "dbq", c.side ? 3 * C : C);
    if (c.side) return;
    linear("dWkv", "dbkv", 2 * C);
    if (!c.reduces()) return;
    weights.push_back({"dWsr", normal({C, C, r, r}, part / r)});
    weights.push_back({"dbsr", normal({C}, 0.2)});
    weights.push_back({"dgamma2", 1 + normal({C}, 0.2)});
    weights.push_back({"dbeta2", normal({C}, 0.2)});
  }

  /// The same values in `type`, as leaves that gradients are for; dy is none.
  AttentionTensors leaves(at::ScalarType type) const {
    AttentionTensors other = *this;
    other.x = x.to(type, false, true).requires_grad_(true);
    other.dy = dy.to(type);
    for (auto &[name, value] : other.weights) value = value.to(type, false, true).requires_grad_(true);
    return other;
  }
};

/// y, dx and the weights' gradients by name.
using AttentionResult = std::vector<std::pair<const char *, at::Tensor>>;

/// [B, H·W, C] → [B, windows, side², C], padded with zeros; and back.
inline at::Tensor windows_of(const AttentionCase &c, const at::Tensor &tokens) {
  const int s = c.side, down = (c.height + s - 1) / s, across = (c.width + s - 1) / s;
  return at::constant_pad_nd(tokens.reshape({c.samples, c.height, c.width, c.channels}),
                             {0, 0, 0, across * s - c.width, 0, down * s - c.height})
      .reshape({c.samples, down, s, across, s, c.channels}).transpose(2, 3)
      .reshape({c.samples, down * across, s * s, c.channels});
}

inline at::Tensor joined(const AttentionCase &c, const at::Tensor &windows) {
  const int s = c.side, down = (c.height + s - 1) / s, across = (c.width + s - 1) / s;
  return windows.reshape({c.samples, down, across, s, s, c.channels}).transpose(2, 3)
      .reshape({c.samples, down * s, across * s, c.channels})
      .slice(1, 0, c.height).slice(2, 0, c.width).reshape({c.samples, c.tokens(), c.channels});
}

/// softmax(q kᵀ/√d) v, op by op.
inline at::Tensor attended(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v) {
  at::Tensor scores = at::matmul(q * (1 / std::sqrt((double)q.size(-1))), k.transpose(-1, -2));
  return at::matmul(at::softmax(scores, -1), v);
}

/// Op by op as the model does it: norms, the global softmax and the residual in the type of `t`, which are fresh
/// leaves, products in `narrow`.
inline AttentionResult attention_by_aten(const AttentionCase &c, const AttentionTensors &t, at::ScalarType narrow) {
  const at::ScalarType wide = t.x.scalar_type();
  const at::Tensor &x = t.x;
  std::vector<at::Tensor> w;
  for (auto &[name, value] : t.weights) w.push_back(value);
  const int B = c.samples, C = c.channels, n = c.heads, d = C / n;
  auto linear = [&](const at::Tensor &in, int weight) {
    return at::linear(in.to(narrow), w[weight].to(narrow), w[weight + 1].to(narrow));
  };
  at::Tensor a = at::layer_norm(x, {C}, w[0], w[1], 1e-6), mixed;
  if (c.side) {
    at::Tensor qkv = linear(windows_of(c, a), 4).reshape({B, -1, c.side * c.side, 3, n, d}).permute({3, 0, 1, 4, 2, 5});
    mixed = joined(c, attended(qkv[0], qkv[1], qkv[2]).transpose(2, 3));
  } else {
    at::Tensor v = a;
    if (c.reduces()) {
      at::Tensor planes = a.transpose(1, 2).reshape({B, C, c.height, c.width}).to(narrow);
      at::Tensor u = at::conv2d(planes, w[8].to(narrow), w[9].to(narrow), {c.reduction, c.reduction});
      v = at::layer_norm(u.flatten(2).transpose(1, 2).to(wide), {C}, w[10], w[11], 1e-5);
    }
    at::Tensor q = linear(a, 4).reshape({B, -1, n, d}).transpose(1, 2).to(wide);
    at::Tensor kv = linear(v, 6).to(wide).reshape({B, -1, 2, n, d}).permute({2, 0, 3, 1, 4});
    mixed = attended(q, kv[0], kv[1]).transpose(1, 2).reshape({B, c.tokens(), C});
  }
  at::Tensor y = x + linear(mixed, 2) * c.factors().to(wide);
  y.backward(t.dy);
  AttentionResult result = {{"y", y.detach()}, {"dx", x.grad()}};
  for (size_t i = 0; i < w.size(); i++) result.push_back({t.weights[i].first, w[i].grad()});
  return result;
}

/// The kernel's memory for one shape, kept between calls.
class AttentionKernel {
 public:
  AttentionKernel(const AttentionCase &c, const AttentionTensors &t, ck_type type, int count)
      : c(c), t(t), type(type), threads(harness::threads(count)), samples(c.kept_samples()) {
    const int C = c.channels;
    const size_t element = type == CK_FLOAT32 ? 4 : 2;
    auto keep = [&](size_t bytes) {
      memory.push_back(std::make_unique<Memory>(bytes));
      return memory.back()->bytes;
    };
    auto weight = [&](size_t i) { return t.weights[i].second.const_data_ptr<float>(); };
    if (c.side) {
      local = {type, C, c.heads, c.height, c.width, c.side, {weight(0), weight(1), 1e-6f},
               linear(4, 3 * C, C), linear(2, C, C)};
      const size_t rows = (size_t)ck_local_attention_rows(&local, &samples);
      local_saved = {keep(rows * C * element), (float *)keep(rows * 4), keep(rows * 3 * C * element),
                     keep(rows * C * element), (float *)keep(rows * c.heads * 4)};
      forward_scratch = keep(ck_local_attention_forward_scratch(&local, count));
      backward_scratch = keep(ck_local_attention_backward_scratch(&local, &samples, count));
    } else {
      const int deep = c.reduction * c.reduction * C;
      global = {type, C, c.heads, c.height, c.width, c.reduction, {weight(0), weight(1), 1e-6f},
                linear(4, C, C), linear(6, 2 * C, C), linear(2, C, C), {}, {}};
      if (c.reduces()) {
        flat = at::empty({C, deep});
        ck_flatten_convolution(&threads, weight(8), C, C, c.reduction, flat.data_ptr<float>());
        global.convolution = packed(flat.const_data_ptr<float>(), weight(9), C, deep);
        global.summary_norm = {weight(10), weight(11), 1e-5f};
      }
      const size_t rows = (size_t)c.kept_count() * c.tokens(), keys = (size_t)c.kept_count() * c.keys();
      global_saved = {keep(rows * C * element), (float *)keep(rows * 4), keep(rows * C * element),
                      keep(keys * 2 * C * element), keep(rows * C * element), (float *)keep(rows * c.heads * 4),
                      keep(keys * C * element), (float *)keep(keys * 4)};
      forward_scratch = keep(ck_global_attention_forward_scratch(&global, &samples, count));
      backward_scratch = keep(ck_global_attention_backward_scratch(&global, &samples, count));
    }
  }

  void forward(const float *x, float *y, bool saving) {
    if (c.side)
      ck_local_attention_forward(&threads, &local, &samples, x, y, saving ? &local_saved : nullptr, forward_scratch);
    else
      ck_global_attention_forward(&threads, &global, &samples, x, y, saving ? &global_saved : nullptr, forward_scratch);
  }

  /// Adds to the weights' gradients in `r`.
  void backward(const float *dy, float *dx, AttentionResult &r) {
    auto gradient = [&](size_t i) { return r[i + 2].second.data_ptr<float>(); };
    auto pair = [&](size_t i) { return ck_linear_gradients{gradient(i), gradient(i + 1)}; };
    if (c.side) {
      ck_local_attention_gradients to = {{gradient(0), gradient(1)}, pair(4), pair(2)};
      ck_local_attention_backward(&threads, &local, &samples, &local_saved, dy, dx, &to, backward_scratch);
    } else {
      ck_global_attention_gradients to = {{gradient(0), gradient(1)}, pair(4), pair(6), pair(2), {}, {}};
      if (c.reduces()) to.convolution = pair(8), to.summary_norm = {gradient(10), gradient(11)};
      ck_global_attention_backward(&threads, &global, &samples, &global_saved, dy, dx, &to, backward_scratch);
    }
  }

  AttentionResult zeros() const {
    AttentionResult r = {{"y", at::zeros_like(t.x)}, {"dx", at::zeros_like(t.x)}};
    for (auto &[name, value] : t.weights) r.push_back({name, at::zeros_like(value)});
    return r;
  }

 private:
  const AttentionCase &c;
  const AttentionTensors &t;
  const ck_type type;
  const ck_threads threads;
  ck_samples samples;
  at::Tensor flat;
  std::vector<std::unique_ptr<Memory>> memory;
  void *forward_scratch, *backward_scratch;
  ck_local_attention local = {};
  ck_local_attention_saved local_saved = {};
  ck_global_attention global = {};
  ck_global_attention_saved global_saved = {};

  ck_linear linear(size_t i, int outputs, int inputs) {
    return packed(t.weights[i].second.const_data_ptr<float>(), t.weights[i + 1].second.const_data_ptr<float>(), outputs,
                  inputs);
  }
  ck_linear packed(const float *weight, const float *bias, int outputs, int inputs) {
    const size_t bytes = ck_packed_bytes(type, outputs, inputs);
    memory.push_back(std::make_unique<Memory>(bytes));
    memory.push_back(std::make_unique<Memory>(bytes));
    void *forth = memory[memory.size() - 2]->bytes, *back = memory.back()->bytes;
    ck_pack_forward(&threads, type, weight, outputs, inputs, forth);
    ck_pack_backward(&threads, type, weight, outputs, inputs, back);
    return {forth, back, bias};
  }
};

inline AttentionResult attention_by_kernel(const AttentionCase &c, const AttentionTensors &t, ck_type type, int count,
                                           bool in_place = false) {
  AttentionKernel kernel(c, t, type, count);
  AttentionResult r = kernel.zeros();
  float *y = r[0].second.data_ptr<float>(), *dx = r[1].second.data_ptr<float>();
  if (in_place) r[0].second.copy_(t.x), r[1].second.copy_(t.dy);
  kernel.forward(in_place ? y : t.x.const_data_ptr<float>(), y, true);
  kernel.backward(in_place ? dx : t.dy.const_data_ptr<float>(), dx, r);
  return r;
}

}  // namespace harness
