// A part of the network as one operation that saves only its input: the backward pass computes the part again
// and differentiates that (Chen et al. 2016, "Training deep nets with sublinear memory cost").
#include "handles.h"
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>
#include <algorithm>
#include <memory>

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

/// The caller's function of a tensor, with its context.
struct Part : torch::CustomClassHolder {
  using Call = void (*)(void *, ct_tensor *, bool, ct_tensor *);
  using Release = void (*)(void *);
  Part(Call call, void *context, Release release) : call_(call), context_(context, release) {}

  /// If not `is_read`, the result's values need not be computed.
  at::Tensor operator()(const at::Tensor &x, bool is_read = true) const {
    ct_tensor y;
    call_(context_.get(), new ct_tensor{x}, is_read, &y);
    return std::move(y.value);
  }

 private:
  Call call_;
  std::unique_ptr<void, Release> context_;
};

struct Recomputed : torch::autograd::Function<Recomputed> {
  /// `anchor` requires a gradient where x does not but a weight inside does: otherwise autograd would skip
  /// this backward.
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &anchor,
                            c10::intrusive_ptr<Part> part) {
    auto y = (*part)(x);
    context->saved_data["learns"] = x.requires_grad();
    context->saved_data["part"] = c10::IValue::make_capsule(std::move(part));
    context->save_for_backward({x});
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    auto capsule = context->saved_data["part"].toCapsule();
    const auto &part = static_cast<const Part &>(*capsule);
    auto x = context->get_saved_variables()[0].detach();
    x.set_requires_grad(context->saved_data["learns"].toBool());
    at::Tensor y;
    {
      c10::AutoGradMode records(true);
      y = part(x, /*is_read=*/false);
    }
    // Computes the gradients of the weights inside, whose hooks run as usual.
    torch::autograd::backward({y}, {gradients[0]});
    return {x.grad(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

void ct_hand_over(ct_tensor *place, const ct_tensor *t) { place->value = t->value; }

int ct_recomputed(const ct_tensor *x, ct_tensor *const *weights, int count,
                  void (*call)(void *context, ct_tensor *x, bool is_read, ct_tensor *y), void *context,
                  void (*release)(void *context), ct_tensor **out) {
  auto part = c10::make_intrusive<Part>(call, context, release);
  return ct::returning(out, [&] {
    const auto &input = x->value;
    bool learns = std::any_of(weights, weights + count, [](const ct_tensor *w) { return w->value.requires_grad(); });
    if (!c10::GradMode::is_enabled() || !(learns || input.requires_grad())) return (*part)(input);
    auto anchor = at::empty({0});
    anchor.set_requires_grad(!input.requires_grad());
    return Recomputed::apply(input, anchor, part);
  });
}
