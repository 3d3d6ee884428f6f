// The classifier behind the blocks as a single operation.
#include "fused.h"

using namespace ct;

namespace {

/// x Wᵀ + b over features [B, C].
struct Classifier {
  ck_type type;
  int rows;
  bool differentiates_x;

  enum { weight, bias };

  static constexpr const char *name = "classifier";

  double operations(const variable_list &w) const { return 2.0 * rows * static_cast<double>(w[weight].numel()); }

  variable_list memory(const at::Tensor &x, const variable_list &) const { return {x}; }

  at::Tensor forward(const at::Tensor &x, const variable_list &w, const variable_list *) const {
    PackedLinear layer(w[weight], w[bias], {type, false});
    auto classifier = shape(w, layer);
    auto y = at::empty({rows, w[weight].size(0)});
    auto threads = kernel_threads();
    auto scratch = bytes(ck_classifier_forward_scratch(&classifier, threads.count));
    ck_classifier_forward(&threads, &classifier, floats(x), floats(y), scratch.data_ptr());
    return y;
  }

  at::Tensor backward(const at::Tensor &dy, const variable_list &w, const variable_list &memory,
                      const std::vector<GradientPlace> &sums) const {
    PackedLinear layer(w[weight], w[bias], {type, true});
    auto classifier = shape(w, layer);
    const auto &x = memory[0];
    auto dx = differentiates_x ? at::empty_like(x) : at::Tensor();
    auto gradients = linear(sums, weight);
    auto threads = kernel_threads();
    auto scratch = bytes(ck_classifier_backward_scratch(&classifier, threads.count));
    ck_classifier_backward(&threads, &classifier, floats(x), floats(dy), dx.defined() ? floats(dx) : nullptr,
                           &gradients, scratch.data_ptr());
    return dx;
  }

 private:
  ck_classifier shape(const variable_list &w, const PackedLinear &layer) const {
    return {type, rows, static_cast<int>(w[weight].size(1)), static_cast<int>(w[weight].size(0)), layer.layer};
  }
};

}  // namespace

int ct_classifier(const ct_tensor *x, ct_affine layer, int dtype, ct_tensor **out) {
  return returning(out, [&] {
    const auto &input = x->value;
    return fused(x, weights({layer}),
                 Classifier{kernel_type(type(dtype)), static_cast<int>(input.size(0)), input.requires_grad()});
  });
}
