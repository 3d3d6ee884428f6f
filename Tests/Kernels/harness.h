// What the tests and benchmarks of the block's kernels share: threads, comparisons with ATen, and every way to run.
#pragma once
#include <ATen/ATen.h>

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "block.h"

namespace harness {

struct Call {
  void (*task)(void *, int);
  void *argument;
};

template <class Function>
Function named(const char *name) {
  auto function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
  if (!function) std::abort();
  return function;
}

/// Tasks on the threads of libtorch's own OpenMP, a thread each.
inline void run_tasks(const ck_threads *, int tasks, void (*task)(void *, int), void *argument) {
  static const auto parallel = named<void (*)(void (*)(void *), void *, unsigned, unsigned)>("GOMP_parallel");
  static const auto number = named<int (*)()>("omp_get_thread_num");
  Call call = {task, argument};
  parallel(
      [](void *p) {
        const Call &call = *static_cast<Call *>(p);
        call.task(call.argument, number());
      },
      &call, (unsigned)tasks, 0);
}

inline ck_threads threads(int count) { return {count, run_tasks}; }

/// One way to run: an instruction set and how bfloat16 products are formed.
struct Way {
  ck_instructions set;
  ck_product product;
  ck_type type;
  std::string set_name() const {
    const char *sets[] = {"none", "avx2", "avx512", "avx512_bf16"};
    return sets[set];
  }
  std::string name() const {
    std::string kind = type == CK_FLOAT32 ? "float32" : product == CK_PRODUCT_DOT ? "bfloat16 dot" : "bfloat16 fma";
    return set_name() + " " + kind;
  }
  void use() const {
    if (ck_instructions_use(set) || ck_product_use(product)) std::abort();
  }
};

/// Every way that this CPU can run.
inline std::vector<Way> ways() {
  std::vector<Way> ways;
  for (int set = CK_AVX2; set <= ck_instructions_available(); set++) {
    ways.push_back({(ck_instructions)set, CK_PRODUCT_FMA, CK_FLOAT32});
    ways.push_back({(ck_instructions)set, CK_PRODUCT_FMA, CK_BFLOAT16});
    if (set == CK_AVX512_BF16) ways.push_back({(ck_instructions)set, CK_PRODUCT_DOT, CK_BFLOAT16});
  }
  return ways;
}

/// Memory aligned to 64 bytes and not a byte longer than asked for, so that a sanitizer sees the first access beyond it;
/// filled with bytes that make NaN, so that a read of what was not written shows.
struct Memory {
  explicit Memory(size_t size) {
    if (posix_memalign(&bytes, 64, size)) std::abort();
    std::memset(bytes, 0xFF, size);
  }
  Memory(const Memory &) = delete;
  ~Memory() { std::free(bytes); }
  void *bytes;
};

/// The relative error of `got` in the Euclidean norm; 0 where both are nothing.
inline double error(const at::Tensor &got, const at::Tensor &expected) {
  at::Tensor e = expected.to(at::kDouble), g = got.to(at::kDouble);
  double size = e.norm().item<double>(), off = (g - e).norm().item<double>();
  return off == 0 ? 0 : off / (size > 0 ? size : 1);
}

inline bool same_bits(const at::Tensor &a, const at::Tensor &b) {
  return a.numel() == b.numel() &&
         std::memcmp(a.const_data_ptr(), b.const_data_ptr(), (size_t)a.numel() * a.element_size()) == 0;
}

inline int failures = 0;

inline void check(bool right, const char *format, auto... values) {
  if (right) return;
  failures++;
  std::printf("FAILED: ");
  std::printf(format, values...);
  std::printf("\n");
}

}  // namespace harness
