// How fast products run from registers, in multiply-adds a nanosecond: no memory, enough sums to hide latency.
#pragma once

template <class P>
inline double product_rate() {
  constexpr int sums = 12, rounds = 20000;
  constexpr int64_t products = (int64_t)sums * rounds * W * P::step;
  F acc[sums];
  CK_UNROLL for (int i = 0; i < sums; i++) acc[i] = zero();
  alignas(64) const typename P::Packed one[W] = {};
  auto a = P::right(one), b = P::right(one);
  const auto start = std::chrono::steady_clock::now();
  for (int round = 0; round < rounds; round++) {
    CK_UNROLL for (int i = 0; i < sums; i++) {
      acc[i] = P::multiply_add(acc[i], a, b);
      asm volatile("" : "+x"(acc[i]));  // nothing is known of the sums, so nothing is left out
    }
  }
  const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
  return (double)products / time.count();
}
