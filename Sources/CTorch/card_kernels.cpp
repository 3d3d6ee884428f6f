// Kernels of our own for a card, from a library that is opened at run time (../CardKernels).
#include "../CardKernels/table.h"
#include "handles.h"
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>
#include <torch/csrc/autograd/custom_function.h>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

/// The opened library's kernels; null without one. Set before any layer is made.
const twins_card_kernels *kernels = nullptr;

void *stream_of(c10::Device device) { return c10::impl::VirtualGuardImpl(device.type()).getStream(device).native_handle(); }

template <class T>
T *place(const at::Tensor &t) {
  return t.defined() ? static_cast<T *>(t.data_ptr()) : nullptr;
}

/// The tensors of a norm, as the kernels take them.
struct Norm {
  at::Tensor x, branch, factors, weight, bias, sum, normed, mean, reciprocal;

  twins_norm described(double epsilon) const {
    twins_norm p = {};
    p.channels = sum.size(-1);
    p.rows = sum.numel() / p.channels;
    p.rows_per_sample = p.rows / sum.size(0);
    p.epsilon = static_cast<float>(epsilon);
    p.factors = place<const float>(factors);
    p.weight = place<const float>(weight);
    p.bias = place<const float>(bias);
    p.sum = place<float>(sum);
    p.mean = place<float>(mean);
    p.reciprocal = place<float>(reciprocal);
    return p;
  }
};

void set_strides(twins_norm &p, const at::Tensor &branch) {
  const int64_t dimensions = branch.dim() - 1, first = TWINS_ROW_DIMENSIONS - dimensions;
  for (int64_t d = 0; d < TWINS_ROW_DIMENSIONS; ++d) {
    p.branch_sizes[d] = d < first ? 1 : branch.size(d - first);
    p.branch_strides[d] = d < first ? 0 : branch.stride(d - first);
  }
}

int32_t number(at::ScalarType type) { return type == at::kBFloat16 ? TWINS_BFLOAT16 : TWINS_FLOAT32; }

void check(int status, const char *name) { TORCH_CHECK(status == 0, name, " of the card's kernels fails with error ", status); }

/// {x + factor · branch, LayerNorm of it in `type`}; without a branch the first is x.
struct ResidualNorm : torch::autograd::Function<ResidualNorm> {
  static variable_list forward(AutogradContext *context, const at::Tensor &x, const std::optional<at::Tensor> &added,
                               const std::optional<at::Tensor> &factors, const at::Tensor &weight, const at::Tensor &bias,
                               double epsilon, at::ScalarType type) {
    const auto branch = added.value_or(at::Tensor());
    TORCH_CHECK(!branch.defined() || branch.dim() <= TWINS_ROW_DIMENSIONS + 1, "a branch of ", branch.dim(), " dimensions");
    Norm norm;
    norm.x = x.contiguous();
    if (branch.defined()) {
      const auto own = branch.scalar_type() == type ? branch : branch.to(type);
      norm.branch = own.stride(-1) == 1 ? own : own.contiguous();
    }
    if (factors) norm.factors = factors->to(at::kFloat).contiguous();
    norm.weight = weight.contiguous(), norm.bias = bias.contiguous();
    norm.sum = branch.defined() ? at::empty_like(norm.x) : norm.x;
    norm.normed = at::empty(x.sizes(), x.options().dtype(type));
    norm.mean = at::empty({x.numel() / x.size(-1)}, x.options());
    norm.reciprocal = at::empty_like(norm.mean);
    auto p = norm.described(epsilon);
    p.x = place<const float>(norm.x);
    p.normed = place<void>(norm.normed);
    p.type = number(type);
    if (branch.defined()) {
      p.branch = place<const void>(norm.branch);
      set_strides(p, norm.branch);
    }
    check(kernels->norm_forward(stream_of(x.device()), &p), "norm_forward");
    context->set_materialize_grads(false);
    context->save_for_backward({norm.sum, norm.factors, norm.weight, norm.bias, norm.mean, norm.reciprocal});
    context->saved_data["epsilon"] = epsilon;
    context->saved_data["type"] = type;
    context->saved_data["adds"] = branch.defined();
    if (branch.defined()) {
      context->saved_data["branch type"] = branch.scalar_type();
      context->saved_data["strides"] = norm.branch.strides().vec();
    }
    return {norm.sum, norm.normed};
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    Norm norm{{}, {}, saved[1], saved[2], saved[3], saved[0], {}, saved[4], saved[5]};
    const auto type = context->saved_data["type"].toScalarType();
    auto p = norm.described(context->saved_data["epsilon"].toDouble());
    p.type = number(type);
    const auto sum_gradient = gradients[0].defined() ? gradients[0].contiguous() : at::Tensor();
    const auto normed_gradient =
        gradients[1].defined() ? gradients[1].contiguous() : at::zeros(norm.sum.sizes(), norm.sum.options().dtype(type));
    const auto dx = at::empty_like(norm.sum);
    at::Tensor dbranch;
    if (context->saved_data["adds"].toBool()) {
      dbranch = at::empty_strided(dx.sizes(), context->saved_data["strides"].toIntVector(), dx.options().dtype(type));
      p.branch_gradient = place<void>(dbranch);
      set_strides(p, dbranch);
    }
    const auto partial = at::empty({TWINS_MOST_WARPS, 2, p.channels}, dx.options());
    const auto sums = at::empty({2, p.channels}, dx.options());
    p.sum_gradient = place<const float>(sum_gradient);
    p.normed_gradient = place<const void>(normed_gradient);
    p.x_gradient = place<float>(dx);
    p.partial = place<float>(partial);
    p.weight_gradients = place<float>(sums);
    check(kernels->norm_backward(stream_of(dx.device()), &p), "norm_backward");
    if (dbranch.defined()) dbranch = dbranch.to(context->saved_data["branch type"].toScalarType());
    return {dx, dbranch, {}, sums[0], sums[1], {}, {}};
  }
};

