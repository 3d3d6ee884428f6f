// Loss functions.
#include "handles.h"
#include <limits>
#include <optional>

using ct::returning;

static std::optional<at::Tensor> optional(const ct_tensor *t) {
  return t ? std::optional(t->value) : std::nullopt;
}

int ct_cross_entropy(const ct_tensor *logits, const ct_tensor *labels, const ct_tensor *weights, double smoothing,
                     bool sums, ct_tensor **out) {
  return returning(out, [&] {
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
