// The attention of one head within one group of tokens: a window's in LSA, an image's queries and its summary in GSA.
//
//   S = scale · Q Kᵀ    P = softmax(S)    O = P V          Q, O [n × d]   K, V [m × d]   S, P [n × m]
//
// Saved: the base-2 logarithm of each row's sum of exponentials, L_i = log₂ Σ_j 2^(S_ij log₂e); P is recomputed.
// Backward, for a gradient dO:
//
//   P_ij = 2^(S_ij log₂e - L_i)     dP = dO Vᵀ     dS_ij = P_ij (dP_ij - Σ_j P_ij dP_ij)
//   dV += Pᵀ dO      dK += scale · dSᵀ Q      dQ = scale · dS K
//
// Tokens are rows at a stride, of type T; within, everything is float32 and lies in the first two caches: the head's
// keys and values are widened once, queries pass in blocks of at most 64. d is a multiple of W; the columns of S are
// padded to whole vectors, where P is 0. A row's numbers depend on that row alone, and sums over queries are taken
// in ascending order.
#pragma once

constexpr int64_t most_queries = 64;  // in a block

/// 1/√d.
inline float head_scale(int d) { return 1 / __builtin_sqrtf((float)d); }

inline int64_t queries_at_once(int64_t queries) { return queries <= most_queries ? queries : 48; }

/// A head's keys and values while its queries pass.
struct HeadKeys {
  int64_t m, d, columns;  // columns: m in whole vectors
  float *k, *v;           // [m × d]
  float *dk, *dv;         // [m × d], sums
  float *kt, *vt;         // [d × columns]
  I tail;                 // ones in the last vector's lanes that are keys

  static int64_t floats(int64_t m, int64_t d) { return 4 * m * d + 2 * d * rounded_up(m, W); }

  HeadKeys(float *space, int64_t m, int64_t d) : m(m), d(d), columns(rounded_up(m, W)) {
    k = space, v = k + m * d, dk = v + m * d, dv = dk + m * d;
    kt = dv + m * d, vt = kt + d * columns;
    int32_t lanes[W];
    for (int i = 0; i < W; i++) lanes[i] = columns - W + i < m ? -1 : 0;
    __builtin_memcpy(&tail, lanes, sizeof tail);
  }

  template <class T>
  void take(const T *keys, const T *values, int64_t stride, bool backward) {
    widen_rows(k, keys, stride, m, d);
    widen_rows(v, values, stride, m, d);
    transpose_rows(kt, columns, k, m, d);
    if (!backward) return;
    transpose_rows(vt, columns, v, m, d);
    for (int64_t x = 0; x < 2 * m * d; x += W) store(dk + x, zero());
  }
};

/// A block's queries, outputs and scores, and their gradients.
struct QueryBlock {
  float *q, *o, *dq;  // [n × d]
  float *s, *ds;      // [n × columns]

  static int64_t floats(int64_t m, int64_t d) { return most_queries * (3 * d + 2 * rounded_up(m, W)); }

  QueryBlock(float *space, int64_t m, int64_t d) {
    q = space, o = q + most_queries * d, dq = o + most_queries * d;
    s = dq + most_queries * d, ds = s + most_queries * rounded_up(m, W);
  }
};

/// log₂ of a positive number, relative error 1e-7: its exponent, and 2 atanh((x - 1)/(x + 1)) log₂e of x in [√½, √2).
inline float log2_of(float x) {
  int32_t bits;
  __builtin_memcpy(&bits, &x, sizeof x);
  int32_t exponent = (bits - 0x3F3504F3) >> 23;
  bits -= exponent * (1 << 23);
  float part;
  __builtin_memcpy(&part, &bits, sizeof part);
  float z = (part - 1) / (part + 1), z2 = z * z;
  float series = 2.88539008f + z2 * (0.961796694f + z2 * (0.577078016f + z2 * (0.412198583f + z2 * 0.320598898f)));
  return x < __builtin_inff() ? (float)exponent + z * series : x;
}

/// A row of 2^(s · base2 + offset), each handed to `each` with its column.
template <class T>
CK_INLINE F weight(const HeadKeys &keys, const float *s, int64_t j, F base2, F offset) {
  F p = exp2<T>(fma(load(s + j), base2, offset));
  return j + W < keys.columns ? p : (F)((I)p & keys.tail);
}

