// Halves of a block as single operations for autograd: what all of them share.
//
// A half is a small struct of sizes with `name` and `operations` (of its forward pass, for a profile), `memory` (what its
// forward pass leaves for the backward one), `forward` and `backward`, which call CKernels. `fused` makes it an
// operation on tensors.
#pragma once
#include "handles.h"
#include "profile.h"
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/custom_class.h>
#include <utility>
#include <vector>

#include "block.h"

namespace ct {

using torch::autograd::variable_list;

/// As many threads as libtorch's operations use, of the same pool.
ck_threads kernel_threads();

/// Memory for a kernel, aligned to 64 bytes; it is not set.
inline at::Tensor bytes(size_t count) { return at::empty({static_cast<int64_t>(count)}, at::kByte); }

inline ck_type kernel_type(at::ScalarType type) { return type == at::kBFloat16 ? CK_BFLOAT16 : CK_FLOAT32; }
inline at::ScalarType tensor_type(ck_type type) { return type == CK_BFLOAT16 ? at::kBFloat16 : at::kFloat; }

inline float *floats(const at::Tensor &tensor) { return tensor.data_ptr<float>(); }

/// The samples of a batch that a branch is computed for.
struct Samples {
  /// `factors` [B] has what each sample's branch is multiplied by, 0 or one value for all; undefined keeps all.
  Samples(const at::Tensor &factors, const at::Tensor &x);

  std::vector<int32_t> kept;
  float factor = 1;
  int count, tokens;

  ck_samples view() const { return {count, tokens, static_cast<int>(kept.size()), kept.data(), factor}; }
  int64_t rows() const { return static_cast<int64_t>(kept.size()) * tokens; }
};

/// A float32 weight [outputs, …], packed for a direction of its product; the memory is the tensor's.
at::Tensor packed(const at::Tensor &weight, ck_type type, decltype(ck_pack_forward) pack);

/// Where a kernel adds the gradient of a weight: into the leaf's own memory where it has some, so that nobody adds it
/// again.
class GradientPlace {
 public:
  explicit GradientPlace(const at::Tensor &weight);

  float *data() const { return floats(memory_); }

  /// What is left for autograd to add, once the gradient is whole. Undefined means nothing; autograd tells who waits for
  /// the gradient all the same.
  at::Tensor rest() const;

 private:
  bool is_own_;
  at::Tensor memory_;
};

/// What a backward pass knows beside tensors.
template <class Half>
struct Call : torch::CustomClassHolder {
  Half half;
  Samples samples;
  size_t weight_count;
  Call(Half half, Samples samples, size_t weight_count)
      : half(half), samples(std::move(samples)), weight_count(weight_count) {}
};

template <class Half>
struct Fused : torch::autograd::Function<Fused<Half>> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x, at::TensorList leaves,
                            Half half, Samples samples) {
    auto weights = leaves.vec();
    CT_PART(Half::name, half.operations(weights, samples));
    auto saved = half.memory(weights, samples);
    auto y = half.forward(x, weights, samples, &saved);
    context->saved_data["call"] = c10::IValue::make_capsule(
        c10::make_intrusive<Call<Half>>(half, std::move(samples), weights.size()));
    weights.insert(weights.end(), saved.begin(), saved.end());
    context->save_for_backward(std::move(weights));
    return y;
  }

  static variable_list backward(torch::autograd::AutogradContext *context, variable_list gradients) {
    auto capsule = context->saved_data["call"].toCapsule();
    const auto &call = static_cast<const Call<Half> &>(*capsule);
    auto saved = context->get_saved_variables();
    variable_list weights(saved.begin(), saved.begin() + static_cast<std::ptrdiff_t>(call.weight_count));
    saved.erase(saved.begin(), saved.begin() + static_cast<std::ptrdiff_t>(call.weight_count));
    CT_PART(Half::name, 2 * call.half.operations(weights, call.samples));
    std::vector<GradientPlace> places(weights.begin(), weights.end());
    auto dy = gradients[0].contiguous();
    auto dx = at::empty_like(dy);
    call.half.backward(dy, dx, weights, saved, call.samples, places);
    variable_list results = {dx};
    for (const auto &place : places) results.push_back(place.rest());
    results.resize(results.size() + 2);  // of the half and the samples
    return results;
  }
};

/// The layers' weights, each followed by its bias.
inline variable_list weights(std::initializer_list<ct_affine> layers) {
  variable_list weights;
  for (const auto &layer : layers) weights.insert(weights.end(), {layer.weight->value, layer.bias->value});
  return weights;
}

/// A half of a block over float32 tokens [B, N, C].
template <class Half>
at::Tensor fused(const ct_tensor *x, const variable_list &weights, const ct_tensor *factors, Half half) {
  auto tokens = x->value.contiguous();
  Samples samples(factors ? factors->value : at::Tensor(), tokens);
  if (c10::GradMode::is_enabled())
    return Fused<Half>::apply(tokens, at::TensorList(weights), half, std::move(samples));
  CT_PART(Half::name, half.operations(weights, samples));
  return half.forward(tokens, weights, samples, nullptr);
}

}  // namespace ct
