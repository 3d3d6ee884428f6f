// The patch embeddings and positional encodings of alt_gvt_small's four stages, at 224 pixels.
#include "embedding_harness.h"
#include "measurement.h"
#include "position_harness.h"

using namespace harness;

static at::ScalarType narrow_of(const Setting &setting) {
  return setting.way.type == CK_FLOAT32 ? at::kFloat : at::kBFloat16;
}

void bench_embedding(const Setting &setting) {
  print_head("Patch embedding", setting);
  const EmbeddingCase stages[] = {{CK_PLANES, setting.batch, 224, 224, 3, 64, 4},
                                  {CK_TOKENS, setting.batch, 56, 56, 64, 128, 2},
                                  {CK_TOKENS, setting.batch, 28, 28, 128, 256, 2},
                                  {CK_TOKENS, setting.batch, 14, 14, 256, 512, 2}};
  for (const EmbeddingCase &c : stages) {
    const bool of_x = c.layout == CK_TOKENS;
    const EmbeddingTensors t(c);
    EmbeddingKernel kernel(c, t, setting.way.type, setting.threads);
    EmbeddingResult r = kernel.zeros();
    measure(
        setting, std::to_string(c.rows() / c.samples) + " x " + std::to_string(c.channels),
        2.0 * c.rows() * c.depth() * c.channels, [&] { kernel.forward(r[0].second.data_ptr<float>(), true); },
        [&] { kernel.backward(r, of_x); }, [&] { return t.leaves(at::kFloat, of_x); },
        [&](const EmbeddingTensors &leaves) { embedding_by_aten(c, leaves, narrow_of(setting)); });
  }
}

void bench_position(const Setting &setting) {
  print_head("Positional encoding", setting);
  const int stages[][2] = {{56, 64}, {28, 128}, {14, 256}, {7, 512}};
  for (auto [side, channels] : stages) {
    const PositionCase c = {setting.batch, side, side, channels};
    const PositionTensors t(c);
    PositionKernel kernel(c, t, setting.threads);
    PositionResult r = kernel.start();
    measure(
        setting, std::to_string(side * side) + " x " + std::to_string(channels),
        2.0 * 9 * setting.batch * side * side * channels, [&] { kernel.forward(r[0].second.data_ptr<float>()); },
        [&] { kernel.backward(r); }, [&] { return t.leaves(at::kFloat); },
        [&](const PositionTensors &leaves) { position_by_aten(c, leaves, narrow_of(setting)); });
  }
}
