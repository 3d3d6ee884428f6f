// A network's layers for a card. Casts, drop path and residuals, each of which libtorch would launch as an operation with its
// own pass through memory, are merged into the operation next to them.
#include "handles.h"
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <atomic>
#include <optional>
#include <vector>

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

/// Returns x in the given type and in row-major memory, with at most one copy.
at::Tensor laid_out(const at::Tensor &x, at::ScalarType type) {
  return x.scalar_type() == type ? x.contiguous() : x.to(type, false, false, at::MemoryFormat::Contiguous);
}

/// The last dimension's rows, [R, C].
at::Tensor rows(const at::Tensor &x) { return x.reshape({-1, x.size(-1)}); }

/// Whether the device has matrix products with a result wider than the factors.
bool widens(const at::Tensor &x) {
  static const auto product = c10::Dispatcher::singleton().findSchema({"aten::mm", "dtype"});
  return product && product->hasKernelForDispatchKey(c10::computeDispatchKey(std::nullopt, std::nullopt, x.device()));
}

/// Returns a · b in the given type, without a narrower copy in between where the device can do that.
at::Tensor product(const at::Tensor &a, const at::Tensor &b, at::ScalarType type) {
  static std::atomic<bool> is_refused = false;
  if (a.scalar_type() == type) return at::mm(a, b);
  if (type == at::kFloat && widens(a) && !is_refused) {
    try {
      return at::mm(a, b, type);
    } catch (const c10::OutOfMemoryError &) {
      throw;
    } catch (const c10::AcceleratorError &) {
      throw;
    } catch (const c10::Error &) {
      // This release has the operation, but not for these types.
      is_refused = true;
    }
  }
  return at::mm(a, b).to(type);
}

/// Returns the factors [B] in a shape that broadcasts over `x`.
at::Tensor beside(const at::Tensor &factors, const at::Tensor &x) {
  std::vector<int64_t> shape(static_cast<size_t>(x.dim()), 1);
  shape[0] = -1;
  return factors.reshape(shape);
}

/// x + factor · branch.
at::Tensor joined(const at::Tensor &x, const at::Tensor &branch, const std::optional<at::Tensor> &factors) {
  return factors ? at::addcmul(x, branch, beside(*factors, x)) : at::add(x, branch);
}

/// Writes factor · gradient, in the type of `place`.
void part(at::Tensor place, const at::Tensor &gradient, const at::Tensor &factors) {
  if (factors.defined()) at::mul_out(place, gradient, beside(factors, gradient));
  else place.copy_(gradient);
}

/// x · weightᵀ + bias, with products of the weight's type; on request also x in that type.
struct Linear : torch::autograd::Function<Linear> {
  static variable_list forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &weight,
                               const at::Tensor &bias, bool gives_input) {
    const auto taken = laid_out(x, weight.scalar_type());
    auto shape = x.sizes().vec();
    shape.back() = weight.size(0);
    auto y = at::addmm(bias, rows(taken), weight.t()).view(shape);
    context->set_materialize_grads(false);
    context->save_for_backward({taken, weight});
    context->saved_data["type"] = x.scalar_type();
    if (gives_input) return {y, taken};
    return {y};
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1];
    const auto gradient = rows(gradients[0]);
    at::Tensor dx, dweight, dbias;
    if (context->needs_input_grad(0)) {
      dx = product(gradient, weight, context->saved_data["type"].toScalarType()).view(x.sizes());
      if (gradients.size() > 1 && gradients[1].defined()) dx.add_(gradients[1]);
    }
    if (context->needs_input_grad(1)) dweight = at::mm(gradient.t(), rows(x));
    if (context->needs_input_grad(2)) dbias = gradient.sum(0);
    return {dx, dweight, dbias, at::Tensor()};
  }
};

