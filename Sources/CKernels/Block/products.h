// How a product of matrices is formed: what its operands are stored in, and one step along the depth.
//
// A product policy P gives
//   Element   the type of A's rows, and of everything that is written to become an operand
//   Packed    one column of one step of packed B: a float, or a pair of bfloat16 values along the depth
//   step      depths that one step covers
//   Left, left(p), right(p), multiply_add: one step of A broadcast to all lanes, W columns of B, and their product
//
// FloatProduct multiplies in float32. DotProduct takes bfloat16 pairs to float32 sums in one instruction.
// bfloat16 activations on a CPU whose dot product is slow go through FloatProduct: they are widened as they are made
// into operands, so only what is kept in memory between forward and backward is bfloat16.
#pragma once

struct FloatProduct {
  using Element = float;
  using Packed = float;
  static constexpr int step = 1;
  static CK_INLINE F left(const float *p) { return all(*p); }
  static CK_INLINE F right(const float *p) { return load(p); }
  static CK_INLINE F one() { return all(1); }
  static CK_INLINE F multiply_add(F sum, F a, F b) { return fma(a, b, sum); }

  /// Two consecutive rows of an operand of a weight gradient, W columns, at `p` and one step further.
  static CK_INLINE void store_rows(float *p, int64_t next, F even, F odd) {
    store(p, even);
    store(p + next, odd);
  }
  static constexpr int rows_per_step = 1;

  /// W columns, from `column` on, of a row whose values are broadcast.
  static CK_INLINE void store_left(float *row, int64_t column, F x) { store(row + column, x); }
};

#if CK_DOT
struct DotProduct {
  using Element = bfloat16;
  using Packed = uint32_t;
  static constexpr int step = 2;
  static CK_INLINE I left(const bfloat16 *p) {
    uint32_t pair;
    __builtin_memcpy(&pair, p, sizeof pair);
    return all_pairs(pair);
  }
  static CK_INLINE I left(const uint32_t *p) { return all_pairs(*p); }
  static CK_INLINE I right(const uint32_t *p) { return load_pairs(p); }
  static CK_INLINE I one() { return all_pairs(0x3F803F80); }
  static CK_INLINE F multiply_add(F sum, I a, I b) { return dot(sum, a, b); }

  /// 2W consecutive depths as W pairs.
  static CK_INLINE F joined(F low, F high) { return joined_pairs(low, high); }

  static CK_INLINE void store_rows(uint32_t *p, int64_t, F even, F odd) { store_pairs(p, paired(even, odd)); }
  static constexpr int rows_per_step = 2;

  static CK_INLINE void store_left(uint32_t *row, int64_t column, F x) { store((bfloat16 *)row + column, x); }
};
#endif
