// Updates for which libtorch has no fused operation, one tensor at a time, for a card that may record them.
#include <algorithm>
#include <cmath>

#include "handles.h"

using ct::changing;

namespace {

/// An update's limits as tensor operations.
struct Limits {
  const ct_tensor *divisor, *barrier;

  /// Returns a gradient after dividing it in place.
  at::Tensor gradient(ct_tensor *handle) const {
    if (divisor) handle->value.div_(divisor->value);
    return handle->value;
  }

  /// Gives a tensor its new elements unless the barrier forbids changes.
  void settle(at::Tensor place, const at::Tensor &next) const {
    place.copy_(barrier ? at::where(barrier->value > 0, place, next) : next);
  }
};

/// Adam's two running means, updated with a gradient.
struct Means {
  at::Tensor mean, square;

  Means(const at::Tensor &g, const at::Tensor &m, const at::Tensor &v, double beta1, double beta2)
      : mean(m + (1 - beta1) * (g - m)), square(beta2 * v + (1 - beta2) * g * g) {}

  /// Adam's direction at step `step`, which counts from 1.
  at::Tensor direction(const at::Tensor &step, double beta1, double beta2, double epsilon) const {
    auto correction = [&](double beta) { return 1 - at::pow(beta, step); };
    return mean / correction(beta1) / (square.sqrt() / correction(beta2).sqrt() + epsilon);
  }
};

/// A matrix with singular values of nearly 1: five Newton-Schulz steps with timm's "quintic" coefficients.
at::Tensor orthogonal(const at::Tensor &matrix, double epsilon) {
  static constexpr double steps[][3] = {{4.0848, -6.8946, 2.9270},
                                        {3.9505, -6.3029, 2.6377},
                                        {3.7418, -5.5913, 2.3037},
                                        {2.8769, -3.1427, 1.2046},
                                        {2.8366, -3.0525, 1.2012}};
  bool is_tall = matrix.size(0) > matrix.size(1);
  auto x = is_tall ? matrix.t() : matrix;
  x = x / x.norm().clamp_min(epsilon);
  for (auto [a, b, c] : steps) {
    auto square = at::mm(x, x.t());
    x = a * x + at::mm(b * square + c * at::mm(square, square), x);
  }
  return is_tall ? x.t() : x;
}

}  // namespace

int ct_lion_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *means, int count,
             const ct_tensor *rate, double beta1, double beta2, double decay, ct_limits limits) {
  return changing([&] {
    c10::NoGradGuard no_grad;
    Limits keep = {limits.divisor, limits.barrier};
    for (int i = 0; i < count; ++i) {
      auto w = weights[i]->value, m = means[i]->value, g = keep.gradient(grads[i]);
      auto direction = (m + (1 - beta1) * (g - m)).sign();
      keep.settle(w, w * (1 - rate->value * decay) - rate->value * direction);
      keep.settle(m, m + (1 - beta2) * (g - m));
    }
  });
}

int ct_lamb_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *means, ct_tensor *const *squares,
             int count, const ct_tensor *step, const ct_tensor *rate, double beta1, double beta2, double decay,
             double epsilon, ct_limits limits) {
  return changing([&] {
    c10::NoGradGuard no_grad;
    Limits keep = {limits.divisor, limits.barrier};
    for (int i = 0; i < count; ++i) {
      auto w = weights[i]->value, m = means[i]->value, v = squares[i]->value, g = keep.gradient(grads[i]);
      Means next(g, m, v, beta1, beta2);
      auto direction = next.direction(step->value, beta1, beta2, epsilon);
      if (decay != 0) {
        direction = direction + decay * w;
        auto own = w.norm(), of = direction.norm();
        direction = direction * at::where((own > 0).logical_and(of > 0), own / of, at::ones_like(own));
      }
      keep.settle(w, w - rate->value * direction);
      keep.settle(m, next.mean);
      keep.settle(v, next.square);
    }
  });
}

int ct_cautious_adamw_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *means,
                       ct_tensor *const *squares, int count, const ct_tensor *step, const ct_tensor *rate,
                       double beta1, double beta2, double decay, double epsilon, ct_limits limits) {
  return changing([&] {
    c10::NoGradGuard no_grad;
    Limits keep = {limits.divisor, limits.barrier};
    for (int i = 0; i < count; ++i) {
      auto w = weights[i]->value, m = means[i]->value, v = squares[i]->value, g = keep.gradient(grads[i]);
      Means next(g, m, v, beta1, beta2);
      auto agrees = (next.mean * g > 0).to(w.scalar_type());
      auto direction = next.direction(step->value, beta1, beta2, epsilon) * agrees / agrees.mean().clamp_min(1e-3);
      keep.settle(w, w * (1 - rate->value * decay) - rate->value * direction);
      keep.settle(m, next.mean);
      keep.settle(v, next.square);
    }
  });
}

int ct_muon_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *means, int count,
             const ct_tensor *rate, double momentum, double decay, double epsilon, ct_limits limits) {
  return changing([&] {
    c10::NoGradGuard no_grad;
    Limits keep = {limits.divisor, limits.barrier};
    for (int i = 0; i < count; ++i) {
      auto w = weights[i]->value, m = means[i]->value, g = keep.gradient(grads[i]);
      auto mean = m + (1 - momentum) * (g - m);
      auto direction = orthogonal(mean.flatten(1), epsilon);
      // Scales the step to the usual size of AdamW's.
      double size = 0.2 * std::sqrt(std::max(direction.size(0), direction.size(1)));
      keep.settle(w, w * (1 - rate->value * decay) - rate->value * size * direction.reshape(w.sizes()));
      keep.settle(m, mean);
    }
  });
}

int ct_clip_values_(ct_tensor *gradient, double limit) {
  return changing([&] { gradient->value.clamp_(-limit, limit); });
}

int ct_clip_units_(ct_tensor *const *grads, ct_tensor *const *weights, int count, double factor) {
  return changing([&] {
    c10::NoGradGuard no_grad;
    // A matrix or kernel has one norm per output.
    auto norm = [](const at::Tensor &t) { return t.dim() < 2 ? t.norm() : t.flatten(1).norm(2, {1}, true); };
    for (int i = 0; i < count; ++i) {
      auto &g = grads[i]->value;
      auto most = norm(weights[i]->value).clamp_min(1e-3) * factor, own = norm(g);
      auto scale = at::where(own < most, at::ones_like(own), most / own.clamp_min(1e-6));
      if (g.dim() < 2) g.mul_(scale);
      else g.flatten(1).mul_(scale);
    }
  });
}
