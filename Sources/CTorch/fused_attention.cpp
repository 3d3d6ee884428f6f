// The attention half of a block as one operation: y = x + factor · projection(attention(LayerNorm(x))).
#include "fused.h"

using namespace ct;

namespace {

/// Locally-grouped self-attention in windows of side² tokens.
struct LocalAttentionHalf {
  Samples samples;
  ck_type type;
  int heads, height, width, side;
  float epsilon;

  /// The order of the weights; a bias follows its weight.
  enum { gamma, beta, qkv, qkv_bias, projection, projection_bias };

  static constexpr const char *name = "local attention half";

  double operations(const variable_list &w) const {
    auto attention = shape(w);
    auto kept = samples.view();
    auto rows = static_cast<double>(ck_local_attention_rows(&attention, &kept));
    return rows * (2.0 * static_cast<double>(w[qkv].numel() + w[projection].numel()) +
                   4.0 * side * side * static_cast<double>(w[gamma].numel()));
  }

  variable_list memory(const at::Tensor &, const variable_list &w) const {
    auto channels = w[gamma].size(0);
    auto attention = shape(w);
    auto kept = samples.view();
    auto rows = ck_local_attention_rows(&attention, &kept);
    auto stored = tensor_type(type);
    return {at::empty({rows, channels}, stored), at::empty({rows}), at::empty({rows, 3 * channels}, stored),
            at::empty({rows, channels}, stored), at::empty({rows * heads})};
  }

  at::Tensor forward(const at::Tensor &x, const variable_list &w, const variable_list *memory) const {
    PackedLinear in(w[qkv], w[qkv_bias], {type, false}), out(w[projection], w[projection_bias], {type, false});
    auto attention = shape(w);
    attention.qkv = in.layer;
    attention.projection = out.layer;
    auto y = at::empty_like(x);
    auto threads = kernel_threads();
    auto kept = samples.view();
    auto saved = memory ? places(*memory) : ck_local_attention_saved{};
    auto scratch = bytes(ck_local_attention_forward_scratch(&attention, threads.count));
    ck_local_attention_forward(&threads, &attention, &kept, floats(x), floats(y), memory ? &saved : nullptr,
                               scratch.data_ptr());
    return y;
  }

  at::Tensor backward(const at::Tensor &dy, const variable_list &w, const variable_list &memory,
                      const std::vector<GradientPlace> &sums) const {
    auto dx = at::empty_like(dy);
    PackedLinear in(w[qkv], w[qkv_bias], {type, true}), out(w[projection], w[projection_bias], {type, true});
    auto attention = shape(w);
    attention.qkv = in.layer;
    attention.projection = out.layer;
    ck_local_attention_gradients gradients = {norm_gradients(sums, gamma), linear(sums, qkv), linear(sums, projection)};
    auto threads = kernel_threads();
    auto kept = samples.view();
    auto saved = places(memory);
    auto scratch = bytes(ck_local_attention_backward_scratch(&attention, &kept, threads.count));
    ck_local_attention_backward(&threads, &attention, &kept, &saved, floats(dy), floats(dx), &gradients,
                                scratch.data_ptr());
    return dx;
  }

 private:
  ck_local_attention shape(const variable_list &w) const {
    auto channels = static_cast<int>(w[gamma].size(0));
    return {type, channels, heads, height, width, side, {floats(w[gamma]), floats(w[beta]), epsilon}, {}, {}};
  }

  static ck_local_attention_saved places(const variable_list &memory) {
    return {memory[0].data_ptr(), floats(memory[1]), memory[2].data_ptr(), memory[3].data_ptr(), floats(memory[4])};
  }
};

/// Global sub-sampled attention to a summary of the map, reduced r-fold in each direction.
struct GlobalAttentionHalf {
  Samples samples;
  ck_type type;
  int heads, height, width, reduction;
  float epsilon, summary_epsilon;

  /// The order of the weights; a bias follows its weight. The last four exist if r is not 1.
  enum {
    gamma,
    beta,
    q,
    q_bias,
    kv,
    kv_bias,
    projection,
    projection_bias,
    convolution,
    convolution_bias,
    summary_gamma,
    summary_beta
  };

  static constexpr const char *name = "global attention half";

  double operations(const variable_list &w) const {
    auto rows = static_cast<double>(samples.rows()), channels = static_cast<double>(w[gamma].numel());
    auto keys = static_cast<double>((height / reduction) * (width / reduction));
    auto summaries = keys * static_cast<double>(samples.kept.size());
    auto layers = 2.0 * rows * static_cast<double>(w[q].numel() + w[projection].numel()) +
                  2.0 * summaries * static_cast<double>(w[kv].numel() + (reduction > 1 ? w[convolution].numel() : 0));
    return layers + 4.0 * rows * keys * channels;
  }

