#include "fused.h"
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <dlfcn.h>

namespace {

// libtorch's own OpenMP runtime, found by name: Swift's compiler has none, and a second one would compete for
// the cores.
using Parallel = void (*)(void (*)(void *), void *, unsigned threads, unsigned flags);
const auto parallel = reinterpret_cast<Parallel>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
const auto own_number = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "omp_get_thread_num"));
const auto team_size = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "omp_get_num_threads"));

struct Tasks {
  int count;
  void (*task)(void *, int);
  void *argument;
};

void run_own_tasks(void *pointer) {
  const auto &tasks = *static_cast<Tasks *>(pointer);
  for (int i = own_number(); i < tasks.count; i += team_size()) tasks.task(tasks.argument, i);
}

void run(const ck_threads *threads, int count, void (*task)(void *, int), void *argument) {
  if (count == 1 || !parallel || !own_number || !team_size) {
    for (int i = 0; i < count; ++i) task(argument, i);
    return;
  }
  Tasks tasks = {count, task, argument};
  // Uses the whole team even if some threads find no task: OpenMP ends threads that a smaller team leaves
  // unused.
  parallel(run_own_tasks, &tasks, static_cast<unsigned>(threads->count), 0);
}

}  // namespace

namespace ct {

ck_threads kernel_threads() { return {at::get_num_threads(), run}; }

Samples::Samples(const ct_tensor *factors, const ct_tensor *x)
    : count(static_cast<int>(x->value.size(0))), tokens(static_cast<int>(x->value.size(1))) {
  const float *values = factors ? floats(factors->value) : nullptr;
  for (int i = 0; i < count; ++i) {
    if (values && values[i] == 0) continue;
    kept.push_back(i);
    if (values) factor = values[i];
  }
}

GradientPlace::GradientPlace(const at::Tensor &weight)
    : is_own_(weight.is_leaf() && weight.grad().defined() && weight.grad().is_contiguous()),
      memory_(is_own_ ? weight.grad() : at::zeros_like(weight)) {}

at::Tensor GradientPlace::rest() const { return is_own_ ? at::Tensor() : memory_; }

}  // namespace ct

namespace {

/// Whether libtorch uses these instructions here, by its name for them: ATEN_CPU_CAPABILITY, which can ask
/// for fewer, applies to both.
bool has_instructions() {
  auto name = at::get_cpu_capability();
  if (name == "AVX2") return ck_instructions_use(CK_AVX2) == 0;
  return name.rfind("AVX512", 0) == 0 && ck_instructions_in_use() >= CK_AVX512;
}

}  // namespace

bool ct_fuses(int dtype) {
  static const bool has_them = has_instructions();
  switch (ct::type(dtype)) {
    case at::kFloat: return has_them;
    // With AMX tiles, libtorch's products are faster than kernels without them.
    case at::kBFloat16: return has_them && !ck_has_tiles();
    default: return false;
  }
}
