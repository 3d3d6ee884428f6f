// How a kernel is measured: in turns with ATen's operations, with the machine's peak in the same minutes.
#pragma once
#include <ATen/Parallel.h>
#include <time.h>

#include <algorithm>
#include <vector>

#include "harness.h"

namespace harness {

/// What all shapes of a run have in common.
struct Setting {
  Way way;
  int batch, threads, rounds;
};

/// With one thread the process's own time on the processor, which others on the same cores disturb less.
inline double now(int threads) {
  timespec time;
  clock_gettime(threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

inline double milliseconds(int threads, auto &&body) {
  double start = now(threads);
  body();
  return now(threads) - start;
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// The product rate of all threads together, in GF/s: products in registers, no memory.
inline double peak(const Setting &setting) {
  std::vector<double> rates((size_t)setting.threads);
  struct Probe {
    ck_product product;
    std::vector<double> &rates;
  } probe = {setting.way.product, rates};
  ck_threads t = threads(setting.threads);
  t.run(&t, t.count, [](void *argument, int thread) {
    Probe &probe = *static_cast<Probe *>(argument);
    probe.rates[(size_t)thread] = 2 * ck_product_rate(probe.product);
  }, &probe);
  double sum = 0;
  for (double rate : rates) sum += rate;
  return sum;
}

/// Waits until the machine is quiet: the peak within a tenth of the best that it has shown.
inline void wait_for_quiet(const Setting &setting, double &best) {
  for (int attempt = 0; attempt < 200; attempt++) {
    double now = peak(setting);
    best = std::max(best, now);
    if (now > 0.9 * best) return;
  }
}

inline void print_head(const char *kernel, const Setting &setting) {
  std::printf("%s, %s, batch %d, %d threads\n", kernel, setting.way.name().c_str(), setting.batch,
              setting.threads);
  std::printf("  %-10s %11s %6s %12s %6s %18s %9s %12s\n", "tokens x C", "forward ms", "GF/s", "backward ms", "GF/s",
              "share of peak GF/s", "ATen ms", "ATen / ours");
}

/// Times the kernel and ATen in turns, and prints a row of their medians; ATen's is of both directions.
///
/// `operations`: of the products of one forward pass; a backward pass has twice as many. `prepare` makes what `peer`
/// takes, outside of its time.
inline void measure(const Setting &setting, const std::string &shape, double operations, auto &&forward,
                    auto &&backward, auto &&prepare, auto &&peer) {
  std::vector<double> forwards, backwards, peers;
  double top = 0;
  for (int round = 0; round <= setting.rounds; round++) {
    wait_for_quiet(setting, top);
    double f = milliseconds(setting.threads, forward), b = milliseconds(setting.threads, backward);
    auto inputs = prepare();
    double p = milliseconds(setting.threads, [&] { peer(inputs); });
    if (round == 0) continue;  // warms up
    forwards.push_back(f), backwards.push_back(b), peers.push_back(p);
  }
  const double f = median(forwards), b = median(backwards), theirs = median(peers);
  auto rate = [&](double times, double time) { return times * operations / time / 1e6; };
  std::printf("  %-10s %11.2f %6.0f %12.2f %6.0f %8.0f %% of %4.0f %9.2f %12.2f\n", shape.c_str(), f, rate(1, f), b,
              rate(2, b), 100 * rate(3, f + b) / top, top, theirs, theirs / (f + b));
  std::fflush(stdout);
}

}  // namespace harness
