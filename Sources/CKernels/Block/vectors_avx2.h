// Eight floats a vector: AVX2 and FMA. See vectors.h.
#pragma once

inline constexpr int W = 8;              // lanes of a vector
inline constexpr int panel_vectors = 2;  // vectors of a panel of packed weights: 6 rows of them fill 12 registers

inline constexpr float least_power = -127;  // 2 to it is 0

using F = __m256;
using I = __m256i;

CK_INLINE F zero() { return _mm256_setzero_ps(); }
CK_INLINE F all(float x) { return _mm256_set1_ps(x); }
CK_INLINE F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }    // a·b + c
CK_INLINE F fnma(F a, F b, F c) { return _mm256_fnmadd_ps(a, b, c); }  // c - a·b
CK_INLINE F at_most(float limit, F x) { return _mm256_min_ps(all(limit), x); }   // keeps NaN
CK_INLINE F at_least(float limit, F x) { return _mm256_max_ps(all(limit), x); }  // keeps NaN
CK_INLINE F greater(F a, F b) { return _mm256_max_ps(a, b); }
CK_INLINE F magnitude(F x) { return _mm256_andnot_ps(all(-0.0f), x); }
CK_INLINE F where_negative(F x, F then, F otherwise) { return _mm256_blendv_ps(otherwise, then, x); }
CK_INLINE F nearest(F x) { return _mm256_round_ps(x, 8); }
CK_INLINE F times_power_of_two(F x, F n) {  // x · 2ⁿ, n whole, -127 ≤ n ≤ 128; 2⁻¹²⁷ counts as 0
  I exponent = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
  return _mm256_mul_ps(x, _mm256_castsi256_ps(exponent));
}
CK_INLINE F reciprocal(F x) { return _mm256_div_ps(all(1), x); }
CK_INLINE float sum(F x) {
  __m128 quarter = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  quarter = _mm_add_ps(quarter, _mm_movehl_ps(quarter, quarter));
  return _mm_cvtss_f32(_mm_add_ss(quarter, _mm_movehdup_ps(quarter)));
}
CK_INLINE float greatest(F x) {
  __m128 quarter = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  quarter = _mm_max_ps(quarter, _mm_movehl_ps(quarter, quarter));
  return _mm_cvtss_f32(_mm_max_ss(quarter, _mm_movehdup_ps(quarter)));
}

CK_INLINE I first(int n) {  // n ≤ 8
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

CK_INLINE F first_lanes(F x, int n) { return _mm256_and_ps(x, _mm256_castsi256_ps(first(n))); }  // the others 0

CK_INLINE F load(const float *p) { return _mm256_loadu_ps(p); }
CK_INLINE F load(const float *p, int n) { return _mm256_maskload_ps(p, first(n)); }
CK_INLINE void store(float *p, F x) { _mm256_storeu_ps(p, x); }
CK_INLINE void store(float *p, F x, int n) { _mm256_maskstore_ps(p, first(n), x); }

CK_INLINE F gathered(const float *p, int stride) {
  const I lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_i32gather_ps(p, _mm256_mullo_epi32(lane, _mm256_set1_epi32(stride)), 4);
}

CK_INLINE F widened(__m128i halves) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}

/// Each lane rounded to bfloat16, ties to even, in the lane's upper half; its lower half is garbage.
CK_INLINE I rounded_upper(F x) {
  I bits = _mm256_castps_si256(x);
  I odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  I up = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF)));
  I quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
  return _mm256_castps_si256(_mm256_blendv_ps(_mm256_castsi256_ps(up), _mm256_castsi256_ps(quiet),
                                              _mm256_cmp_ps(x, x, _CMP_UNORD_Q)));
}

CK_INLINE __m128i narrowed(F x) {
  I upper = _mm256_srli_epi32(rounded_upper(x), 16);
  return _mm_packus_epi32(_mm256_castsi256_si128(upper), _mm256_extracti128_si256(upper, 1));
}

CK_INLINE F load(const bfloat16 *p) { return widened(_mm_loadu_si128((const __m128i *)p)); }
CK_INLINE F load(const bfloat16 *p, int n) {
  bfloat16 some[W] = {};
  __builtin_memcpy(some, p, (size_t)n * sizeof *p);
  return load(some);
}
CK_INLINE void store(bfloat16 *p, F x) { _mm_storeu_si128((__m128i *)p, narrowed(x)); }
CK_INLINE void store(bfloat16 *p, F x, int n) {
  bfloat16 some[W];
  store(some, x);
  __builtin_memcpy(p, some, (size_t)n * sizeof *p);
}

/// Lane i of a pair vector holds the bfloat16 values (even[i], odd[i]), the even one in its lower half.
CK_INLINE I paired(F even, F odd) {
  return _mm256_blend_epi16(_mm256_srli_epi32(rounded_upper(even), 16), rounded_upper(odd), 0xAA);
}
CK_INLINE I load_pairs(const uint32_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
CK_INLINE void store_pairs(uint32_t *p, I x) { _mm256_storeu_si256((__m256i *)p, x); }
CK_INLINE I all_pairs(uint32_t x) { return _mm256_set1_epi32((int)x); }
CK_INLINE F even_of_pairs(I x) { return _mm256_castsi256_ps(_mm256_slli_epi32(x, 16)); }
CK_INLINE F odd_of_pairs(I x) { return _mm256_castsi256_ps(_mm256_and_si256(x, _mm256_set1_epi32((int)0xFFFF0000))); }
