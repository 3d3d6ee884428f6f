// The classifiers of alt_gvt_small, of few classes and of many.
#include "linear_layer_harness.h"
#include "measurement.h"

using namespace harness;

void bench_linear_layer(const Setting &setting) {
  print_head("Classifier, a linear layer", setting);
  const auto narrow = setting.way.type == CK_FLOAT32 ? at::kFloat : at::kBFloat16;
  for (int outputs : {10, 1000, 21841}) {
    const LayerCase c = {setting.batch, 512, outputs};
    const LayerTensors t(c);
    LayerKernel kernel(c, t, setting.way.type, setting.threads);
    LayerResult r = kernel.zeros();
    measure(
        setting, std::to_string(c.inputs) + " to " + std::to_string(outputs), 2.0 * c.rows * c.inputs * outputs,
        [&] { kernel.forward(r[0].second.data_ptr<float>()); }, [&] { kernel.backward(r); },
        [&] { return t.leaves(at::kFloat); },
        [&](const LayerTensors &leaves) { linear_layer_by_aten(leaves, narrow); });
  }
}
