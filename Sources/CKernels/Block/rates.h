// Measures how fast products run from registers, in multiply-adds a nanosecond: without memory accesses, and
// with enough sums to hide latency.
#pragma once

/// Returns the processor time of the calling thread.
inline double thread_nanoseconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

template <class P>
inline double product_rate() {
  constexpr int sums = 12, rounds = 20000;
  constexpr int64_t products = (int64_t)sums * rounds * W * P::step;
  F acc[sums];
  CK_UNROLL for (int i = 0; i < sums; i++) acc[i] = zero();
  alignas(64) const typename P::Packed one[W] = {};
  auto a = P::right(one), b = P::right(one);
  const double start = thread_nanoseconds();
  for (int round = 0; round < rounds; round++) {
    CK_UNROLL for (int i = 0; i < sums; i++) {
      acc[i] = P::multiply_add(acc[i], a, b);
      asm volatile("" : "+x"(acc[i]));  // as if the sums changed here, so nothing is removed
    }
  }
  return (double)products / (thread_nanoseconds() - start);
}
