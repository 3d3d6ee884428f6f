// The calling thread's time by operation, each without the operations that it calls.
#include "profile.h"
#include "fused.h"
#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

namespace {

struct Part {
  double seconds = 0, operations = 0;
  int64_t calls = 0;
};

/// A running operation.
struct Running {
  Clock::time_point start;
  double within = 0;  // seconds of the operations that it called
  double operations = 0;
  bool is_backward = false;
};

struct Profile {
  at::CallbackHandle handle = 0;
  std::map<std::string, Part> parts;
  std::vector<Running> running;
};

thread_local std::unique_ptr<Profile> profile;

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction &function) {
  if (!profile) return nullptr;
  bool backward = function.scope() == at::RecordScope::BACKWARD_FUNCTION ||
                  (!profile->running.empty() && profile->running.back().is_backward);
  profile->running.push_back({Clock::now(), 0, 0, backward});
  return nullptr;
}

void end(const at::RecordFunction &function, at::ObserverContext *) {
  if (!profile || profile->running.empty()) return;
  auto own = profile->running.back();
  profile->running.pop_back();
  double whole = Seconds(Clock::now() - own.start).count();
  if (!profile->running.empty()) profile->running.back().within += whole;
  auto &part = profile->parts[std::string(function.name()) + (own.is_backward ? ", backward" : "")];
  part.seconds += whole - own.within;
  part.operations += own.operations;
  part.calls += 1;
}

}  // namespace

void ct::count_operations(double operations) {
  if (profile && !profile->running.empty()) profile->running.back().operations += operations;
}

int ct_profile_begin(void) {
  return ct::guarded([&] {
    profile = std::make_unique<Profile>();
    auto callback = at::RecordFunctionCallback(begin, end).scopes(
        {at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION, at::RecordScope::USER_SCOPE});
    profile->handle = at::addThreadLocalCallback(callback);
  });
}

int ct_profile_end(void (*row)(void *, const char *, double, int64_t, double), void *context) {
  return ct::guarded([&] {
    at::removeCallback(profile->handle);
    for (const auto &[name, part] : profile->parts) row(context, name.c_str(), part.seconds, part.calls, part.operations);
    profile.reset();
  });
}

int ct_peak_rate(int dtype, double *out) {
  return ct::guarded([&] {
    auto product = dtype == CT_BFLOAT16 ? ck_product_in_use() : CK_PRODUCT_FMA;
    // All threads at once, as in computation; the best of several tries, since another process may take a
    // core at any time.
    struct Try {
      ck_product product;
      std::vector<double> rates;
    };
    auto threads = ct::kernel_threads();
    double best = 0;
    for (int attempt = 0; attempt < 20; ++attempt) {
      Try now = {product, std::vector<double>(static_cast<size_t>(threads.count))};
      threads.run(&threads, threads.count, [](void *argument, int i) {
        auto &now = *static_cast<Try *>(argument);
        now.rates[static_cast<size_t>(i)] = 2e9 * ck_product_rate(now.product);
      }, &now);
      double sum = 0;
      for (double rate : now.rates) sum += rate;
      best = std::max(best, sum);
    }
    *out = best;
  });
}
