// The kernels of an instruction set as a table of functions, and the choice of one at run time.
#pragma once
#include "system.h"

namespace ck {

/// What activations are kept in and how products are formed: each kernel is assembled for each.
enum Kind { float32, bfloat16_fma, bfloat16_dot };

struct Table {
  /// Multiply-adds a nanosecond of products in registers; the second is 0 without a dot product.
  double (*fma_rate)();
  double (*dot_rate)();
};

namespace avx2 {
extern const Table table;
}
namespace avx512 {
extern const Table table;
}
namespace avx512_bf16 {
extern const Table table;
}

/// The table of the set in use; traps where the CPU has none.
const Table &table();

/// The kind that a type of activations takes with the products in use.
Kind kind_of(ck_type type);

}  // namespace ck
