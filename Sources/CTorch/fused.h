// The common code of network parts that are single operations for autograd.
//
// A part is a small struct of sizes with `name` and `operations` (of its forward pass, for a profile),
// `memory` (what its forward pass saves for the backward pass), and `forward` and `backward`, which call
// CKernels. `fused` makes it an operation on tensors.
#pragma once
#include "handles.h"
#include "packed.h"
#include "profile.h"
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/custom_class.h>
#include <algorithm>
#include <utility>
#include <vector>

#include "block.h"

namespace ct {

using torch::autograd::variable_list;

inline ck_type kernel_type(at::ScalarType type) { return type == at::kBFloat16 ? CK_BFLOAT16 : CK_FLOAT32; }
inline at::ScalarType tensor_type(ck_type type) { return type == CK_BFLOAT16 ? at::kBFloat16 : at::kFloat; }

/// The samples of a batch for which a branch is computed.
struct Samples {
  /// Reads `factors` [B], by which each sample's branch over tokens [B, N, C] is multiplied: 0 or one common
  /// value; null keeps all samples.
  Samples(const ct_tensor *factors, const ct_tensor *x);

  std::vector<int32_t> kept;
  float factor = 1;
  int count, tokens;

  ck_samples view() const { return {count, tokens, static_cast<int>(kept.size()), kept.data(), factor}; }
  int64_t rows() const { return static_cast<int64_t>(kept.size()) * tokens; }
};


/// Where a kernel adds a weight's gradient: directly into the leaf's gradient memory if it has some, so that
/// autograd need not add it again.
class GradientPlace {
 public:
  explicit GradientPlace(const at::Tensor &weight);

  float *data() const { return floats(memory_); }

  /// The gradient that autograd still has to add; undefined means none. Autograd notifies the hooks either
  /// way.
  at::Tensor rest() const;

 private:
  bool is_own_;
  at::Tensor memory_;
};

/// A linear layer whose weight is packed for one direction, with that memory.
struct PackedLinear {
  at::Tensor memory;
  ck_linear layer = {};

  PackedLinear(const at::Tensor &weight, const at::Tensor &bias, Packing how) : memory(packed(weight, how)) {
    (how.back ? layer.back : layer.weight) = memory.data_ptr();
    layer.bias = floats(bias);
  }
};

/// Where the gradients of a layer or norm go, by the number of its first weight.
inline ck_linear_gradients linear(const std::vector<GradientPlace> &sums, int weight) {
  return {sums[weight].data(), sums[weight + 1].data()};
}
inline ck_norm_gradients norm_gradients(const std::vector<GradientPlace> &sums, int gamma) {
  return {sums[gamma].data(), sums[gamma + 1].data()};
}

/// What a backward pass needs besides tensors.
template <class Part>
struct Call : torch::CustomClassHolder {
  Part part;
  size_t weight_count;
  Call(Part part, size_t weight_count) : part(std::move(part)), weight_count(weight_count) {}
};

template <class Part>
struct Fused : torch::autograd::Function<Fused<Part>> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x, at::TensorList leaves,
                            Part part) {
    auto weights = leaves.vec();
    CT_PART(Part::name, part.operations(weights));
    auto saved = part.memory(x, weights);
    auto y = part.forward(x, weights, &saved);
    context->saved_data["call"] = c10::IValue::make_capsule(
        c10::make_intrusive<Call<Part>>(std::move(part), weights.size()));
    weights.insert(weights.end(), saved.begin(), saved.end());
    context->save_for_backward(std::move(weights));
    return y;
  }

  static variable_list backward(torch::autograd::AutogradContext *context, variable_list gradients) {
    auto capsule = context->saved_data["call"].toCapsule();
    const auto &call = static_cast<const Call<Part> &>(*capsule);
    auto saved = context->get_saved_variables();
    variable_list weights(saved.begin(), saved.begin() + static_cast<std::ptrdiff_t>(call.weight_count));
    saved.erase(saved.begin(), saved.begin() + static_cast<std::ptrdiff_t>(call.weight_count));
    CT_PART(Part::name, 2 * call.part.operations(weights));
    std::vector<GradientPlace> places(weights.begin(), weights.end());
    variable_list results = {call.part.backward(gradients[0].contiguous(), weights, saved, places)};
    for (const auto &place : places) results.push_back(place.rest());
    results.emplace_back();  // for the part
    return results;
  }
};

/// The layers' weights, each followed by its bias.
inline variable_list weights(std::initializer_list<ct_affine> layers) {
  variable_list weights;
  for (const auto &layer : layers) weights.insert(weights.end(), {layer.weight->value, layer.bias->value});
  return weights;
}

/// Makes a part of the network over float32 tokens [B, N, C] or images one operation.
template <class Part>
at::Tensor fused(const ct_tensor *x, const variable_list &weights, Part part) {
  auto input = x->value.contiguous();
  auto learns = [](const at::Tensor &t) { return t.requires_grad(); };
  if (c10::GradMode::is_enabled() && (learns(input) || std::any_of(weights.begin(), weights.end(), learns)))
    return Fused<Part>::apply(input, at::TensorList(weights), std::move(part));
  CT_PART(Part::name, part.operations(weights));
  return part.forward(input, weights, nullptr);
}

}  // namespace ct
