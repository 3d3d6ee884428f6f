// Autograd and the optimizer's fused update.
#include "handles.h"
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>
#include <map>
#include <memory>
#include <optional>
#include <vector>

using ct::changing;
using ct::changing;
using ct::guarded;
using ct::returning;

int ct_set_requires_grad(ct_tensor *t, bool value) {
  return guarded([&] { t->value.set_requires_grad(value); });
}

int ct_grad(const ct_tensor *t, ct_tensor **out) {
  return returning(out, [&] {
    TORCH_CHECK(t->value.grad().defined(), "no gradient has been computed for this tensor");
    return t->value.grad();
  });
}

int ct_set_grad(ct_tensor *t, const ct_tensor *grad) {
  return changing([&] { t->value.mutable_grad() = grad->value; });
}

int ct_backward(const ct_tensor *loss) {
  return changing([&] { loss->value.backward(); });
}

int ct_take_gradients(ct_tensor *const *places, ct_tensor *const *leaves, ct_tensor *const *others, int count) {
  return changing([&] {
    c10::NoGradGuard no_grad;
    struct Move {
      std::vector<at::Tensor> to, from;
    };
    // One operation copies all gradients of a type.
    std::map<at::ScalarType, Move> moves;
    for (int i = 0; i < count; ++i) {
      auto *gradient = &leaves[i]->value.mutable_grad();
      if (!gradient->defined() && others) gradient = &others[i]->value.mutable_grad();
      if (!gradient->defined()) {
        places[i]->value.zero_();
        continue;
      }
      auto &move = moves[gradient->scalar_type()];
      move.to.push_back(places[i]->value);
      move.from.push_back(std::move(*gradient));
      gradient->reset();
    }
    for (const auto &[type, move] : moves) at::_foreach_copy_(move.to, move.from);
  });
}

int ct_set_data(ct_tensor *t, const ct_tensor *data) {
  return changing([&] {
    TORCH_CHECK(t->value.sizes() == data->value.sizes(), "a tensor of shape ", t->value.sizes(), " moved into memory of ",
                data->value.sizes());
    t->value.set_data(data->value);
  });
}

namespace {

/// A C callback as a libtorch hook that owns the callback's context.
struct GradientHook final : torch::autograd::PostAccumulateGradHook {
  using Call = void (*)(void *);
  GradientHook(Call callback, void *context, Call release) : callback_(callback), context_(context, release) {}
  void operator()(const at::Tensor &) override { callback_(context_.get()); }

 private:
  Call callback_;
  std::unique_ptr<void, Call> context_;
};

}  // namespace

int ct_on_gradient(ct_tensor *t, void (*callback)(void *), void *context, void (*release)(void *)) {
  auto hook = std::make_unique<GradientHook>(callback, context, release);
  return guarded([&] {
    TORCH_CHECK(t->value.is_leaf() && t->value.requires_grad(), "only a leaf that asks for a gradient can tell of it");
    torch::autograd::impl::set_post_acc_grad_hooks(t->value, std::move(hook));
  });
}

bool ct_set_grad_mode(bool records) {
  bool before = c10::GradMode::is_enabled();
  c10::GradMode::set_enabled(records);
  return before;
}

static std::vector<at::Tensor> list(ct_tensor *const *handles, int count) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(count);
  for (int i = 0; i < count; ++i) tensors.push_back(handles[i]->value);
  return tensors;
}

static std::optional<at::Tensor> optional(const ct_tensor *t) {
  return t ? std::optional(t->value) : std::nullopt;
}

int ct_adamw_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *means,
              ct_tensor *const *squares, int count, const ct_tensor *step, const ct_tensor *rate, double beta1,
              double beta2, double decay, double epsilon, ct_limits limits) {
  return changing([&] {
    if (count == 0) return;
    c10::NoGradGuard no_grad;
    std::vector<at::Tensor> steps(count, step->value);
    at::_fused_adamw_(list(weights, count), list(grads, count), list(means, count), list(squares, count), {},
                      steps, rate->value, beta1, beta2, decay, epsilon, /*amsgrad=*/false, /*maximize=*/false,
                      optional(limits.divisor), optional(limits.barrier));
  });
}

int ct_sgd_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *momenta, int count,
            const ct_tensor *rate, double momentum, double decay, bool first, ct_limits limits) {
  return changing([&] {
    if (count == 0) return;
    c10::NoGradGuard no_grad;
    at::_fused_sgd_(list(weights, count), list(grads, count), list(momenta, count), decay, momentum, rate->value,
                    /*dampening=*/0, /*nesterov=*/true, /*maximize=*/false, first, optional(limits.divisor),
                    optional(limits.barrier));
  });
}
