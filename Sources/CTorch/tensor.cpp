// The creation, content and destruction of tensors.
#include "handles.h"
#include <ATen/CPUGeneratorImpl.h>
#include <cstring>

using ct::changing;
using ct::guarded;
using ct::returning;

static at::TensorOptions options(int dtype, int kind, int index) {
  return at::TensorOptions().dtype(ct::type(dtype)).device(ct::device(kind, index));
}

int ct_empty(const int64_t *shape, int rank, int dtype, int kind, int index, ct_tensor **out) {
  return returning(out, [&] { return at::empty(ct::shape(shape, rank), options(dtype, kind, index)); });
}

int ct_zeros(const int64_t *shape, int rank, int dtype, int kind, int index, ct_tensor **out) {
  return returning(out, [&] { return at::zeros(ct::shape(shape, rank), options(dtype, kind, index)); });
}

int ct_from_bytes(const void *bytes, const int64_t *shape, int rank, int dtype, ct_tensor **out) {
  return returning(out, [&] {
    at::Tensor t = at::empty(ct::shape(shape, rank), options(dtype, CT_CPU, 0));
    std::memcpy(t.data_ptr(), bytes, t.nbytes());
    return t;
  });
}

int ct_from_memory(void *bytes, const int64_t *shape, int rank, int dtype, void *owner,
                   void (*release)(void *owner), ct_tensor **out) {
  return returning(out, [&] {
    return at::from_blob(bytes, ct::shape(shape, rank), [=](void *) { release(owner); }, ct::type(dtype));
  });
}

int ct_copy_to_bytes(const ct_tensor *t, void *bytes, size_t count) {
  return guarded([&] {
    at::Tensor here = t->value.detach().to(at::kCPU).contiguous();
    TORCH_CHECK(here.nbytes() == count, "a tensor of ", here.nbytes(), " bytes read into ", count);
    std::memcpy(bytes, here.data_ptr(), count);
  });
}

int ct_copy_from_bytes(ct_tensor *t, const void *bytes, size_t count) {
  return changing([&] {
    TORCH_CHECK(t->value.nbytes() == count, "a tensor of ", t->value.nbytes(), " bytes filled from ", count);
    c10::NoGradGuard no_grad;
    at::Tensor source = at::from_blob(const_cast<void *>(bytes), t->value.sizes(), t->value.scalar_type());
    t->value.copy_(source);
  });
}

int ct_data(ct_tensor *t, void **out) {
  return guarded([&] {
    TORCH_CHECK(t->value.is_cpu() && t->value.is_contiguous(), "only contiguous CPU memory can be lent");
    *out = t->value.data_ptr();
  });
}

int ct_card_data(ct_tensor *t, void **out) {
  return guarded([&] {
    TORCH_CHECK(!t->value.is_cpu() && t->value.is_contiguous(), "only contiguous memory of a card is there to be named");
    *out = t->value.data_ptr();
  });
}

void ct_free(ct_tensor *t) { delete t; }
int ct_rank(const ct_tensor *t) { return static_cast<int>(t->value.dim()); }
int64_t ct_size(const ct_tensor *t, int dimension) { return t->value.size(dimension); }
int64_t ct_count(const ct_tensor *t) { return t->value.numel(); }
int ct_dtype_of(const ct_tensor *t) { return static_cast<int>(t->value.scalar_type()); }

int ct_device_of(const ct_tensor *t, int *index) {
  at::Device device = t->value.device();
  *index = device.has_index() ? device.index() : 0;
  return static_cast<int>(device.type());
}

int ct_item(const ct_tensor *t, double *out) {
  return guarded([&] { *out = t->value.item().toDouble(); });
}

int ct_to(const ct_tensor *t, int dtype, int kind, int index, ct_tensor **out) {
  return returning(out, [&] { return t->value.to(ct::device(kind, index), ct::type(dtype)); });
}

int ct_cast(const ct_tensor *t, int dtype, ct_tensor **out) {
  return returning(out, [&] { return t->value.to(ct::type(dtype)); });
}

// Drawn on the CPU whatever the device, so that a seed gives the same numbers everywhere.
int ct_normal_(ct_tensor *t, double mean, double deviation, uint64_t seed) {
  return changing([&] {
    c10::NoGradGuard no_grad;
    at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    if (t->value.is_cpu()) {
      t->value.normal_(mean, deviation, generator);
    } else {
      t->value.copy_(at::empty(t->value.sizes(), at::kFloat).normal_(mean, deviation, generator));
    }
  });
}

int ct_bernoulli_(ct_tensor *t, double chance, uint64_t seed) {
  return changing([&] {
    TORCH_CHECK(t->value.is_cpu(), "chances are drawn on the CPU");
    c10::NoGradGuard no_grad;
    t->value.bernoulli_(chance, at::make_generator<at::CPUGeneratorImpl>(seed));
  });
}

int ct_fill_(ct_tensor *t, double value) {
  return changing([&] {
    c10::NoGradGuard no_grad;
    t->value.fill_(value);
  });
}

int ct_copy_(ct_tensor *t, const ct_tensor *source) {
  return changing([&] {
    c10::NoGradGuard no_grad;
    t->value.copy_(source->value);
  });
}

int ct_put_(ct_tensor *t, const ct_tensor *places, const ct_tensor *values) {
  return changing([&] {
    c10::NoGradGuard no_grad;
    t->value.view(-1).scatter_(0, places->value, values->value);
  });
}
