// The attention halves, forward and backward, by the kernel and by ATen in turns: attention [batch] [threads] [rounds].
#include "attention_harness.h"
#include "clock.h"

using namespace harness;

/// Billions of operations of the forward products of one call; attention's own counted by the keys that exist.
static double work_of(const AttentionCase &c) {
  const double rows = (double)c.samples * c.tokens(), C = c.channels;
  if (c.side) return (2 * rows * 4 * C * C + 4 * rows * c.side * c.side * C) / 1e9;
  const double keys = (double)c.samples * c.keys(), convolution = c.reduces() ? rows * C * C : 0;
  return (2 * (2 * rows * C * C + 2 * keys * C * C + convolution) + 4 * rows * c.keys() * C) / 1e9;
}

int main(int argc, char **argv) {
  int batch = argc > 1 ? std::atoi(argv[1]) : 16, count = argc > 2 ? std::atoi(argv[2]) : 2;
  int rounds = argc > 3 ? std::atoi(argv[3]) : 7;
  const char *only = std::getenv("WAY");
  at::set_num_threads(count);
  std::vector<AttentionCase> cases;
  for (int stage = 0; stage < 4; stage++) {
    const int side = 56 >> stage, C = 64 << stage, r = 8 >> stage;
    cases.push_back({batch, side, side, C, C / 32, 7, 1, {}, true, 1.25f});
    cases.push_back({batch, side, side, C, C / 32, 0, r, {}, true, 1.25f});
  }
  for (const Way &way : ways()) {
    if (only && way.name() != only) continue;
    way.use();
    std::printf("%s, batch %d, %d threads\n", way.name().c_str(), batch, count);
    for (const AttentionCase &c : cases) {
      AttentionTensors t(c);
      AttentionKernel kernel(c, t, way.type, count);
      AttentionResult r = kernel.zeros();
      const float *x = t.x.const_data_ptr<float>(), *dy = t.dy.const_data_ptr<float>();
      float *y = r[0].second.data_ptr<float>(), *dx = r[1].second.data_ptr<float>();
      Times forward, backward, peer;
      double top = 0;
      for (int round = 0; round < rounds; round++) {
        wait_for_quiet(way, count, top);
        forward.add(milliseconds([&] { kernel.forward(x, y, true); }));
        backward.add(milliseconds([&] { kernel.backward(dy, dx, r); }));
        if (std::getenv("ALONE")) continue;
        peer.add(milliseconds(
            [&] { attention_by_aten(c, t, at::kFloat, way.type == CK_FLOAT32 ? at::kFloat : at::kBFloat16); }));
      }
      const double f = forward.best(), b = backward.best(), work = 1e3 * work_of(c);  // operations a ms are 1e-6 GF/s
      std::printf("  C %3d %s  forward %6.2f ms (median %6.2f) %4.0f GF/s  backward %6.2f (%6.2f) %4.0f GF/s"
                  "  both %3.0f %% of %3.0f GF/s",
                  c.channels, c.side ? "local " : "global", f, forward.median(), work / f, b, backward.median(),
                  2 * work / b, 100 * 3 * work / (f + b) / top, top);
      if (!peer.values.empty())
        std::printf("  ATen %6.2f (%6.2f), %.2f times as long", peer.best(), peer.median(),
                    peer.median() / (forward.median() + backward.median()));
      std::printf("\n");
      std::fflush(stdout);
    }
  }
}
