// Element-wise maths and reductions.
#include "handles.h"

using ct::changing;
using ct::returning;

int ct_add(const ct_tensor *a, const ct_tensor *b, ct_tensor **out) {
  return returning(out, [&] { return at::add(a->value, b->value); });
}

int ct_subtract(const ct_tensor *a, const ct_tensor *b, ct_tensor **out) {
  return returning(out, [&] { return at::sub(a->value, b->value); });
}

int ct_multiply(const ct_tensor *a, const ct_tensor *b, ct_tensor **out) {
  return returning(out, [&] { return at::mul(a->value, b->value); });
}

int ct_add_(ct_tensor *a, const ct_tensor *b) {
  return changing([&] {
    c10::NoGradGuard no_grad;
    a->value.add_(b->value);
  });
}

int ct_multiply_(ct_tensor *a, const ct_tensor *b) {
  return changing([&] {
    c10::NoGradGuard no_grad;
    a->value.mul_(b->value);
  });
}

int ct_divide(const ct_tensor *a, const ct_tensor *b, ct_tensor **out) {
  return returning(out, [&] { return at::div(a->value, b->value); });
}

int ct_scale(const ct_tensor *a, double factor, ct_tensor **out) {
  return returning(out, [&] { return at::mul(a->value, factor); });
}

int ct_scale_(ct_tensor *a, double factor) {
  return changing([&] {
    c10::NoGradGuard no_grad;
    a->value.mul_(factor);
  });
}

int ct_lerp_(ct_tensor *a, const ct_tensor *b, double weight) {
  return changing([&] {
    c10::NoGradGuard no_grad;
    a->value.lerp_(b->value, weight);
  });
}

int ct_lerp_by_(ct_tensor *a, const ct_tensor *b, const ct_tensor *weight) {
  return changing([&] {
    c10::NoGradGuard no_grad;
    a->value.lerp_(b->value, weight->value);
  });
}

int ct_mean(const ct_tensor *t, int64_t dimension, ct_tensor **out) {
  return returning(out, [&] { return at::mean(t->value, dimension); });
}

int ct_sum(const ct_tensor *t, ct_tensor **out) {
  return returning(out, [&] { return at::sum(t->value); });
}

int ct_norm(const ct_tensor *t, ct_tensor **out) {
  return returning(out, [&] { return at::linalg_vector_norm(t->value, 2, {}, false, at::kDouble); });
}

int ct_clip_divisor(const ct_tensor *norm, double limit, ct_tensor **out) {
  return returning(out, [&] {
    auto divisor = at::empty(norm->value.sizes(), norm->value.options().dtype(at::kFloat));
    // (norm + 1e-6) / limit, as one operation.
    at::add_out(divisor, at::scalar_tensor(1e-6 / limit, at::kDouble), norm->value, 1 / limit);
    return divisor.clamp_min_(1);
  });
}

int ct_note_non_finite_(ct_tensor *flag, const ct_tensor *numbers) {
  return changing([&] {
    c10::NoGradGuard no_grad;
    at::_amp_foreach_non_finite_check_and_unscale_({numbers->value}, flag->value, at::ones_like(flag->value));
  });
}

int ct_top_indices(const ct_tensor *t, int64_t count, ct_tensor **out) {
  return returning(out, [&] { return std::get<1>(at::topk(t->value, count)); });
}

int ct_softmax(const ct_tensor *t, ct_tensor **out) {
  return returning(out, [&] { return at::softmax(t->value, -1); });
}

int ct_highest(const ct_tensor *t, ct_tensor **out) {
  return returning(out, [&] { return at::amax(t->value, -1); });
}

int ct_where(const ct_tensor *mask, const ct_tensor *a, const ct_tensor *b, ct_tensor **out) {
  return returning(out, [&] { return at::where(mask->value.view(at::kBool), a->value, b->value); });
}
