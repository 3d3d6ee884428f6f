// The parts around the blocks as single operations: patch embedding and positional encoding generator.
#include "fused.h"

using namespace ct;

namespace {

/// LayerNorm(convolution(x)) with a stride as wide as the kernel, to tokens [B, N, C].
struct Embedding {
  ck_type type;
  ck_layout layout;
  int samples, height, width, inputs, patch;
  float epsilon;
  bool differentiates_x;

  /// The order of the weights; a bias follows its weight.
  enum { projection, projection_bias, gamma, beta };

  static constexpr const char *name = "patch embedding";

  int64_t tokens() const { return static_cast<int64_t>(height / patch) * (width / patch); }
  int64_t rows() const { return samples * tokens(); }

  double operations(const variable_list &w) const {
    return 2.0 * static_cast<double>(rows() * w[projection].numel());
  }

  variable_list memory(const at::Tensor &x, const variable_list &w) const {
    return {x, at::empty({rows(), w[gamma].size(0)}, tensor_type(type)), at::empty({rows()})};
  }

  at::Tensor forward(const at::Tensor &x, const variable_list &w, const variable_list *memory) const {
    PackedLinear layer(w[projection], w[projection_bias], {type, false, layout == CK_TOKENS});
    auto embedding = shape(w, layer);
    auto y = at::empty({samples, tokens(), w[gamma].size(0)});
    auto threads = kernel_threads();
    auto saved = memory ? places(*memory) : ck_embedding_saved{};
    auto scratch = bytes(ck_embedding_forward_scratch(&embedding, threads.count));
    ck_embedding_forward(&threads, &embedding, floats(x), floats(y), memory ? &saved : nullptr, scratch.data_ptr());
    return y;
  }

  at::Tensor backward(const at::Tensor &dy, const variable_list &w, const variable_list &memory,
                      const std::vector<GradientPlace> &sums) const {
    PackedLinear layer(w[projection], w[projection_bias], {type, true, layout == CK_TOKENS});
    auto embedding = shape(w, layer);
    const auto &x = memory[0];
    auto dx = differentiates_x ? at::empty_like(x) : at::Tensor();
    ck_embedding_gradients gradients = {linear(sums, projection), norm_gradients(sums, gamma)};
    auto threads = kernel_threads();
    auto saved = places(memory);
    auto scratch = bytes(ck_embedding_backward_scratch(&embedding, threads.count));
    ck_embedding_backward(&threads, &embedding, &saved, floats(x), floats(dy), dx.defined() ? floats(dx) : nullptr,
                          &gradients, scratch.data_ptr());
    return dx;
  }

 private:
  ck_embedding shape(const variable_list &w, const PackedLinear &layer) const {
    auto channels = static_cast<int>(w[gamma].size(0));
    return {type, layout, samples, height, width, inputs, channels, patch, layer.layer,
            {floats(w[gamma]), floats(w[beta]), epsilon}};
  }

  static ck_embedding_saved places(const variable_list &memory) { return {memory[1].data_ptr(), floats(memory[2])}; }
};

/// x + convolution(x) over tokens [B, N, C], depthwise 3 × 3, in float32.
struct PositionalEncoding {
  int samples, height, width, channels;

  enum { weight, bias };

  static constexpr const char *name = "positional encoding";

  double operations(const variable_list &) const { return 0; }

  variable_list memory(const at::Tensor &x, const variable_list &) const { return {x}; }

  at::Tensor forward(const at::Tensor &x, const variable_list &w, const variable_list *) const {
    auto position = shape(w);
    auto y = at::empty_like(x);
    auto threads = kernel_threads();
    auto scratch = bytes(ck_position_scratch(&position));
    ck_position_forward(&threads, &position, floats(x), floats(y), scratch.data_ptr());
    return y;
  }

  at::Tensor backward(const at::Tensor &dy, const variable_list &w, const variable_list &memory,
                      const std::vector<GradientPlace> &sums) const {
    auto position = shape(w);
    auto dx = at::empty_like(dy);
    auto threads = kernel_threads();
    auto scratch = bytes(ck_position_scratch(&position));
    ck_position_backward(&threads, &position, floats(memory[0]), floats(dy), floats(dx), sums[weight].data(),
                         sums[bias].data(), scratch.data_ptr());
    return dx;
  }

 private:
  ck_position shape(const variable_list &w) const {
    return {samples, height, width, channels, floats(w[weight]), floats(w[bias])};
  }
};

}  // namespace

int ct_embedding(const ct_tensor *x, const ct_map *map, ct_affine convolution, ct_affine norm, double epsilon,
                 int dtype, ct_tensor **out) {
  return returning(out, [&] {
    const auto &input = x->value;
    const auto &weight = convolution.weight->value;
    Embedding embedding = {kernel_type(type(dtype)),
                           map ? CK_TOKENS : CK_PLANES,
                           static_cast<int>(input.size(0)),
                           map ? map->height : static_cast<int>(input.size(2)),
                           map ? map->width : static_cast<int>(input.size(3)),
                           static_cast<int>(weight.size(1)),
                           static_cast<int>(weight.size(2)),
                           static_cast<float>(epsilon),
                           input.requires_grad()};
    return fused(x, weights({convolution, norm}), embedding);
  });
}

int ct_positional_encoding(const ct_tensor *x, ct_map map, ct_affine convolution, ct_tensor **out) {
  return returning(out, [&] {
    const auto &input = x->value;
    PositionalEncoding encoding = {static_cast<int>(input.size(0)), map.height, map.width,
                                   static_cast<int>(input.size(2))};
    return fused(x, weights({convolution}), encoding);
  });
}