/// s → 2^(scale log₂e (s - max s)); gives the scaled greatest score and the sum.
template <class T>
CK_INLINE void exponentials(const HeadKeys &keys, float *s, float base2, float &top, float &total) {
  const F lowest = all(-__builtin_inff());
  F most = lowest, sums = zero();
  for (int64_t j = 0; j + W < keys.columns; j += W) most = greater(load(s + j), most);
  F last = load(s + keys.columns - W);
  most = greater((F)(((I)last & keys.tail) | ((I)lowest & ~keys.tail)), most);
  top = greatest(most) * base2;
  for (int64_t j = 0; j < keys.columns; j += W) {
    F p = weight<T>(keys, s, j, all(base2), all(-top));
    sums = sums + p;
    store(s + j, p);
  }
  total = sum(sums);
}

/// O of `queries` rows, and L into `saved` if there is one.
template <class T, class E>
inline void attention_forward(const HeadKeys &keys, const QueryBlock &block, const T *q, int64_t q_stride, E *o,
                              int64_t o_stride, float *saved, int64_t queries, float scale) {
  const int64_t d = keys.d, columns = keys.columns, step = queries_at_once(queries);
  for (int64_t start = 0; start < queries; start += step) {
    const int64_t n = smaller(step, queries - start);
    float top[most_queries], total[most_queries];
    widen_rows(block.q, q + start * q_stride, q_stride, n, d);
    small_product(n, columns, d, block.q, d, 1, keys.kt, columns, block.s, columns, false);
    for (int64_t i = 0; i < n; i++)
      exponentials<T>(keys, block.s + i * columns, scale * 1.44269504f, top[i], total[i]);
    small_product(n, d, keys.m, block.s, columns, 1, keys.v, d, block.o, d, false);
    for (int64_t i = 0; i < n; i++) {
      const F share = all(1 / total[i]);
      for (int64_t x = 0; x < d; x += W) store(o + (start + i) * o_stride + x, load(block.o + i * d + x) * share);
    }
    if (!saved) continue;
    for (int64_t i = 0; i < n; i++) saved[start + i] = top[i] + log2_of(total[i]);
  }
}

/// dP → scale · dS and S → P, in one row.
template <class T>
CK_INLINE void score_gradients(const HeadKeys &keys, float *s, float *ds, float saved, float scale) {
  F sums = zero();
  for (int64_t j = 0; j < keys.columns; j += W) {
    F p = weight<T>(keys, s, j, all(scale * 1.44269504f), all(-saved));
    sums = fma(p, load(ds + j), sums);
    store(s + j, p);
  }
  const F mean = all(sum(sums)), factor = all(scale);
  for (int64_t j = 0; j < keys.columns; j += W) store(ds + j, load(s + j) * (load(ds + j) - mean) * factor);
}

/// dQ of `queries` rows; what they give dK and dV is added to those of `keys`.
template <class T, class E>
inline void attention_backward(const HeadKeys &keys, const QueryBlock &block, const T *q, int64_t q_stride,
                               const float *dout, int64_t o_stride, const float *saved, E *dq, int64_t dq_stride,
                               int64_t queries, float scale) {
  const int64_t d = keys.d, m = keys.m, columns = keys.columns, step = queries_at_once(queries);
  for (int64_t start = 0; start < queries; start += step) {
    const int64_t n = smaller(step, queries - start);
    widen_rows(block.q, q + start * q_stride, q_stride, n, d);
    widen_rows(block.o, dout + start * o_stride, o_stride, n, d);
    small_product(n, columns, d, block.q, d, 1, keys.kt, columns, block.s, columns, false);
    small_product(n, columns, d, block.o, d, 1, keys.vt, columns, block.ds, columns, false);
    for (int64_t i = 0; i < n; i++)
      score_gradients<T>(keys, block.s + i * columns, block.ds + i * columns, saved[start + i], scale);
    small_product(m, d, n, block.s, 1, columns, block.o, d, keys.dv, d, true);
    small_product(m, d, n, block.ds, 1, columns, block.q, d, keys.dk, d, true);
    small_product(n, d, m, block.ds, columns, 1, keys.k, d, block.dq, d, false);
    narrow_rows(dq + start * dq_stride, dq_stride, block.dq, n, d);
  }
}