/// x + factor · branch, for a branch of any type and strides.
struct Residual : torch::autograd::Function<Residual> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &branch,
                            const std::optional<at::Tensor> &factors) {
    context->save_for_backward({factors.value_or(at::Tensor())});
    context->saved_data["type"] = branch.scalar_type();
    context->saved_data["strides"] = branch.strides().vec();
    return joined(x, branch, factors);
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto factors = context->get_saved_variables()[0];
    const auto &gradient = gradients[0];
    const auto type = context->saved_data["type"].toScalarType();
    at::Tensor branch;
    if (context->needs_input_grad(1)) {
      if (factors.defined() || type != gradient.scalar_type()) {
        branch = at::empty_strided(gradient.sizes(), context->saved_data["strides"].toIntVector(),
                                   gradient.options().dtype(type));
        part(branch, gradient, factors);
      } else {
        branch = gradient;
      }
    }
    return {gradient, branch, at::Tensor()};
  }
};

/// x + factor · contract(GELU(expand(normed))); one sum makes the gradients of both biases.
struct FeedForward : torch::autograd::Function<FeedForward> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &normed,
                            const at::Tensor &w1, const at::Tensor &b1, const at::Tensor &w2, const at::Tensor &b2,
                            const std::optional<at::Tensor> &factors) {
    const auto taken = rows(laid_out(normed, w1.scalar_type()));
    const auto hidden = at::addmm(b1, taken, w1.t()), active = at::gelu(hidden);
    context->save_for_backward({taken, hidden, active, w1, w2, factors.value_or(at::Tensor())});
    context->saved_data["normed"] = normed.scalar_type();
    return joined(x, at::addmm(b2, active, w2.t()).view(x.sizes()), factors);
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &taken = saved[0], &hidden = saved[1], &active = saved[2], &w1 = saved[3], &w2 = saved[4];
    const auto &gradient = gradients[0];
    const auto outputs = w2.size(0), inner = w1.size(0);
    // The gradients of the output and of the hidden layer, side by side.
    const auto both = at::empty({taken.size(0), outputs + inner}, taken.options());
    auto outer = both.narrow(1, 0, outputs), inside = both.narrow(1, outputs, inner);
    part(outer.view(gradient.sizes()), gradient, saved[5]);
    at::gelu_backward_out(inside, at::mm(outer, w2), hidden);
    at::Tensor dnormed, dw1, db1, dw2, db2;
    if (context->needs_input_grad(1)) {
      dnormed = product(inside, w1, context->saved_data["normed"].toScalarType()).view(gradient.sizes());
    }
    if (context->needs_input_grad(2)) dw1 = at::mm(inside.t(), taken);
    if (context->needs_input_grad(4)) dw2 = at::mm(outer.t(), active);
    if (context->needs_input_grad(3) || context->needs_input_grad(5)) {
      const auto sums = both.sum(0);
      db2 = sums.narrow(0, 0, outputs);
      db1 = sums.narrow(0, outputs, inner);
    }
    return {gradient, dnormed, dw1, db1, dw2, db2, at::Tensor()};
  }
};

std::optional<at::Tensor> optional(const ct_tensor *t) { return t ? std::optional(t->value) : std::nullopt; }

}  // namespace

int ct_card_linear(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, ct_tensor **out) {
  return ct::returning(out, [&] { return Linear::apply(x->value, weight->value, bias->value, false)[0]; });
}

int ct_card_linear_and_input(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, ct_tensor **out,
                             ct_tensor **taken) {
  return ct::guarded([&] {
    auto both = Linear::apply(x->value, weight->value, bias->value, true);
    *out = new ct_tensor{both[0]};
    *taken = new ct_tensor{both[1]};
  });
}

int ct_card_residual(const ct_tensor *x, const ct_tensor *branch, const ct_tensor *factors, ct_tensor **out) {
  return ct::returning(out, [&] { return Residual::apply(x->value, branch->value, optional(factors)); });
}

int ct_card_feed_forward(const ct_tensor *x, const ct_tensor *normed, const ct_tensor *const expand[2],
                         const ct_tensor *const contract[2], const ct_tensor *factors, ct_tensor **out) {
  return ct::returning(out, [&] {
    return FeedForward::apply(x->value, normed->value, expand[0]->value, expand[1]->value, contract[0]->value,
                              contract[1]->value, optional(factors));
  });
}
