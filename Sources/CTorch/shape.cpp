// Views and changes of shape.
#include "handles.h"
#include <vector>

using ct::returning;

int ct_reshape(const ct_tensor *t, const int64_t *shape, int rank, ct_tensor **out) {
  return returning(out, [&] { return t->value.reshape(ct::shape(shape, rank)); });
}

int ct_permute(const ct_tensor *t, const int64_t *order, int rank, ct_tensor **out) {
  return returning(out, [&] { return t->value.permute(ct::shape(order, rank)); });
}

int ct_transpose(const ct_tensor *t, int64_t a, int64_t b, ct_tensor **out) {
  return returning(out, [&] { return t->value.transpose(a, b); });
}

int ct_flatten(const ct_tensor *t, int64_t first, int64_t last, ct_tensor **out) {
  return returning(out, [&] { return t->value.flatten(first, last); });
}

int ct_contiguous(const ct_tensor *t, ct_tensor **out) {
  return returning(out, [&] { return t->value.contiguous(); });
}

int ct_narrow(const ct_tensor *t, int64_t dimension, int64_t start, int64_t length, ct_tensor **out) {
  return returning(out, [&] { return t->value.narrow(dimension, start, length); });
}

int ct_select(const ct_tensor *t, int64_t dimension, int64_t index, ct_tensor **out) {
  return returning(out, [&] { return t->value.select(dimension, index); });
}

int ct_split(const ct_tensor *t, int64_t dimension, int count, ct_tensor **out) {
  return ct::guarded([&] {
    const auto parts = t->value.split(t->value.size(dimension) / count, dimension);
    TORCH_CHECK(parts.size() == static_cast<size_t>(count), parts.size(), " parts taken as ", count);
    for (int i = 0; i < count; ++i) out[i] = new ct_tensor{parts[i]};
  });
}

int ct_flip(const ct_tensor *t, int64_t dimension, ct_tensor **out) {
  return returning(out, [&] { return t->value.flip({dimension}); });
}

int ct_pad(const ct_tensor *t, const int64_t *amounts, int count, ct_tensor **out) {
  return returning(out, [&] { return at::constant_pad_nd(t->value, ct::shape(amounts, count)); });
}

int ct_repeat(const ct_tensor *t, int64_t count, ct_tensor **out) {
  return returning(out, [&] {
    auto shape = t->value.sizes().vec();
    TORCH_CHECK(!shape.empty() && shape[0] == 1, "a tensor of shape ", t->value.sizes(), " repeated as if it were one element");
    shape[0] = count;
    return t->value.expand(shape);
  });
}

int ct_concatenate(ct_tensor *const *parts, int count, int64_t dimension, ct_tensor **out) {
  return returning(out, [&] {
    std::vector<at::Tensor> tensors;
    for (int i = 0; i < count; ++i) tensors.push_back(parts[i]->value);
    return at::cat(tensors, dimension);
  });
}
