// Copies between host and device for which nobody waits.
#include "handles.h"
#include <cstring>
#include <memory>
#include <vector>

using ct::guarded;

namespace {

/// Bytes to whose multiples tensors begin in a shared memory: what a card reads at once, and any element's size.
constexpr int64_t grain = 256;

/// Memory of the host that a device reads and writes by itself.
at::Tensor pinned(int64_t bytes) {
  return at::empty({bytes}, at::TensorOptions().dtype(at::kByte).pinned_memory(true));
}

}  // namespace

int ct_upload(const ct_tensor *const *tensors, int count, int kind, int index, ct_tensor **out) {
  return guarded([&] {
    std::vector<int64_t> starts;
    int64_t end = 0;
    for (int i = 0; i < count; ++i) {
      starts.push_back(end);
      end += (static_cast<int64_t>(tensors[i]->value.nbytes()) + grain - 1) / grain * grain;
    }
    // Given back before the copy is over: its allocator keeps the memory until then.
    const auto host = pinned(end);
    for (int i = 0; i < count; ++i) {
      const auto tensor = tensors[i]->value.contiguous();
      if (tensor.nbytes() > 0) std::memcpy(host.data_ptr<uint8_t>() + starts[i], tensor.data_ptr(), tensor.nbytes());
    }
    const auto there = host.to(ct::device(kind, index), /*non_blocking=*/true);
    std::vector<std::unique_ptr<ct_tensor>> parts;
    for (int i = 0; i < count; ++i) {
      const auto &tensor = tensors[i]->value;
      const auto bytes = there.narrow(0, starts[i], static_cast<int64_t>(tensor.nbytes()));
      parts.emplace_back(new ct_tensor{bytes.view(tensor.scalar_type()).view(tensor.sizes())});
    }
    for (int i = 0; i < count; ++i) out[i] = parts[i].release();
  });
}
