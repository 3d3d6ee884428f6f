// What makes, moves and reshapes tensors on a card.
#include "recorder.h"
#include <ATen/EmptyTensor.h>
#include <ATen/native/Resize.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/view_native.h>
#include <torch/library.h>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

namespace {

using namespace card;

constexpr c10::DispatchKeySet keys(c10::DispatchKey::PrivateUse1);

/// Makes the card of an operation the thread's, as long as it lives.
struct OnCard {
  int before = current();
  explicit OnCard(std::optional<c10::Device> device) {
    if (device && device->has_index()) set_current(device->index());
  }
  ~OnCard() { set_current(before); }
};

at::Tensor empty(c10::IntArrayRef sizes, std::optional<c10::ScalarType> type, std::optional<c10::Layout>,
                 std::optional<c10::Device> device, std::optional<bool>, std::optional<c10::MemoryFormat> format) {
  OnCard guard(device);
  return at::detail::empty_generic(sizes, allocator(), keys, c10::dtype_or_default(type), format);
}

at::Tensor empty_strided(c10::IntArrayRef sizes, c10::IntArrayRef strides, std::optional<c10::ScalarType> type,
                         std::optional<c10::Layout>, std::optional<c10::Device> device, std::optional<bool>) {
  OnCard guard(device);
  return at::detail::empty_strided_generic(sizes, strides, allocator(), keys, c10::dtype_or_default(type));
}

std::mutex arriving_mutex;

/// Where downloads go that are on their way, and what they bring.
std::vector<std::pair<at::Tensor, at::Tensor>> &arriving() {
  static auto *const downloads = new std::vector<std::pair<at::Tensor, at::Tensor>>;
  return *downloads;
}

at::Tensor copy_from(const at::Tensor &source, const at::Tensor &target, bool non_blocking) {
  const bool from_card = source.device().type() == kind, to_card = target.device().type() == kind;
  const auto &host = from_card ? target : source;
  if (from_card && to_card) {
    note(Event::launch, "aten::copy_");
    recorded([from = on_host(source), to = on_host(target)] { to.copy_(from); });
  } else {
    refuse_recorded(to_card ? "nothing is uploaded" : "nothing is read back");
    const bool pageable = !is_pinned(host.data_ptr());
    note(to_card ? (pageable ? Event::pageable_upload : Event::upload) : Event::download, "", host.nbytes());
    // The host may not go on before the bytes have been taken from it, or are there.
    if (pageable || !non_blocking) {
      note(Event::wait);
    } else if (from_card) {
      std::lock_guard lock(arriving_mutex);
      arriving().emplace_back(target, on_host(source).clone());
      std::memset(target.data_ptr(), 0xff, target.nbytes());
      return target;
    }
  }
  on_host(target).copy_(on_host(source));
  return target;
}

at::Tensor copy_from_and_resize(const at::Tensor &source, const at::Tensor &target) {
  target.resize_(source.sizes());
  return copy_from(source, target, false);
}

at::Scalar item(const at::Tensor &tensor) {
  refuse_recorded("nothing is read back");
  note(Event::download, "", tensor.nbytes());
  note(Event::wait);
  return on_host(tensor).item();
}

at::Tensor view(const at::Tensor &tensor, c10::IntArrayRef sizes) { return at::native::view(tensor, sizes); }

at::Tensor as_strided(const at::Tensor &tensor, c10::IntArrayRef sizes, c10::IntArrayRef strides,
                      std::optional<int64_t> offset) {
  return at::native::as_strided_tensorimpl(tensor, sizes, strides, offset);
}

at::Tensor reshape_alias(const at::Tensor &tensor, c10::IntArrayRef sizes, c10::IntArrayRef strides) {
  return at::native::_reshape_alias(tensor, sizes, strides);
}

/// libtorch's own touches the memory.
const at::Tensor &resize(const at::Tensor &tensor, c10::IntArrayRef sizes, std::optional<c10::MemoryFormat>) {
  auto *own = tensor.unsafeGetTensorImpl();
  const auto elements = c10::multiply_integers(sizes) + tensor.storage_offset();
  const auto bytes = static_cast<size_t>(elements) * tensor.itemsize();
  auto *storage = tensor.storage().unsafeGetStorageImpl();
  if (bytes > storage->nbytes()) {
    OnCard guard(tensor.device());
    auto memory = allocator()->allocate(bytes);
    allocator()->copy_data(memory.get(), storage->data(), storage->nbytes());
    storage->set_data_ptr_noswap(std::move(memory));
    storage->set_nbytes(bytes);
  }
  own->set_sizes_contiguous(sizes);
  return tensor;
}

at::Tensor &set_storage(at::Tensor &tensor, at::Storage source, int64_t offset, c10::IntArrayRef sizes,
                        c10::IntArrayRef strides) {
  tensor.unsafeGetTensorImpl()->set_storage_keep_dtype(source);
  tensor.unsafeGetTensorImpl()->set_storage_offset(offset);
  tensor.unsafeGetTensorImpl()->set_sizes_and_strides(sizes, strides);
  return tensor;
}

}  // namespace

namespace card {

at::Tensor on_host(const at::Tensor &tensor) {
  if (tensor.device().type() != kind) return tensor;
  check_current(tensor.get_device());
  touch(tensor.data_ptr());
  return at::from_blob(held(tensor.data_ptr()), tensor.sizes(), tensor.strides(), tensor.options().device(at::kCPU));
}

at::Tensor on_card(const at::Tensor &tensor, const at::Tensor &beside) {
  auto made = at::empty_strided(tensor.sizes(), tensor.strides(), tensor.options().device(beside.device()));
  if (tensor.numel() > 0) on_host(made).copy_(tensor);
  return made;
}

void arrive() {
  std::lock_guard lock(arriving_mutex);
  for (const auto &[target, brought] : arriving()) target.copy_(brought);
  arriving().clear();
}

}  // namespace card

TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  library.impl("empty.memory_format", empty);
  library.impl("empty_strided", empty_strided);
  library.impl("_copy_from", copy_from);
  library.impl("_copy_from_and_resize", copy_from_and_resize);
  library.impl("_local_scalar_dense", item);
  library.impl("view", view);
  library.impl("as_strided", as_strided);
  library.impl("_reshape_alias", reshape_alias);
  library.impl("resize_", resize);
  library.impl("set_.source_Storage_storage_offset", set_storage);
}
