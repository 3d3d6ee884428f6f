// The attention halves, local and global, at the four stages of alt_gvt_small.
#include "attention_harness.h"
#include "measurement.h"

using namespace harness;

/// Operations of the products of one forward pass; attention's own counted by the keys that exist.
static double operations_of(const AttentionCase &c) {
  const double rows = (double)c.samples * c.tokens(), C = c.channels;
  if (c.side) return 2 * rows * 4 * C * C + 4 * rows * c.side * c.side * C;
  const double keys = (double)c.samples * c.keys(), convolution = c.reduces() ? rows * C * C : 0;
  return 2 * (2 * rows * C * C + 2 * keys * C * C + convolution) + 4 * rows * c.keys() * C;
}

static void bench(const Setting &setting, const AttentionCase &c) {
  const auto narrow = setting.way.type == CK_FLOAT32 ? at::kFloat : at::kBFloat16;
  const AttentionTensors t(c);
  AttentionKernel kernel(c, t, setting.way.type, setting.threads);
  AttentionResult r = kernel.zeros();
  measure(
      setting, std::to_string(c.tokens()) + " x " + std::to_string(c.channels), operations_of(c),
      [&] { kernel.forward(t.x.const_data_ptr<float>(), r[0].second.data_ptr<float>(), true); },
      [&] { kernel.backward(t.dy.const_data_ptr<float>(), r[1].second.data_ptr<float>(), r); },
      [&] { return t.leaves(at::kFloat); },
      [&](const AttentionTensors &leaves) { attention_by_aten(c, leaves, narrow); });
}

void bench_local_attention(const Setting &setting) {
  print_head("Local attention half", setting);
  for (int stage = 0; stage < 4; stage++) {
    const int side = 56 >> stage, channels = 64 << stage;
    bench(setting, {setting.batch, side, side, channels, channels / 32, 7, 1, {}, true, 1.25f});
  }
}

void bench_global_attention(const Setting &setting) {
  print_head("Global attention half", setting);
  for (int stage = 0; stage < 4; stage++) {
    const int side = 56 >> stage, channels = 64 << stage;
    bench(setting, {setting.batch, side, side, channels, channels / 32, 0, 8 >> stage, {}, true, 1.25f});
  }
}
