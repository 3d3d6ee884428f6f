// The library as a whole: version, threads, memory, devices.
#include "handles.h"
#include "keeping_allocator.h"
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <dlfcn.h>
#include <torch/headeronly/version.h>

using ct::guarded;

const char *ct_last_error(void) { return ct::last_error.c_str(); }

// The loaded library's own word for it: the header's is of the one that this was built against.
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

const char *ct_compiler(void) { return __VERSION__; }

const char *ct_instruction_set(void) {
  static const std::string name = at::get_cpu_capability();
  return name.c_str();
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
    // Never closed: libtorch keeps what it registers.
    void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    TORCH_CHECK(library, dlerror());
  });
}

bool ct_has_registered_device(void) { return at::isPrivateUse1HooksRegistered(); }

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
