// The vector layer: what a kernel is written over, once for all instruction sets.
//
// F is a vector of W floats, I one of W lanes of 32 bits. Elements in memory are float or bfloat16:
//   load(p), store(p, x)            W elements, widened to or rounded from float32 (to nearest, ties to even)
//   load(p, n), store(p, x, n)      the first n ≤ W of them; missing lanes load as 0 and are not touched by a store
//   all(x), zero(), fma(a, b, c), fnma(a, b, c), + - * /, sum(x), greatest(x), at_most(limit, x), at_least(limit, x)
//   gathered(p, stride)             W floats at that distance from each other
//   paired(even, odd)               bfloat16 pairs, one a lane: the form in which dot products take them
//   exp2<accuracy>(x), gelu…        below
//
// A kernel's file is included by assembly.h inside a namespace of each instruction set, under
// `#pragma clang attribute push(target(…), apply_to = function)`. That pragma misses lambdas in some compilers, so
// kernels use small structs of functions instead.
#pragma once

#if CK_LANES == 16
#include "vectors_avx512.h"
#else
#include "vectors_avx2.h"
#endif

inline constexpr int panel = panel_vectors * W;  // columns of a panel of packed weights

/// Σ coefficients[i] xⁱ, by Horner's rule.
template <int count>
CK_INLINE F polynomial(const float (&coefficients)[count], F x) {
  F value = all(coefficients[count - 1]);
  CK_UNROLL for (int i = count - 2; i >= 0; i--) value = fma(value, x, all(coefficients[i]));
  return value;
}

/// What a function must be as exact as: the type that its result is stored in.
template <class T>
inline constexpr bool is_float = false;
template <>
inline constexpr bool is_float<float> = true;

/// 2ˣ; -∞ gives 0, NaN stays. Relative error 2e-7 for T = float, 3e-6 for bfloat16.
template <class T>
CK_INLINE F exp2(F x) {
  x = at_most(128, at_least(least_power, x));
  F whole = nearest(x);
  F part = x - whole;
  if constexpr (is_float<T>) {
    const float c[] = {1.0f, 0.6931471824645996f, 0.24022646248340607f, 0.05550328642129898f, 0.009618489071726799f,
                       0.0013399929739534855f, 0.0001534576149424538f};
    return times_power_of_two(polynomial(c, part), whole);
  } else {
    const float c[] = {0.9999992847442627f, 0.6931217908859253f, 0.240247443318367f, 0.05591785907745361f,
                       0.009570099413394928f};
    return times_power_of_two(polynomial(c, part), whole);
  }
}

/// GELU(x) = x·Φ(x) and its derivative Φ(x) + x·φ(x), Φ the normal distribution and φ its density.
///
/// For float the tail is Φ(-t) = exp(-t²/2)·R(1/(1 + 0.35 t)) with R of degree 9, relative error 3e-8 before rounding.
/// For bfloat16 Φ - 1/2 and GELU' - 1/2 are odd polynomials on |x| ≤ 4.2 and 4.1, absolute error 8e-5; at the ends
/// Φ is cut to 0 and 1, so that a large x gives 0 and x.
template <class T>
struct Gelu {
  F value, derivative;
};

CK_INLINE F gelu_odd(F x, float limit, const float (&c)[8]) {
  F z = at_most(limit, at_least(-limit, x));
  return fma(polynomial(c, z * z), z, all(0.5f));
}

CK_INLINE F gelu_rough(F x) {
  const float c[] = {0.3984595239162445f, -0.06551779061555862f, 0.00929255411028862f, -0.0009492122917436063f,
                     6.669613503618166e-05f, -3.0236717520892853e-06f, 7.887599196010342e-08f,
                     -8.936048012664344e-10f};
  return x * at_most(1, at_least(0, gelu_odd(x, 4.2f, c)));
}

CK_INLINE F gelu_derivative_rough(F x) {
  F z = at_most(4.1f, at_least(-4.1f, x));
  const float c[] = {0.7975213527679443f, -0.26452693343162537f, 0.05816492810845375f, -0.008591124787926674f,
                     0.0008791116415522993f, -6.138444587122649e-05f, 2.772647121673799e-06f,
                     -7.254221401353789e-08f, 8.306114129830178e-10f};
  return fma(polynomial(c, z * z), z, all(0.5f));
}

/// Φ(x), and exp(-x²/2) by `bell`.
CK_INLINE F normal_distribution(F x, F &bell) {
  const float c[] = {0.0f, 0.13962140679359436f, 0.13986191153526306f, 0.11983249336481094f, 0.1055096909403801f,
                     -0.023114344105124474f, 0.15918150544166565f, -0.25572139024734497f, 0.14397548139095306f,
                     -0.029146777465939522f};
  bell = exp2<float>(x * x * all(-0.72134752044448170f));
  F u = reciprocal(fma(at_most(20, magnitude(x)), all(0.35f), all(1)));
  F tail = bell * polynomial(c, u);
  return where_negative(x, tail, all(1) - tail);
}

template <class T>
CK_INLINE F gelu(F x) {
  if constexpr (is_float<T>) {
    F bell;
    return x * normal_distribution(x, bell);
  } else {
    return gelu_rough(x);
  }
}

template <class T>
CK_INLINE Gelu<T> gelu_with_derivative(F x) {
  if constexpr (is_float<T>) {
    F bell;
    F below = normal_distribution(x, bell);
    return {x * below, fma(x * all(0.3989422804014327f), bell, below)};
  } else {
    return {gelu_rough(x), gelu_derivative_rough(x)};
  }
}

/// log₂ of a positive number, relative error 1e-7: its exponent, and 2 atanh((x - 1)/(x + 1)) log₂e of x in [√½, √2).
inline float log2_of(float x) {
  int32_t bits;
  __builtin_memcpy(&bits, &x, sizeof x);
  const int32_t exponent = (bits - 0x3F3504F3) >> 23;
  bits -= exponent * (1 << 23);
  float part;
  __builtin_memcpy(&part, &bits, sizeof part);
  const float z = (part - 1) / (part + 1), z2 = z * z;
  const float series =
      2.88539008f + z2 * (0.961796694f + z2 * (0.577078016f + z2 * (0.412198583f + z2 * 0.320598898f)));
  return x < __builtin_inff() ? (float)exponent + z * series : x;
}
