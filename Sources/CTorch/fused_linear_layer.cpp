// A linear layer as a single operation.
#include "fused.h"

using namespace ct;

namespace {

/// x Wᵀ + b over features [R, D]; W [N, …] has D values per output.
struct LinearLayer {
  ck_type type;
  int rows;
  bool differentiates_x;

  enum { weight, bias };

  static constexpr const char *name = "linear layer";

  double operations(const variable_list &w) const { return 2.0 * rows * static_cast<double>(w[weight].numel()); }

  variable_list memory(const at::Tensor &x, const variable_list &) const { return {x}; }

  at::Tensor forward(const at::Tensor &x, const variable_list &w, const variable_list *) const {
    PackedLinear packed(w[weight], w[bias], {type, false});
    auto layer = shape(w, packed);
    auto y = at::empty({rows, w[weight].size(0)});
    auto threads = kernel_threads();
    auto scratch = bytes(ck_linear_layer_forward_scratch(&layer, threads.count));
    ck_linear_layer_forward(&threads, &layer, floats(x), floats(y), scratch.data_ptr());
    return y;
  }

  at::Tensor backward(const at::Tensor &dy, const variable_list &w, const variable_list &memory,
                      const std::vector<GradientPlace> &sums) const {
    PackedLinear packed(w[weight], w[bias], {type, true});
    auto layer = shape(w, packed);
    const auto &x = memory[0];
    auto dx = differentiates_x ? at::empty_like(x) : at::Tensor();
    auto gradients = linear(sums, weight);
    auto threads = kernel_threads();
    auto scratch = bytes(ck_linear_layer_backward_scratch(&layer, threads.count));
    ck_linear_layer_backward(&threads, &layer, floats(x), floats(dy), dx.defined() ? floats(dx) : nullptr,
                           &gradients, scratch.data_ptr());
    return dx;
  }

 private:
  ck_linear_layer shape(const variable_list &w, const PackedLinear &packed) const {
    const auto outputs = w[weight].size(0);
    return {type, rows, static_cast<int>(w[weight].numel() / outputs), static_cast<int>(outputs), packed.layer};
  }
};

}  // namespace

int ct_linear_layer(const ct_tensor *x, ct_affine layer, int dtype, ct_tensor **out) {
  return returning(out, [&] {
    const auto &input = x->value;
    return fused(x, weights({layer}),
                 LinearLayer{kernel_type(type(dtype)), static_cast<int>(input.size(0)), input.requires_grad()});
  });
}
