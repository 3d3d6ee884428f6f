// The layers' arithmetic.
#include "handles.h"

using ct::returning;

int ct_linear(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, ct_tensor **out) {
  return returning(out, [&] { return at::linear(x->value, weight->value, bias->value); });
}

int ct_conv2d(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, int64_t stride,
              int64_t padding, int64_t groups, ct_tensor **out) {
  return returning(out, [&] {
    return at::conv2d(x->value, weight->value, bias->value, {stride, stride}, {padding, padding}, {1, 1},
                      groups);
  });
}

int ct_layer_norm(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, double epsilon,
                  ct_tensor **out) {
  return returning(out, [&] {
    return at::layer_norm(x->value, weight->value.sizes(), weight->value, bias->value, epsilon);
  });
}

int ct_gelu(const ct_tensor *x, ct_tensor **out) {
  return returning(out, [&] { return at::gelu(x->value); });
}

int ct_attention(const ct_tensor *q, const ct_tensor *k, const ct_tensor *v, ct_tensor **out) {
  return returning(out, [&] { return at::scaled_dot_product_attention(q->value, k->value, v->value); });
}

int ct_resize_bicubic(const ct_tensor *planes, int64_t height, int64_t width, ct_tensor **out) {
  return returning(out, [&] {
    const int64_t size[] = {height, width};
    return at::_upsample_bicubic2d_aa(planes->value, size, false, std::nullopt, std::nullopt);
  });
}
