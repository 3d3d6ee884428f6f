// The attention of one head within one group of tokens: a window's in LSA, a sample's queries and its summary in GSA.
//
//   S = scale · Q Kᵀ    P = softmax(S)    O = P V          Q, O [n × d]   K, V [m × d]   S, P [n × m]
//
// Saved: the base-2 logarithm of each row's sum of exponentials, L_i = log₂ Σ_j 2^(S_ij log₂e); P is recomputed.
// Backward, for a gradient dO:
//
//   P_ij = 2^(S_ij log₂e - L_i)     dP = dO Vᵀ     dS_ij = P_ij (dP_ij - Σ_j P_ij dP_ij)
//   dV += Pᵀ dO      dK += scale · dSᵀ Q      dQ = scale · dS K
//
// Products take their operands as P does, sums and the softmax are float32, and all lies in the first two caches: a
// head's keys and values are brought into form once (head_rows.h), queries pass in blocks of at most 64. The columns
// of S are padded to whole vectors, where P is 0. A row's numbers depend on that row alone, and sums over queries are
// taken in ascending order.
#pragma once

constexpr int64_t most_queries = 64;  // in a block

/// 1/√d.
inline float head_scale(int d) { return 1 / __builtin_sqrtf((float)d); }

inline int64_t queries_at_once(int64_t queries) { return queries <= most_queries ? queries : 48; }

/// A head's keys and values while its queries pass, and the scores of a block of queries.
template <class P>
struct Head {
  using Packed = typename P::Packed;
  int64_t m, d, columns;                     // columns: m in whole vectors
  Packed *left, *k, *v;                      // K or V as left, and both as right operands
  Packed *kt, *vt;                           // Kᵀ and Vᵀ, [d / step × columns]
  float *dk, *dv;                            // [m × d], sums
  Packed *q, *q_right, *dout, *dout_right;   // [n × d]
  float *s, *ds, *rows;                      // [n × columns], and [n × d]: O or dQ
  Packed *p, *ds_left, *p_right, *ds_right;  // [n × columns]
  I tail;                                    // ones in the last vector's lanes that are keys
  int64_t size;                              // bytes

  Head(char *base, int64_t m, int64_t d) : m(m), d(d), columns(rounded_up(m, W)) {
    Scratch space{base};
    const int64_t even = rounded_up(m, 2) * d, n = most_queries;
    k = space.take<Packed>(even), v = space.take<Packed>(even);
    left = P::step == 1 ? v : space.take<Packed>(m * d);
    kt = space.take<Packed>(d * columns), vt = space.take<Packed>(d * columns);
    dk = space.take<float>(m * d), dv = space.take<float>(m * d);
    q = space.take<Packed>(n * d), dout = space.take<Packed>(n * d);
    s = space.take<float>(n * columns), ds = space.take<float>(n * columns), rows = space.take<float>(n * d);
    if constexpr (P::step == 1) {
      q_right = q, dout_right = dout;
      p = p_right = s, ds_left = ds_right = ds;
    } else {
      q_right = space.take<Packed>(n * d), dout_right = space.take<Packed>(n * d);
      p = p_right = space.take<Packed>(n * columns);
      ds_left = space.take<Packed>(n * columns), ds_right = space.take<Packed>(n * columns);
    }
    int32_t lanes[W];
    for (int i = 0; i < W; i++) lanes[i] = columns - W + i < m ? -1 : 0;
    __builtin_memcpy(&tail, lanes, sizeof tail);
    size = space.used;
  }

  template <class T>
  void take_keys(const T *keys, const T *values, int64_t stride, bool backward) {
    take_left<P>(left, keys, stride, m, d);
    transpose_rows(kt, columns, left, m, d / P::step);
    if (!backward) return take_right<P>(v, values, stride, m, d);
    take_left<P>(left, values, stride, m, d);
    transpose_rows(vt, columns, left, m, d / P::step);
    take_right<P>(k, keys, stride, m, d);
    __builtin_memset(dk, 0, (size_t)(m * d) * sizeof *dk);
    __builtin_memset(dv, 0, (size_t)(m * d) * sizeof *dv);
  }

  static int64_t steps(int64_t count) { return (count + P::step - 1) / P::step; }

  void scores(int64_t n, const Packed *a, const Packed *bt, float *result) const {
    small_product<P>(n, columns, d / P::step, a, d / P::step, 1, bt, columns, result, columns, false);
  }

  /// 2^(s · base2 + offset) of the vector at column j, 0 where there is no key.
  template <class T>
  CK_INLINE F weight(const float *s, int64_t j, float base2, float offset) const {
    F power = exp2<T>(fma(load(s + j), all(base2), all(offset)));
    return j + W < columns ? power : (F)((I)power & tail);
  }

