// Products and weight gradients by the kernels and by ATen in turns: linear [threads] [rounds].
//
// The kernels read and write float32 and round on the way; ATen's operands are of the product's type beforehand.
#include "clock.h"
#include "linear_harness.h"

using namespace harness;

int main(int argc, char **argv) {
  int count = argc > 1 ? std::atoi(argv[1]) : 2, rounds = argc > 2 ? std::atoi(argv[2]) : 7;
  const char *only = std::getenv("WAY");
  at::set_num_threads(count);
  processor_time = count == 1;
  const int shapes[][3] = {{50176, 64, 256}, {50176, 256, 64}, {12544, 128, 512}, {3136, 256, 1024},
                           {3136, 1024, 256}, {784, 512, 2048}, {784, 2048, 512}, {2048, 2048, 2048}};
  for (const Way &way : ways()) {
    if (only && way.name() != only) continue;
    way.use();
    std::printf("%s, %d threads\n", way.name().c_str(), count);
    for (auto [rows, inputs, outputs] : shapes) {
      LinearTensors t(rows, inputs, outputs);
      LinearKernel kernel(t, way.type, count);
      LinearResult r = linear_zeros(t);
      auto narrow = way.type == CK_FLOAT32 ? at::kFloat : at::kBFloat16;
      at::Tensor x = t.x.to(narrow), dy = t.dy.to(narrow), weight = t.weight.to(narrow), bias = t.bias.to(narrow);
      Times forward, backward, peer_forward, peer_backward;
      double top = 0;
      for (int round = 0; round < rounds; round++) {
        wait_for_quiet(way, count, top);
        forward.add(milliseconds([&] { kernel.forward(r); }));
        peer_forward.add(milliseconds([&] { at::linear(x, weight, bias); }));
        backward.add(milliseconds([&] { kernel.backward(r, true); }));
        peer_backward.add(milliseconds([&] { dy.mm(weight), dy.t().mm(x), dy.sum(0); }));
      }
      double work = 2.0 * rows * inputs * outputs / 1e6;
      std::printf("  %5d x %4d x %4d  forward %6.2f ms (median %6.2f) %4.0f GF/s, ATen %6.2f (%6.2f)"
                  "  backward %6.2f (%6.2f) %4.0f GF/s, ATen %6.2f (%6.2f)  %3.0f %% of %3.0f GF/s\n",
                  rows, inputs, outputs, forward.best(), forward.median(), work / forward.best(),
                  peer_forward.best(), peer_forward.median(), backward.best(), backward.median(),
                  2 * work / backward.best(), peer_backward.best(), peer_backward.median(),
                  100 * 3 * work / (forward.best() + backward.best()) / top, top);
      std::fflush(stdout);
    }
  }
}
