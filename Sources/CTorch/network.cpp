// The arithmetic of layers.
#include "handles.h"
#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <torch/csrc/autograd/custom_function.h>

using ct::returning;

namespace {

/// Limits libtorch to one thread while it lives.
class OneThread {
 public:
  OneThread() : before_(at::get_num_threads()) { set(1); }
  ~OneThread() { set(before_); }

 private:
  static void set(int threads) {
    // Sets this thread's count only; at::set_num_threads sets the whole process's.
    static const auto omp = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
    if (omp) omp(threads);
  }
  const int before_;
};

/// LayerNorm on the CPU. libtorch sums the gradients of γ and β per thread, so their bits depend on the
/// number of threads; here one thread sums them.
struct LayerNorm : torch::autograd::Function<LayerNorm> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x, const at::Tensor &weight,
                            const at::Tensor &bias, double epsilon) {
    auto [y, mean, reciprocal] = at::native_layer_norm(x, weight.sizes(), weight, bias, epsilon);
    context->save_for_backward({x, weight, bias, mean, reciprocal});
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    auto differentiate = [&](std::array<bool, 3> wanted) {
      return at::native_layer_norm_backward(gradients[0], saved[0], saved[1].sizes(), saved[3], saved[4], saved[1],
                                            saved[2], wanted);
    };
    at::Tensor dx, dweight, dbias;
    if (context->needs_input_grad(0)) dx = std::get<0>(differentiate({true, false, false}));
    if (context->needs_input_grad(1) || context->needs_input_grad(2)) {
      OneThread one;
      std::tie(std::ignore, dweight, dbias) = differentiate({false, true, true});
    }
    return {dx, dweight, dbias, at::Tensor()};
  }
};

}  // namespace

int ct_linear(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, ct_tensor **out) {
  return returning(out, [&] { return at::linear(x->value, weight->value, bias->value); });
}

int ct_conv2d(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, int64_t stride,
              int64_t padding, int64_t groups, ct_tensor **out) {
  return returning(out, [&] {
    return at::conv2d(x->value, weight->value, bias->value, {stride, stride}, {padding, padding}, {1, 1},
                      groups);
  });
}

int ct_layer_norm(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, double epsilon,
                  ct_tensor **out) {
  return returning(out, [&] {
    if (x->value.is_cpu()) return LayerNorm::apply(x->value, weight->value, bias->value, epsilon);
    return at::layer_norm(x->value, weight->value.sizes(), weight->value, bias->value, epsilon);
  });
}

int ct_gelu(const ct_tensor *x, ct_tensor **out) {
  return returning(out, [&] { return at::gelu(x->value); });
}

int ct_attention(const ct_tensor *q, const ct_tensor *k, const ct_tensor *v, ct_tensor **out) {
  return returning(out, [&] { return at::scaled_dot_product_attention(q->value, k->value, v->value); });
}

int ct_resize_bicubic(const ct_tensor *planes, int64_t height, int64_t width, ct_tensor **out) {
  return returning(out, [&] {
    const int64_t size[] = {height, width};
    return at::_upsample_bicubic2d_aa(planes->value, size, false, std::nullopt, std::nullopt);
  });
}
