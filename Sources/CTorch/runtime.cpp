// Process-wide functions of libtorch: version, threads, memory, devices.
#include "handles.h"
#include "keeping_allocator.h"
#include "block_threads.h"
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <cstdlib>
#include <dlfcn.h>
#include <torch/headeronly/version.h>
#include <type_traits>

using ct::guarded;

const char *ct_last_error(void) { return ct::last_error.c_str(); }

// The loaded library's own version; the header's is that of the library this was built against.
static std::string version() {
  const std::string settings = at::show_config(), name = "TORCH_VERSION=";
  const auto start = settings.find(name);
  if (start == std::string::npos) return TORCH_VERSION;
  const auto from = start + name.size();
  return settings.substr(from, settings.find_first_of(",\n ", from) - from);
}

const char *ct_version(void) {
  static const std::string name = version();
  return name.c_str();
}

const char *ct_built_version(void) { return TORCH_VERSION; }

const char *ct_library_path(void) {
  static const std::string path = [] {
    Dl_info own{};
    const auto address = reinterpret_cast<const void *>(&at::show_config);
    return std::string(dladdr(address, &own) && own.dli_fname ? own.dli_fname : "");
  }();
  return path.c_str();
}

const char *ct_compiler(void) { return __VERSION__; }

const char *ct_instruction_set(void) {
  static const std::string name = at::get_cpu_capability();
  return name.c_str();
}

const char *ct_kernel_instructions(void) {
  switch (ck_instructions_in_use()) {
  case CK_AVX512_BF16: return "AVX-512 with bfloat16";
  case CK_AVX512: return "AVX-512";
  case CK_AVX2: return "AVX2";
  case CK_NONE: break;
  }
  return nullptr;
}

const char *ct_kernel_products(void) {
  if (ck_instructions_in_use() == CK_NONE) return nullptr;
  return ck_product_in_use() == CK_PRODUCT_DOT ? "dot products of pairs" : "multiply-adds of float32";
}

int ct_set_threads(int count) {
  return guarded([&] { at::set_num_threads(count); });
}

int ct_threads(int *out) {
  return guarded([&] { *out = at::get_num_threads(); });
}

int ct_keep_memory(void) {
  return guarded([&] { ct::KeepingAllocator::install(); });
}

int ct_open_library(const char *path) {
  return guarded([&] {
    // Never closed: libtorch keeps pointers to what the library registers.
    void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    TORCH_CHECK(library, dlerror());
  });
}

int ct_start_npu(int index) {
  return guarded([&] {
    // torch_npu::init_npu(c10::DeviceIndex) and torch_npu::finalize_npu(), from the libraries built without
    // Python.
    static_assert(std::is_same_v<c10::DeviceIndex, signed char>);
    const auto start = reinterpret_cast<void (*)(c10::DeviceIndex)>(dlsym(RTLD_DEFAULT, "_ZN9torch_npu8init_npuEa"));
    static const auto stop = reinterpret_cast<void (*)()>(dlsym(RTLD_DEFAULT, "_ZN9torch_npu12finalize_npuEv"));
    if (!start) return;
    start(static_cast<c10::DeviceIndex>(index));
    // Otherwise the driver would log that the process broke off.
    if (stop) std::atexit([] {
        // Stopping waits for the card.
        if (!ct::card_is_stuck) guarded([] { stop(); });
      });
  });
}

bool ct_has_registered_device(void) { return at::isPrivateUse1HooksRegistered(); }

bool ct_is_for_cuda(void) { return at::CUDAHooksRegistry()->Has("CUDAHooks"); }

int ct_start_device(int kind) {
  return guarded([&] { at::globalContext().lazyInitDevice(static_cast<at::DeviceType>(kind)); });
}

int ct_device_count(int kind, int *out) {
  return guarded([&] {
    switch (kind) {
      case CT_CPU: *out = 1; break;
      case CT_CUDA: *out = at::hasCUDA() ? at::detail::getCUDAHooks().deviceCount() : 0; break;
      default:
        *out = at::isPrivateUse1HooksRegistered() ? at::detail::getPrivateUse1Hooks().deviceCount() : 0;
    }
  });
}

int ct_set_device(int kind, int index) {
  return guarded([&] {
    const auto device = ct::device(kind, index);
    c10::impl::VirtualGuardImpl(device.type()).setDevice(device);
  });
}

int ct_peak_memory(int kind, int index, int64_t *out) {
  return guarded([&] {
    auto *counting = dynamic_cast<c10::DeviceAllocator *>(c10::GetAllocator(ct::device(kind, index).type()));
    TORCH_CHECK(counting, "the device's allocator counts nothing");
    constexpr auto all = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    const auto number = static_cast<c10::DeviceIndex>(index);
    *out = counting->initialized() ? counting->getDeviceStats(number).allocated_bytes[all].peak : 0;
  });
}
