// The MLP half at the four stages of alt_gvt_small.
#include "measurement.h"
#include "mlp_harness.h"

using namespace harness;

void bench_mlp(const Setting &setting) {
  print_head("MLP half", setting);
  const auto narrow = setting.way.type == CK_FLOAT32 ? at::kFloat : at::kBFloat16;
  const int stages[][2] = {{3136, 64}, {784, 128}, {196, 256}, {49, 512}};
  for (auto [tokens, channels] : stages) {
    const MLPCase c = {setting.batch, tokens, channels, 4 * channels, {}, true, 1.25f};
    const MLPTensors t(c);
    MLPKernel kernel(c, t, setting.way.type, setting.threads);
    MLPResult r = mlp_zeros(t);
    measure(
        setting, std::to_string(tokens) + " x " + std::to_string(channels),
        2.0 * 2 * 4 * channels * channels * (double)setting.batch * tokens,
        [&] { kernel.forward(t.x.const_data_ptr<float>(), r.y.data_ptr<float>(), true); },
        [&] { kernel.backward(t.dy.const_data_ptr<float>(), r.dx.data_ptr<float>(), gradients_of(r)); },
        [&] { return t.leaves(at::kFloat); },
        [&](const MLPTensors &leaves) { mlp_by_aten(c, leaves, narrow, 1e-6f); });
  }
}