  variable_list memory(const at::Tensor &, const variable_list &w) const {
    auto channels = w[gamma].size(0), rows = samples.rows();
    auto keys = static_cast<int64_t>(samples.kept.size()) * (height / reduction) * (width / reduction);
    auto stored = tensor_type(type);
    variable_list memory = {at::empty({rows, channels}, stored), at::empty({rows}),
                            at::empty({rows, channels}, stored), at::empty({keys, 2 * channels}, stored),
                            at::empty({rows, channels}, stored), at::empty({rows * heads})};
    if (reduction > 1) {
      memory.push_back(at::empty({keys, channels}, stored));
      memory.push_back(at::empty({keys}));
    }
    return memory;
  }

  at::Tensor forward(const at::Tensor &x, const variable_list &w, const variable_list *memory) const {
    Layers layers(*this, w, false);
    auto y = at::empty_like(x);
    auto threads = kernel_threads();
    auto kept = samples.view();
    auto saved = memory ? places(*memory) : ck_global_attention_saved{};
    auto scratch = bytes(ck_global_attention_forward_scratch(&layers.attention, &kept, threads.count));
    ck_global_attention_forward(&threads, &layers.attention, &kept, floats(x), floats(y), memory ? &saved : nullptr,
                                scratch.data_ptr());
    return y;
  }

  at::Tensor backward(const at::Tensor &dy, const variable_list &w, const variable_list &memory,
                      const std::vector<GradientPlace> &sums) const {
    auto dx = at::empty_like(dy);
    Layers layers(*this, w, true);
    ck_global_attention_gradients gradients = {
        norm_gradients(sums, gamma), linear(sums, q), linear(sums, kv), linear(sums, projection), {}, {}};
    if (reduction > 1) {
      gradients.convolution = linear(sums, convolution);
      gradients.summary_norm = norm_gradients(sums, summary_gamma);
    }
    auto threads = kernel_threads();
    auto kept = samples.view();
    auto saved = places(memory);
    auto scratch = bytes(ck_global_attention_backward_scratch(&layers.attention, &kept, threads.count));
    ck_global_attention_backward(&threads, &layers.attention, &kept, &saved, floats(dy), floats(dx), &gradients,
                                 scratch.data_ptr());
    return dx;
  }

 private:
  /// The layers, packed for one direction.
  struct Layers {
    std::vector<PackedLinear> packed;
    ck_global_attention attention;

    Layers(const GlobalAttentionHalf &half, const variable_list &w, bool back) {
      for (int weight : {q, kv, projection}) packed.emplace_back(w[weight], w[weight + 1], Packing{half.type, back});
      attention = {half.type,
                   static_cast<int>(w[gamma].size(0)),
                   half.heads,
                   half.height,
                   half.width,
                   half.reduction,
                   {floats(w[gamma]), floats(w[beta]), half.epsilon},
                   packed[0].layer,
                   packed[1].layer,
                   packed[2].layer,
                   {},
                   {}};
      if (half.reduction == 1) return;
      packed.emplace_back(w[convolution], w[convolution_bias], Packing{half.type, back, true});
      attention.convolution = packed[3].layer;
      attention.summary_norm = {floats(w[summary_gamma]), floats(w[summary_beta]), half.summary_epsilon};
    }
  };

  static ck_global_attention_saved places(const variable_list &memory) {
    ck_global_attention_saved saved = {memory[0].data_ptr(), floats(memory[1]), memory[2].data_ptr(),
                                       memory[3].data_ptr(), memory[4].data_ptr(), floats(memory[5]), nullptr, nullptr};
    if (memory.size() > 6) {
      saved.summary_normalized = memory[6].data_ptr();
      saved.summary_reciprocal = floats(memory[7]);
    }
    return saved;
  }
};

}  // namespace

bool ct_attention_fuses(int channels, int heads) { return ck_attention_takes(channels, heads) != 0; }

int ct_local_attention_half(const ct_tensor *x, ct_map map, ct_affine norm, double epsilon, ct_affine qkv,
                            ct_affine projection, int heads, int side, const ct_tensor *factors, int dtype,
                            ct_tensor **out) {
  return returning(out, [&] {
    LocalAttentionHalf half = {{factors, x}, kernel_type(type(dtype)), heads, map.height, map.width, side,
                               static_cast<float>(epsilon)};
    return fused(x, weights({norm, qkv, projection}), std::move(half));
  });
}

int ct_global_attention_half(const ct_tensor *x, ct_map map, ct_affine norm, double epsilon, ct_affine q, ct_affine kv,
                             ct_affine projection, int heads, const ct_summary *summary, const ct_tensor *factors,
                             int dtype, ct_tensor **out) {
  return returning(out, [&] {
    GlobalAttentionHalf half = {{factors, x},
                                kernel_type(type(dtype)),
                                heads,
                                map.height,
                                map.width,
                                summary ? summary->reduction : 1,
                                static_cast<float>(epsilon),
                                summary ? static_cast<float>(summary->epsilon) : 0};
    auto layers = weights({norm, q, kv, projection});
    if (summary) {
      auto more = weights({summary->convolution, summary->norm});
      layers.insert(layers.end(), more.begin(), more.end());
    }
    return fused(x, layers, std::move(half));
  });
}
