// One fully connected layer through the kernels.
#pragma once
#include <ATen/ATen.h>

#include "harness.h"

namespace harness {

struct LinearTensors {
  int64_t rows;
  int inputs, outputs;
  at::Tensor x, dy, weight, bias;

  LinearTensors(int64_t rows, int inputs, int outputs) : rows(rows), inputs(inputs), outputs(outputs) {
    at::manual_seed(rows * 1000003 + inputs * 1009 + outputs);
    x = at::randn({rows, inputs});
    dy = at::randn({rows, outputs});
    weight = at::randn({outputs, inputs}) / std::sqrt((double)inputs);
    bias = at::randn({outputs});
  }
};

struct LinearResult {
  at::Tensor y, dx, weight, bias;
  std::vector<std::pair<const char *, at::Tensor>> named() const {
    return {{"y", y}, {"dx", dx}, {"dW", weight}, {"db", bias}};
  }
};

/// y, dx, dW and db by ATen with operands in `narrow`, or in float64 with operands rounded to it.
inline LinearResult linear_by_aten(const LinearTensors &t, at::ScalarType narrow, bool exact) {
  auto in = [&](const at::Tensor &v) { return exact ? v.to(narrow).to(at::kDouble) : v.to(narrow); };
  at::Tensor bias = t.bias.to(exact ? at::kDouble : narrow);
  return {at::linear(in(t.x), in(t.weight), bias), in(t.dy).mm(in(t.weight)), in(t.dy).t().mm(in(t.x)),
          in(t.dy).sum(0)};
}

struct LinearKernel {
  const LinearTensors &t;
  const ck_threads threads;
  ck_linear_layer linear;
  Memory weight, weight_back, forward_scratch, backward_scratch;

  static ck_linear_layer shape_of(const LinearTensors &t, ck_type type) {
    ck_linear_layer linear = {};
    linear.type = type, linear.inputs = t.inputs, linear.outputs = t.outputs;
    return linear;
  }
  LinearKernel(const LinearTensors &t, ck_type type, int count)
      : t(t), threads(harness::threads(count)), linear(shape_of(t, type)),
        weight(ck_packed_bytes(type, t.outputs, t.inputs)), weight_back(ck_packed_bytes(type, t.outputs, t.inputs)),
        forward_scratch(ck_linear_forward_scratch(&linear, count)),
        backward_scratch(ck_linear_backward_scratch(&linear, t.rows, count)) {
    const float *values = t.weight.const_data_ptr<float>();
    ck_pack_forward(&threads, type, values, t.outputs, t.inputs, weight.bytes);
    ck_pack_backward(&threads, type, values, t.outputs, t.inputs, weight_back.bytes);
    linear.bias = t.bias.const_data_ptr<float>();
    linear.weight = weight.bytes, linear.weight_back = weight_back.bytes;
  }
  void forward(LinearResult &r) {
    ck_linear_forward(&threads, &linear, t.rows, t.x.const_data_ptr<float>(), r.y.data_ptr<float>(),
                      forward_scratch.bytes);
  }
  void backward(LinearResult &r, bool input) {
    ck_linear_backward(&threads, &linear, t.rows, t.x.const_data_ptr<float>(),
                       t.dy.const_data_ptr<float>(), input ? r.dx.data_ptr<float>() : nullptr,
                       r.weight.data_ptr<float>(), r.bias.data_ptr<float>(), backward_scratch.bytes);
  }
};

inline LinearResult linear_zeros(const LinearTensors &t) {
  return {at::zeros({t.rows, t.outputs}), at::zeros({t.rows, t.inputs}), at::zeros({t.outputs, t.inputs}),
          at::zeros({t.outputs})};
}

inline LinearResult linear_by_kernel(const LinearTensors &t, ck_type type, int count) {
  LinearKernel kernel(t, type, count);
  LinearResult r = linear_zeros(t);
  kernel.forward(r);
  kernel.backward(r, true);
  return r;
}

}  // namespace harness
