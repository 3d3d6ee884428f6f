// LayerNorm over the C channels of a row, in float32.
//
// x̂ = (x - mean) / σ, σ² = mean of (x - mean)² + ε, a = γ·x̂ + β. Saved: x̂ and 1/σ.
// Backward, from da: dγ = Σ da·x̂, dβ = Σ da, t = γ·da, dx = (t - mean t - x̂ · mean(t·x̂)) / σ.
#pragma once

/// Valid lanes of the vector at `column`.
CK_INLINE int lanes_at(int column, int columns) { return smaller(W, columns - column); }

template <class T>
CK_INLINE F load_lanes(const T *p, int n) {
  return n == W ? load(p) : load(p, n);
}

template <class T>
CK_INLINE void store_lanes(T *p, F x, int n) {
  if (n == W) {
    store(p, x);
  } else {
    store(p, x, n);
  }
}

/// One row: writes a = γ·x̂ + β to `normed`, and x̂ to `saved` unless it is null. Returns 1/σ.
template <class S, class E>
inline float normalize(const float *x, int channels, float epsilon, const float *gamma, const float *beta, E *normed,
                       S *saved) {
  F sums = zero();
  for (int c = 0; c < channels; c += W) sums = sums + load_lanes(x + c, lanes_at(c, channels));
  const float mean = sum(sums) / (float)channels;
  F squares = zero();
  for (int c = 0; c < channels; c += W) {
    const int n = lanes_at(c, channels);
    F centered = load_lanes(x + c, n) - (n == W ? all(mean) : first_lanes(all(mean), n));
    squares = fma(centered, centered, squares);
  }
  const float reciprocal = 1 / __builtin_sqrtf(sum(squares) / (float)channels + epsilon);
  for (int c = 0; c < channels; c += W) {
    const int n = lanes_at(c, channels);
    F hat = (load_lanes(x + c, n) - all(mean)) * all(reciprocal);
    if (saved) store_lanes(saved + c, hat, n);
    store_lanes(normed + c, fma(hat, load_lanes(gamma + c, n), load_lanes(beta + c, n)), n);
  }
  return reciprocal;
}

/// One row of the backward pass: dx = dy + the norm's, from da; adds da·x̂ and da to `dgamma` and `dbeta`.
template <class S>
inline void normalize_backward(const float *da, const S *hat, float reciprocal, int channels, const float *gamma,
                               const float *dy, float *dx, float *dgamma, float *dbeta) {
  F sums = zero(), products = zero();
  for (int c = 0; c < channels; c += W) {
    const int n = lanes_at(c, channels);
    F d = load_lanes(da + c, n), x = load_lanes(hat + c, n);
    F t = d * load_lanes(gamma + c, n);
    sums = sums + t;
    products = fma(t, x, products);
    store_lanes(dgamma + c, fma(d, x, load_lanes(dgamma + c, n)), n);
    store_lanes(dbeta + c, d + load_lanes(dbeta + c, n), n);
  }
  const F mean = all(sum(sums) / (float)channels), slope = all(sum(products) / (float)channels);
  for (int c = 0; c < channels; c += W) {
    const int n = lanes_at(c, channels);
    F t = load_lanes(da + c, n) * load_lanes(gamma + c, n);
    F change = fnma(load_lanes(hat + c, n), slope, t - mean) * all(reciprocal);
    store_lanes(dx + c, load_lanes(dy + c, n) + change, n);
  }
}
