// Sixteen floats a vector: AVX-512 F, BW, DQ, VL, and bfloat16 instructions where CK_DOT is 1. See vectors.h.
#pragma once

inline constexpr int W = 16;             // lanes of a vector
inline constexpr int panel_vectors = 4;  // vectors of a panel of packed weights: 6 rows of them fill 24 registers

inline constexpr float least_power = -150;  // 2 to it is 0

using F = __m512;
using I = __m512i;

CK_INLINE F zero() { return _mm512_setzero_ps(); }
CK_INLINE F all(float x) { return _mm512_set1_ps(x); }
CK_INLINE F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }    // a·b + c
CK_INLINE F fnma(F a, F b, F c) { return _mm512_fnmadd_ps(a, b, c); }  // c - a·b
CK_INLINE F at_most(float limit, F x) { return _mm512_min_ps(all(limit), x); }   // keeps NaN
CK_INLINE F at_least(float limit, F x) { return _mm512_max_ps(all(limit), x); }  // keeps NaN
CK_INLINE F greater(F a, F b) { return _mm512_max_ps(a, b); }
CK_INLINE F magnitude(F x) { return _mm512_abs_ps(x); }
CK_INLINE F where_negative(F x, F then, F otherwise) {
  return _mm512_mask_blend_ps(_mm512_movepi32_mask(_mm512_castps_si512(x)), otherwise, then);
}
CK_INLINE F nearest(F x) { return _mm512_roundscale_ps(x, 8); }
CK_INLINE F times_power_of_two(F x, F n) { return _mm512_scalef_ps(x, n); }  // x · 2ⁿ, n whole
CK_INLINE F reciprocal(F x) {  // of an ordinary number; a Newton step after the estimate of 14 bits
  F estimate = _mm512_rcp14_ps(x);
  return fma(fnma(estimate, x, all(1)), estimate, estimate);
}
CK_INLINE float sum(F x) {
  __m256 half = _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
  __m128 quarter = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
  quarter = _mm_add_ps(quarter, _mm_movehl_ps(quarter, quarter));
  return _mm_cvtss_f32(_mm_add_ss(quarter, _mm_movehdup_ps(quarter)));
}
CK_INLINE float greatest(F x) { return _mm512_reduce_max_ps(x); }

CK_INLINE __mmask16 first(int n) { return (__mmask16)((1u << n) - 1); }  // n ≤ 16

CK_INLINE F first_lanes(F x, int n) { return _mm512_maskz_mov_ps(first(n), x); }  // the others 0

CK_INLINE F load(const float *p) { return _mm512_loadu_ps(p); }
CK_INLINE F load(const float *p, int n) { return _mm512_maskz_loadu_ps(first(n), p); }
CK_INLINE void store(float *p, F x) { _mm512_storeu_ps(p, x); }
CK_INLINE void store(float *p, F x, int n) { _mm512_mask_storeu_ps(p, first(n), x); }

CK_INLINE F gathered(const float *p, int stride) {
  const I lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return _mm512_i32gather_ps(_mm512_mullo_epi32(lane, _mm512_set1_epi32(stride)), p, 4);
}

CK_INLINE F widened(__m256i halves) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

/// Each lane rounded to bfloat16, ties to even, in the lane's upper half; its lower half is garbage.
CK_INLINE I rounded_upper(F x) {
  I bits = _mm512_castps_si512(x);
  I odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  I up = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF)));
  __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
  return _mm512_mask_or_epi32(up, nan, bits, _mm512_set1_epi32(0x400000));
}

CK_INLINE __m256i narrowed(F x) {
#if CK_DOT
  return (__m256i)_mm512_cvtneps_pbh(x);
#else
  return _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded_upper(x), 16));
#endif
}

CK_INLINE F load(const bfloat16 *p) { return widened(_mm256_loadu_si256((const __m256i *)p)); }
CK_INLINE F load(const bfloat16 *p, int n) { return widened(_mm256_maskz_loadu_epi16(first(n), p)); }
CK_INLINE void store(bfloat16 *p, F x) { _mm256_storeu_si256((__m256i *)p, narrowed(x)); }
CK_INLINE void store(bfloat16 *p, F x, int n) { _mm256_mask_storeu_epi16(p, first(n), narrowed(x)); }

/// Lane i of a pair vector holds the bfloat16 values (even[i], odd[i]), the even one in its lower half.
CK_INLINE I paired(F even, F odd) {
#if CK_DOT
  const I order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5,
                                   20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(order, (I)_mm512_cvtne2ps_pbh(odd, even));
#else
  return _mm512_mask_blend_epi16(0xAAAAAAAA, _mm512_srli_epi32(rounded_upper(even), 16), rounded_upper(odd));
#endif
}
CK_INLINE I load_pairs(const uint32_t *p) { return _mm512_loadu_si512(p); }
CK_INLINE void store_pairs(uint32_t *p, I x) { _mm512_storeu_si512(p, x); }
CK_INLINE I all_pairs(uint32_t x) { return _mm512_set1_epi32((int)x); }
CK_INLINE F even_of_pairs(I x) { return _mm512_castsi512_ps(_mm512_slli_epi32(x, 16)); }
CK_INLINE F odd_of_pairs(I x) { return _mm512_castsi512_ps(_mm512_and_si512(x, _mm512_set1_epi32((int)0xFFFF0000))); }

#if CK_DOT
/// The lanes of both as bfloat16 values, one after the other.
CK_INLINE F joined_pairs(F low, F high) { return (F)_mm512_cvtne2ps_pbh(high, low); }

/// sum + even·even + odd·odd in each lane.
CK_INLINE F dot(F sum, I a, I b) { return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b); }
#endif
