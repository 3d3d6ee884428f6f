// The MLP half of a block as one operation: y = x + factor · fc2(GELU(fc1(LayerNorm(x)))).
#include "fused.h"

using namespace ct;

namespace {

struct FeedForwardHalf {
  Samples samples;
  ck_type type;
  float epsilon;
  /// Whether y's values are needed, not just what the backward pass uses.
  bool is_read;

  /// The order of the weights.
  enum { gamma, beta, weight1, bias1, weight2, bias2 };

  static constexpr const char *name = "feed-forward half";

  double operations(const variable_list &w) const {
    return 4.0 * static_cast<double>(samples.rows() * w[weight1].numel());
  }

  variable_list memory(const at::Tensor &, const variable_list &w) const {
    auto rows = samples.rows();
    return {at::empty({rows, w[weight1].size(1)}, tensor_type(type)), at::empty({rows}),
            at::empty({rows, w[weight1].size(0)}, tensor_type(type))};
  }

  at::Tensor forward(const at::Tensor &x, const variable_list &w, const variable_list *memory) const {
    auto first = packed(w[weight1], {type, false}), second = packed(w[weight2], {type, false});
    auto mlp = shape(w);
    mlp.weight1 = first.data_ptr();
    mlp.weight2 = second.data_ptr();
    auto y = at::empty_like(x);
    auto threads = kernel_threads();
    auto kept = samples.view();
    auto saved = memory ? places(*memory) : ck_mlp_saved{};
    auto scratch = bytes(ck_mlp_forward_scratch(&mlp, threads.count));
    ck_mlp_forward(&threads, &mlp, &kept, floats(x), is_read ? floats(y) : nullptr,
                   memory ? &saved : nullptr, scratch.data_ptr());
    return y;
  }

  at::Tensor backward(const at::Tensor &dy, const variable_list &w, const variable_list &memory,
                      const std::vector<GradientPlace> &sums) const {
    auto dx = at::empty_like(dy);
    auto first = packed(w[weight1], {type, true}), second = packed(w[weight2], {type, true});
    auto mlp = shape(w);
    mlp.weight1_back = first.data_ptr();
    mlp.weight2_back = second.data_ptr();
    ck_mlp_gradients gradients = {sums[gamma].data(), sums[beta].data(),    sums[weight1].data(),
                                  sums[bias1].data(), sums[weight2].data(), sums[bias2].data()};
    auto threads = kernel_threads();
    auto kept = samples.view();
    auto saved = places(memory);
    auto scratch = bytes(ck_mlp_backward_scratch(&mlp, &kept, threads.count));
    ck_mlp_backward(&threads, &mlp, &kept, &saved, floats(dy), floats(dx), &gradients, scratch.data_ptr());
    return dx;
  }

 private:
  ck_mlp shape(const variable_list &w) const {
    return {type,
            static_cast<int>(w[weight1].size(1)),
            static_cast<int>(w[weight1].size(0)),
            epsilon,
            floats(w[gamma]),
            floats(w[beta]),
            floats(w[bias1]),
            floats(w[bias2]),
            nullptr,
            nullptr,
            nullptr,
            nullptr};
  }

  static ck_mlp_saved places(const variable_list &memory) {
    return {memory[0].data_ptr(), floats(memory[1]), memory[2].data_ptr()};
  }
};

}  // namespace

int ct_feed_forward_half(const ct_tensor *x, ct_affine norm, double epsilon, ct_affine expand, ct_affine contract,
                         const ct_tensor *factors, int dtype, bool is_read, ct_tensor **out) {
  return returning(out, [&] {
    FeedForwardHalf half = {{factors, x}, kernel_type(type(dtype)), static_cast<float>(epsilon), is_read};
    return fused(x, weights({norm, expand, contract}), std::move(half));
  });
}
