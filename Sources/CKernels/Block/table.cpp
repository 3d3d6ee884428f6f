// Chooses an instruction set by what the CPU has, and the product of bfloat16 values by what the CPU does fast.
#include "table.h"

namespace ck {

static std::atomic<int> chosen_set = CK_NONE;
static std::atomic<int> chosen_product = 0;

static const Table *table_of([[maybe_unused]] int set) {
#if defined(__x86_64__)
  switch (set) {
    case CK_AVX2: return &avx2::table;
    case CK_AVX512: return &avx512::table;
    case CK_AVX512_BF16: return &avx512_bf16::table;
    default: break;
  }
#endif
  return nullptr;
}

const Table &table() {
  const Table *table = table_of(ck_instructions_in_use());
  if (!table) __builtin_trap();
  return *table;
}

/// Whether the dot product is faster, by the best of several short runs of each kind, taken alternately and
/// timed by the thread's own processor time, since others may use the core at any moment.
///
/// The kinds round differently, so the choice must be the same in every process: on the CPUs that were
/// measured one is twice as fast as the other, and where they are close the multiply-add is taken.
static bool measured_dot_is_faster() {
  double dot = 0, fma = 0;
  for (int round = 0; round < 8; round++) {
    const double dot_now = ck_product_rate(CK_PRODUCT_DOT), fma_now = ck_product_rate(CK_PRODUCT_FMA);
    dot = dot_now > dot ? dot_now : dot;
    fma = fma_now > fma ? fma_now : fma;
  }
  return dot > 1.25 * fma;
}

static bool dot_is_faster() {
  static const bool faster = measured_dot_is_faster();
  return faster;
}

const Kernels &kernels_for(ck_type type) {
  if (type == CK_FLOAT32) return table().kernels[float32];
  return table().kernels[ck_product_in_use() == CK_PRODUCT_DOT ? bfloat16_dot : bfloat16_fma];
}

}  // namespace ck

extern "C" ck_instructions ck_instructions_available(void) {
#if !defined(__x86_64__)
  return CK_NONE;
#else
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return CK_NONE;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
    return CK_AVX2;
  return __builtin_cpu_supports("avx512bf16") ? CK_AVX512_BF16 : CK_AVX512;
#endif
}

extern "C" int ck_has_tiles(void) {
#if defined(__x86_64__)
  // CPUID leaf 7 says that the CPU has tiles (AMX) and their bfloat16 products, XCR0 that the system keeps their state.
  unsigned a, b, c, d;
  const unsigned saves = 1u << 27, tiles = 1u << 24 | 1u << 22, state = 1u << 18 | 1u << 17;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & saves)) return 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & tiles) != tiles) return 0;
  unsigned low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & state) == state;
#else
  return 0;
#endif
}

extern "C" ck_instructions ck_instructions_in_use(void) {
  static const ck_instructions best = ck_instructions_available();
  int chosen = ck::chosen_set.load(std::memory_order_relaxed);
  return chosen ? (ck_instructions)chosen : best;
}

extern "C" int ck_instructions_use(ck_instructions set) {
  if (set > ck_instructions_available()) return 1;
  ck::chosen_set = set;
  return 0;
}

extern "C" ck_product ck_product_in_use(void) {
  if (ck_instructions_in_use() != CK_AVX512_BF16) return CK_PRODUCT_FMA;
  int chosen = ck::chosen_product.load(std::memory_order_relaxed);
  if (chosen) return (ck_product)chosen;
  return ck::dot_is_faster() ? CK_PRODUCT_DOT : CK_PRODUCT_FMA;
}

extern "C" int ck_product_use(int product) {
  if (product == CK_PRODUCT_DOT && ck_instructions_in_use() != CK_AVX512_BF16) return 1;
  ck::chosen_product = product;
  return 0;
}

extern "C" double ck_product_rate(ck_product product) {
  const ck::Table *own = ck::table_of(ck_instructions_in_use());
  if (!own) return 0;
  const auto rate = product == CK_PRODUCT_DOT ? own->dot_rate : own->fma_rate;
  return rate ? rate() : 0;
}
