// The MLP half, forward and backward, by the kernel and by ATen in turns: mlp [batch] [threads] [rounds] [dropped].
//
// `dropped` samples of the batch are skipped by the kernel, and multiplied by 0 by ATen. With one thread times are the
// process's own on the processor.
#include "clock.h"
#include "mlp_harness.h"

using namespace harness;

int main(int argc, char **argv) {
  int batch = argc > 1 ? std::atoi(argv[1]) : 16, count = argc > 2 ? std::atoi(argv[2]) : 2;
  int rounds = argc > 3 ? std::atoi(argv[3]) : 7;
  int dropped = argc > 4 ? std::atoi(argv[4]) : 0;
  const char *only = std::getenv("WAY");
  at::set_num_threads(count);
  processor_time = count == 1;
  const int stages[][2] = {{3136, 64}, {784, 128}, {196, 256}, {49, 512}};
  for (const Way &way : ways()) {
    if (only && way.name() != only) continue;
    way.use();
    std::printf("%s, batch %d, %d threads\n", way.name().c_str(), batch, count);
    for (auto [tokens, channels] : stages) {
      MLPCase c = {batch, tokens, channels, 4 * channels, {}, dropped == 0, 1.25f};
      for (int i = dropped; i < batch; i++) c.kept.push_back(i);
      MLPTensors t(c);
      MLPKernel kernel(c, t, way.type, count);
      MLPResult r = mlp_zeros(t);
      Times forward, backward, peer;
      double top = 0;
      for (int round = 0; round < rounds; round++) {
        wait_for_quiet(way, count, top);
        forward.add(milliseconds([&] { kernel.forward(t.x.const_data_ptr<float>(), r.y.data_ptr<float>(), true); }));
        backward.add(milliseconds(
            [&] { kernel.backward(t.dy.const_data_ptr<float>(), r.dx.data_ptr<float>(), gradients_of(r)); }));
        if (std::getenv("ALONE")) continue;
        auto narrow = way.type == CK_FLOAT32 ? at::kFloat : at::kBFloat16;
        peer.add(milliseconds([&] { mlp_by_aten(c, t, at::kFloat, narrow, 1e-6f); }));
      }
      double work = 2.0 * 2 * 4 * channels * channels * (double)(batch - dropped) * tokens / 1e6;  // of forward, in MF
      double f = forward.best(), b = backward.best();
      std::printf("  C %3d  forward %6.2f ms (median %6.2f) %4.0f GF/s  backward %6.2f (%6.2f) %4.0f GF/s"
                  "  both %3.0f %% of %3.0f GF/s",
                  channels, f, forward.median(), work / f, b, backward.median(), 2 * work / b,
                  100 * 3 * work / (f + b) / top, top);
      if (!peer.values.empty())
        std::printf("  ATen %6.2f (%6.2f), %.2f times as long", peer.best(), peer.median(),
                    peer.median() / (forward.median() + backward.median()));
      std::printf("\n");
      std::fflush(stdout);
    }
  }
}