  /// Row i of S → 2^(log₂e scale (s - max s)); gives the scaled greatest score and the sum.
  template <class T>
  CK_INLINE void exponentials(int64_t i, float base2, float &top, float &total) const {
    const float *from = s + i * columns;
    const F lowest = all(-__builtin_inff());
    F most = lowest, sums = zero();
    for (int64_t j = 0; j + W < columns; j += W) most = greater(load(from + j), most);
    F last = load(from + columns - W);
    most = greater((F)(((I)last & tail) | ((I)lowest & ~tail)), most);
    top = greatest(most) * base2;
    for (int64_t j = 0; j < columns; j += W) {
      F power = weight<T>(from, j, base2, -top);
      sums = sums + power;
      P::store_left(p + i * (columns / P::step), j, power);
    }
    total = sum(sums);
  }

  /// Row i: S → P, and Σ P dP.
  template <class T>
  CK_INLINE F weights(int64_t i, float base2, float saved) const {
    float *row = s + i * columns;
    F sums = zero();
    for (int64_t j = 0; j < columns; j += W) {
      F power = weight<T>(row, j, base2, -saved);
      sums = fma(power, load(ds + i * columns + j), sums);
      store(row + j, power);
    }
    return all(sum(sums));
  }

  /// Row i, and i + 1 if it is one of a pair: P and scale · dS as operands.
  template <class T, bool pair>
  CK_INLINE void score_gradients(int64_t i, float scale, const float *saved) const {
    const F even_mean = weights<T>(i, scale * 1.44269504f, saved[i]);
    const F odd_mean = pair ? weights<T>(i + 1, scale * 1.44269504f, saved[i + 1]) : zero();
    const float *row = s + i * columns, *gradient = ds + i * columns;
    const int64_t step = i / P::step * columns;
    for (int64_t j = 0; j < columns; j += W) {
      F even = load(row + j), odd = pair ? load(row + columns + j) : zero();
      F even_ds = even * (load(gradient + j) - even_mean) * all(scale);
      F odd_ds = pair ? odd * (load(gradient + columns + j) - odd_mean) * all(scale) : zero();
      if constexpr (P::step == 2) {
        P::store_rows(p_right + step + j, columns, even, odd);
        P::store_left(ds_left + i * (columns / 2), j, even_ds);
        if (pair) P::store_left(ds_left + (i + 1) * (columns / 2), j, odd_ds);
      }
      P::store_rows(ds_right + step + j, columns, even_ds, odd_ds);
    }
  }
};

/// O of `queries` rows, and L into `saved` if there is one.
template <class T, class P, class E>
inline void attention_forward(const Head<P> &head, const T *q, int64_t q_stride, E *o, int64_t o_stride, float *saved,
                              int64_t queries, float scale) {
  const int64_t d = head.d, step = queries_at_once(queries);
  for (int64_t start = 0; start < queries; start += step) {
    const int64_t n = smaller(step, queries - start);
    float top[most_queries], total[most_queries];
    take_left<P>(head.q, q + start * q_stride, q_stride, n, d);
    head.scores(n, head.q, head.kt, head.s);
    for (int64_t i = 0; i < n; i++) head.template exponentials<T>(i, scale * 1.44269504f, top[i], total[i]);
    small_product<P>(n, d, Head<P>::steps(head.m), head.p, head.columns / P::step, 1, head.v, d, head.rows, d, false);
    for (int64_t i = 0; i < n; i++) {
      const F share = all(1 / total[i]);
      for (int64_t x = 0; x < d; x += W) store(o + (start + i) * o_stride + x, load(head.rows + i * d + x) * share);
    }
    if (!saved) continue;
    for (int64_t i = 0; i < n; i++) saved[start + i] = top[i] + log2_of(total[i]);
  }
}

/// dQ of `queries` rows; what they give dK and dV is added to those of `head`.
template <class T, class P, class E>
inline void attention_backward(const Head<P> &head, const T *q, int64_t q_stride, const float *dout, int64_t o_stride,
                               const float *saved, E *dq, int64_t dq_stride, int64_t queries, float scale) {
  const int64_t d = head.d, m = head.m, columns = head.columns, step = queries_at_once(queries);
  for (int64_t start = 0; start < queries; start += step) {
    const int64_t n = smaller(step, queries - start), steps = Head<P>::steps(n);
    take_left<P>(head.q, q + start * q_stride, q_stride, n, d);
    take_left<P>(head.dout, dout + start * o_stride, o_stride, n, d);
    if constexpr (P::step == 2) {
      take_right<P>(head.q_right, q + start * q_stride, q_stride, n, d);
      take_right<P>(head.dout_right, dout + start * o_stride, o_stride, n, d);
    }
    head.scores(n, head.q, head.kt, head.s);
    head.scores(n, head.dout, head.vt, head.ds);
    for (int64_t i = 0; i + 1 < n; i += 2) head.template score_gradients<T, true>(i, scale, saved + start);
    if (n % 2) head.template score_gradients<T, false>(n - 1, scale, saved + start);
    small_product<P>(m, d, steps, head.p_right, 1, columns, head.dout_right, d, head.dv, d, true);
    small_product<P>(m, d, steps, head.ds_right, 1, columns, head.q_right, d, head.dk, d, true);
    small_product<P>(n, d, Head<P>::steps(m), head.ds_left, columns / P::step, 1, head.k, d, head.rows, d, false);
    copy_rows(dq + start * dq_stride, dq_stride, head.rows, n, d);
  }
}
