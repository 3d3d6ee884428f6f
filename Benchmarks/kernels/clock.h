// Timing for the benchmarks of kernels: interleaved rounds, best and median, and the machine's peak in the same minutes.
#pragma once
#include <time.h>

#include <algorithm>
#include <vector>

#include "harness.h"

namespace harness {

/// Whether times are the process's own on the processor, which others on the same cores disturb less: right for one
/// thread, and for nothing else.
inline bool processor_time = false;

inline double now() {
  timespec time;
  clock_gettime(processor_time ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

inline double milliseconds(auto &&body) {
  double start = now();
  body();
  return now() - start;
}

struct Times {
  std::vector<double> values;
  void add(double time) { values.push_back(time); }
  double best() const { return *std::min_element(values.begin(), values.end()); }
  double median() const {
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

/// The product rate of all threads together, in GF/s: products in registers, no memory.
inline double peak(const Way &way, int count) {
  std::vector<double> rates((size_t)count);
  struct Probe {
    const Way &way;
    std::vector<double> &rates;
  } probe = {way, rates};
  ck_threads t = threads(count);
  t.run(&t, count, [](void *argument, int thread) {
    Probe &probe = *static_cast<Probe *>(argument);
    bool dot = probe.way.type == CK_BFLOAT16 && probe.way.product == CK_PRODUCT_DOT;
    probe.rates[(size_t)thread] = 2 * ck_product_rate(dot ? CK_PRODUCT_DOT : CK_PRODUCT_FMA);
  }, &probe);
  double sum = 0;
  for (double rate : rates) sum += rate;
  return sum;
}

/// Waits until the machine is quiet: the probe within a tenth of the best that it has shown.
inline void wait_for_quiet(const Way &way, int count, double &best) {
  for (int attempt = 0; attempt < 200; attempt++) {
    double now = peak(way, count);
    best = std::max(best, now);
    if (now > 0.9 * best) return;
  }
}

}  // namespace harness
