// Chooses an instruction set by what the CPU has, and the product of bfloat16 values by what the CPU does fast.
#include "table.h"

namespace ck {

static std::atomic<int> chosen_set = CK_NONE;
static std::atomic<int> chosen_product = 0;

static const Table *table_of(int set) {
  switch (set) {
    case CK_AVX2: return &avx2::table;
    case CK_AVX512: return &avx512::table;
    case CK_AVX512_BF16: return &avx512_bf16::table;
    default: return nullptr;
  }
}

const Table &table() {
  const Table *table = table_of(ck_instructions_in_use());
  if (!table) __builtin_trap();
  return *table;
}

struct Rates {
  double dot, fma;
};

/// The better of several short runs each, in turns: another process or the host may take the core at any time.
static Rates measured_rates() {
  const Table *best = table_of(ck_instructions_available());
  if (!best) __builtin_trap();
  Rates rates = {0, 0};
  for (int round = 0; round < 8; round++) {
    double fma = best->fma_rate(), dot = best->dot_rate ? best->dot_rate() : 0;
    rates = {dot > rates.dot ? dot : rates.dot, fma > rates.fma ? fma : rates.fma};
  }
  return rates;
}

static const Rates &rates_of_best() {
  static const Rates rates = measured_rates();
  return rates;
}

Kind kind_of(ck_type type) {
  if (type == CK_FLOAT32) return float32;
  return ck_product_in_use() == CK_PRODUCT_DOT ? bfloat16_dot : bfloat16_fma;
}

}  // namespace ck

extern "C" ck_instructions ck_instructions_available(void) {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return CK_NONE;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
    return CK_AVX2;
  return __builtin_cpu_supports("avx512bf16") ? CK_AVX512_BF16 : CK_AVX512;
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
  return ck::rates_of_best().dot > ck::rates_of_best().fma ? CK_PRODUCT_DOT : CK_PRODUCT_FMA;
}

extern "C" int ck_product_use(int product) {
  if (product == CK_PRODUCT_DOT && ck_instructions_in_use() != CK_AVX512_BF16) return 1;
  ck::chosen_product = product;
  return 0;
}

extern "C" void ck_product_rates(double *dot, double *fma) {
  *dot = ck::rates_of_best().dot;
  *fma = ck::rates_of_best().fma;
}
