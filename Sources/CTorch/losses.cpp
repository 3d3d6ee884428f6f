// Loss functions.
#include "handles.h"
#include <torch/csrc/autograd/custom_function.h>
#include <limits>
#include <optional>

using ct::returning;

static std::optional<at::Tensor> optional(const ct_tensor *t) {
  return t ? std::optional(t->value) : std::nullopt;
}

namespace {

/// Cross-entropy of classes on a card, the mean over the images: as a product with what each is to be, in eight launches where
/// libtorch's has 25, since no class is left out.
struct ClassLoss : torch::autograd::Function<ClassLoss> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &logits,
                            const at::Tensor &labels, double smoothing) {
    const auto logs = at::log_softmax(logits, -1);
    const auto images = static_cast<double>(logs.size(0)), spread = smoothing / static_cast<double>(logs.size(1));
    const auto slopes = at::full_like(logs, -spread / images);
    slopes.scatter_(1, labels.unsqueeze(1), -(1 - smoothing + spread) / images);
    context->save_for_backward({logs, slopes});
    return (slopes * logs).sum();
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &logs = saved[0], &slopes = saved[1];
    return {at::_log_softmax_backward_data(slopes * gradients[0], logs, -1, logs.scalar_type()), at::Tensor(),
            at::Tensor()};
  }
};

}  // namespace

int ct_cross_entropy(const ct_tensor *logits, const ct_tensor *labels, const ct_tensor *weights, double smoothing,
                     bool sums, ct_tensor **out) {
  return returning(out, [&] {
    if (!logits->value.is_cpu() && labels->value.dim() == 1 && !weights && !sums)
      return ClassLoss::apply(logits->value, labels->value, smoothing);
    auto reduction = sums ? at::Reduction::Sum : at::Reduction::Mean;
    return at::cross_entropy_loss(logits->value, labels->value, optional(weights), reduction, -100, smoothing);
  });
}

int ct_binary_cross_entropy(const ct_tensor *logits, const ct_tensor *targets, const ct_tensor *weights,
                            ct_tensor **out) {
  return returning(out, [&] {
    if (!weights) return at::binary_cross_entropy_with_logits(logits->value, targets->value);
    auto losses =
        at::binary_cross_entropy_with_logits(logits->value, targets->value, {}, {}, at::Reduction::None);
    // Weights an image by its classes; weighting the outputs would also scale those of other classes.
    auto counts = at::mv(targets->value, weights->value) / targets->value.sum(-1);
    return (losses * counts.unsqueeze(-1)).mean();
  });
}

int ct_focal_loss(const ct_tensor *logits, const ct_tensor *targets, const ct_tensor *weights, double gamma,
                  ct_tensor **out) {
  return returning(out, [&] {
    auto logs = at::log_softmax(logits->value, -1);
    // Rounding can make the difference negative, whose power is NaN; at 0 the slope of a power below 1 is
    // infinite.
    auto rest = at::clamp_min(1 - logs.exp(), std::numeric_limits<float>::min());
    auto losses = targets->value * at::pow(rest, gamma) * logs;
    if (weights) losses = losses * weights->value;
    return losses.sum(-1).mean().neg();
  });
}

int ct_distillation_loss(const ct_tensor *logits, const ct_tensor *known, double temperature, ct_tensor **out) {
  return returning(out, [&] {
    auto logs = [&](const ct_tensor *t) { return at::log_softmax(t->value / temperature, -1); };
    auto divergence = at::kl_div(logs(logits), logs(known), at::Reduction::Sum, true);
    return divergence * (temperature * temperature / static_cast<double>(logits->value.numel()));
  });
}