/// Values in [-1, 1) that are the same everywhere.
at::Tensor values(at::IntArrayRef shape, double seed, c10::Device device) {
  const auto all = at::arange(c10::multiply_integers(shape), at::kDouble);
  return (at::frac(at::sin(all * 12.9898 + seed) * 43758.5453)).to(at::kFloat).reshape(shape).to(device);
}

/// How far two tensors are apart, relative to the larger one's greatest element.
double distance(const at::Tensor &a, const at::Tensor &b) {
  const auto x = a.detach().to(at::kCPU).to(at::kDouble), y = b.detach().to(at::kCPU).to(at::kDouble);
  const auto apart = (x - y).abs().max().item<double>();
  return std::isfinite(apart) ? apart / std::max(1.0, y.abs().max().item<double>()) : INFINITY;
}

/// Runs both ways on a card, and returns how far they are apart at most; the branch lies as in windows, with 24 · tall rows.
double difference(c10::Device device, at::ScalarType type, int64_t channels, bool adds, int64_t tall) {
  const auto x = values({2, 3, 2, tall, 2, channels}, 1, device), w = values({channels}, 3, device) + 1.5,
             b = values({channels}, 4, device), factors = values({2}, 5, device) + 1.5;
  const auto lying = values({2, 3, tall, 2, 2, channels}, 2, device).to(type);
  const auto up = values(x.sizes(), 6, device), side = values(x.sizes(), 7, device).to(type);
  std::array<std::vector<at::Tensor>, 2> found;
  for (const bool is_own : {true, false}) {
    auto leaf = [](const at::Tensor &t) { return t.detach().clone().set_requires_grad(true); };
    const auto ox = leaf(x), ow = leaf(w), ob = leaf(b), on = leaf(lying);
    const auto branch = adds ? std::optional(on.transpose(2, 3)) : std::nullopt;
    at::Tensor sum, normed;
    if (is_own) {
      const auto both = ResidualNorm::apply(ox, branch, factors, ow, ob, 1e-6, type);
      sum = both[0], normed = both[1];
    } else {
      sum = adds ? at::addcmul(ox, *branch, factors.reshape({2, 1, 1, 1, 1, 1})) : ox;
      normed = at::layer_norm(sum, {channels}, ow, ob, 1e-6).to(type);
    }
    const auto loss = (sum * up).sum() + (normed * side).sum(at::kFloat);
    loss.backward();
    auto &all = found[is_own ? 0 : 1];
    all = {sum, normed, ox.grad(), ow.grad(), ob.grad()};
    if (adds) all.push_back(on.grad());
  }
  double most = 0;
  for (size_t i = 0; i < found[0].size(); ++i) most = std::max(most, distance(found[0][i], found[1][i]));
  return most;
}

/// Throws unless the kernels compute on a card what libtorch's operations do.
void compare(c10::Device device, bool has_bfloat16) {
  at::AutoGradMode grads(true);
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    if (type == at::kBFloat16 && !has_bfloat16) continue;
    // Each number of channels that a lane may have, and more rows than warps, so that a warp has several.
    const std::pair<int64_t, int64_t> sizes[] = {{40, 1}, {40, 91}, {64, 1}, {128, 1}, {256, 1}, {512, 1}, {1024, 1}};
    for (const auto &[channels, tall] : sizes)
      for (const bool adds : {true, false}) {
        const auto apart = difference(device, type, channels, adds, tall);
        TORCH_CHECK(apart <= (type == at::kFloat ? 1e-5 : 2e-2), "its norm differs from libtorch's by ", apart, " in ", type);
      }
  }
}

}  // namespace

int ct_open_card_kernels(const char *path, int kind, int index) {
  return ct::guarded([&] {
    // Never closed: a card may still run what it has.
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    TORCH_CHECK(library, dlerror());
    const auto table = reinterpret_cast<decltype(&twins_card_kernels_table)>(dlsym(library, "twins_card_kernels_table"));
    TORCH_CHECK(table, "it has no twins_card_kernels_table");
    TORCH_CHECK(table()->version == TWINS_CARD_KERNELS_VERSION, "it is of version ", table()->version, ", and this program takes ",
                TWINS_CARD_KERNELS_VERSION);
    bool has_bfloat16 = false;
    TORCH_CHECK(ct_has_bfloat16(kind, index, &has_bfloat16) == CT_DONE, ct_last_error());
    kernels = table();
    try {
      compare(ct::device(kind, index), has_bfloat16);
    } catch (...) {
      kernels = nullptr;
      throw;
    }
  });
}

bool ct_takes_card_norm(const ct_tensor *x, int dtype) {
  const auto &value = x->value;
  return kernels && !value.is_cpu() && value.scalar_type() == at::kFloat && value.size(-1) <= TWINS_MOST_CHANNELS &&
         (dtype == CT_FLOAT32 || dtype == CT_BFLOAT16);
}

int ct_card_norm(const ct_tensor *x, const ct_tensor *branch, const ct_tensor *factors, const ct_tensor *weight,
                 const ct_tensor *bias, double epsilon, int dtype, ct_tensor **sum, ct_tensor **normed) {
  return ct::guarded([&] {
    auto both = ResidualNorm::apply(x->value, branch ? std::optional(branch->value) : std::nullopt,
                                    factors ? std::optional(factors->value) : std::nullopt, weight->value, bias->value,
                                    epsilon, ct::type(dtype));
    *sum = new ct_tensor{both[0]};
    *normed = new ct_tensor{both[1]};
  });
}
