// Asynchronous copies between host and device.
#include "handles.h"
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <cstring>
#include <memory>
#include <vector>

using ct::changing;
using ct::guarded;

namespace {

/// The alignment of tensors in shared memory, in bytes: what a card reads at once, and a multiple of any
/// element's size.
constexpr int64_t grain = 256;

/// Makes a tensor in pinned host memory, which a device can access directly.
at::Tensor pinned(at::IntArrayRef sizes, at::ScalarType type) {
  return at::empty(sizes, at::TensorOptions().dtype(type).pinned_memory(true));
}

/// Several CPU tensors packed into one block of memory, for one copy to a device.
struct Package {
  at::Tensor bytes;
  /// The byte offset of each tensor.
  std::vector<int64_t> starts;

  Package(const ct_tensor *const *tensors, int count) {
    int64_t end = 0;
    for (int i = 0; i < count; ++i) {
      starts.push_back(end);
      end += (static_cast<int64_t>(tensors[i]->value.nbytes()) + grain - 1) / grain * grain;
    }
    // Freed before the copy is done; the pinned allocator keeps the memory until then.
    bytes = pinned({end}, at::kByte);
    for (int i = 0; i < count; ++i) {
      const auto tensor = tensors[i]->value.contiguous();
      if (tensor.nbytes() > 0) std::memcpy(bytes.data_ptr<uint8_t>() + starts[i], tensor.data_ptr(), tensor.nbytes());
    }
  }
};

}  // namespace

struct ct_readback {
  at::Tensor host;
  c10::Event done;
};

int ct_upload(const ct_tensor *const *tensors, int count, int kind, int index, ct_tensor **out) {
  return guarded([&] {
    const Package package(tensors, count);
    const auto there = package.bytes.to(ct::device(kind, index), /*non_blocking=*/true);
    std::vector<std::unique_ptr<ct_tensor>> parts;
    for (int i = 0; i < count; ++i) {
      const auto &tensor = tensors[i]->value;
      const auto bytes = there.narrow(0, package.starts[i], static_cast<int64_t>(tensor.nbytes()));
      parts.emplace_back(new ct_tensor{bytes.view(tensor.scalar_type()).view(tensor.sizes())});
    }
    for (int i = 0; i < count; ++i) out[i] = parts[i].release();
  });
}

int ct_upload_again(const ct_tensor *const *tensors, int count, ct_tensor *const *there) {
  return changing([&] {
    for (int i = 0; i < count; ++i) {
      const auto &from = tensors[i]->value, &to = there[i]->value;
      TORCH_CHECK(from.sizes() == to.sizes() && from.scalar_type() == to.scalar_type(), "a tensor of shape ", from.sizes(),
                  " sent to one of ", to.sizes());
    }
    const Package package(tensors, count);
    const auto whole = at::empty({0}, there[0]->value.options().dtype(at::kByte))
                           .set_(there[0]->value.storage(), 0, package.bytes.sizes(), {1});
    whole.copy_(package.bytes, /*non_blocking=*/true);
  });
}

int ct_readback_begin(const ct_tensor *t, ct_readback **out) {
  return guarded([&] {
    TORCH_CHECK(t->value.is_contiguous(), "only what lies in a row is read back beside other work");
    const auto device = t->value.device();
    auto host = pinned(t->value.sizes(), t->value.scalar_type());
    c10::NoGradGuard no_grad;
    host.copy_(t->value, /*non_blocking=*/true);
    c10::Event done(device.type());
    done.record(c10::impl::VirtualGuardImpl(device.type()).getStream(device));
    *out = new ct_readback{std::move(host), std::move(done)};
  });
}

void *ct_readback_place(const ct_readback *readback, size_t *bytes) {
  *bytes = readback->host.nbytes();
  return readback->host.data_ptr();
}

int ct_readback_is_done(const ct_readback *readback, bool *out) {
  return guarded([&] { *out = readback->done.query(); });
}

int ct_readback_finish(const ct_readback *readback) {
  return guarded([&] {
    if (!readback->done.query()) readback->done.synchronize();
  });
}

void ct_readback_free(ct_readback *readback) { delete readback; }
