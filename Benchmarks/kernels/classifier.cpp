// The classifiers of alt_gvt_small, of few classes and of many.
#include "classifier_harness.h"
#include "measurement.h"

using namespace harness;

void bench_classifier(const Setting &setting) {
  print_head("Classifier", setting);
  const auto narrow = setting.way.type == CK_FLOAT32 ? at::kFloat : at::kBFloat16;
  for (int outputs : {10, 1000, 21841}) {
    const ClassifierCase c = {setting.batch, 512, outputs};
    const ClassifierTensors t(c);
    ClassifierKernel kernel(c, t, setting.way.type, setting.threads);
    ClassifierResult r = kernel.zeros();
    measure(
        setting, std::to_string(c.inputs) + " to " + std::to_string(outputs), 2.0 * c.rows * c.inputs * outputs,
        [&] { kernel.forward(r[0].second.data_ptr<float>()); }, [&] { kernel.backward(r); },
        [&] { return t.leaves(at::kFloat); },
        [&](const ClassifierTensors &leaves) { classifier_by_aten(leaves, narrow); });
  }
}
