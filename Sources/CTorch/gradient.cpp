// Autograd and the optimizer's fused update.
#include "handles.h"
#include <vector>

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
  return guarded([&] { t->value.mutable_grad() = grad->value; });
}

int ct_backward(const ct_tensor *loss) {
  return guarded([&] { loss->value.backward(); });
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

int ct_adamw_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *means,
              ct_tensor *const *squares, int count, double step, double rate, double beta1,
              double beta2, double decay, double epsilon) {
  return guarded([&] {
    if (count == 0) return;
    c10::NoGradGuard no_grad;
    auto on_device = weights[0]->value.options().dtype(at::kFloat);
    std::vector<at::Tensor> steps(count, at::full({}, step, on_device));
    at::_fused_adamw_(list(weights, count), list(grads, count), list(means, count), list(squares, count), {},
                      steps, rate, beta1, beta2, decay, epsilon, /*amsgrad=*/false, /*maximize=*/false);
  });
}

int ct_sgd_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *momenta, int count,
            double rate, double momentum, double decay, bool first) {
  return guarded([&] {
    if (count == 0) return;
    c10::NoGradGuard no_grad;
    at::_fused_sgd_(list(weights, count), list(grads, count), list(momenta, count), decay, momentum, rate,
                    /*dampening=*/0, /*nesterov=*/true, /*maximize=*/false, first);
  });
}
