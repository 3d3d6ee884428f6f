#include "packed.h"
#include <mutex>
#include <vector>

using namespace ct;

/// The packed forms of weights that operations have asked for, in that order.
struct ct_packed_weights {
  struct Form {
    at::Tensor weight;
    Packing how;
    /// The ready form; undefined where there is none.
    at::Tensor memory;
  };
  std::vector<Form> forms;
  /// Held where one thread packs what has arrived while another asks for forms.
  std::mutex mutex;

  Form at(int64_t form) {
    std::lock_guard lock(mutex);
    return forms[static_cast<size_t>(form)];
  }

  /// Returns a weight's ready form, or nothing, and notes that it was asked for.
  at::Tensor find(const at::Tensor &weight, Packing how) {
    std::lock_guard lock(mutex);
    for (const auto &form : forms)
      if (form.weight.data_ptr() == weight.data_ptr() && form.weight.numel() == weight.numel() && form.how == how)
        return form.memory;
    forms.push_back({weight.detach(), how, {}});
    return {};
  }
};

namespace {

thread_local ct_packed_weights *in_use = nullptr;

int outputs(const at::Tensor &weight) { return static_cast<int>(weight.size(0)); }
int inputs(const at::Tensor &weight) { return static_cast<int>(weight.numel() / weight.size(0)); }

size_t byte_count(const at::Tensor &weight, Packing how) {
  return ck_packed_bytes(how.type, outputs(weight), inputs(weight));
}

/// A convolution's weight [outputs, inputs, r, r] as that of a linear layer over tokens, [outputs,
/// r·r·inputs].
at::Tensor flattened(const at::Tensor &convolution) {
  auto flat = at::empty({outputs(convolution), inputs(convolution)});
  auto threads = kernel_threads();
  ck_flatten_convolution(&threads, floats(convolution), outputs(convolution), static_cast<int>(convolution.size(1)),
                         static_cast<int>(convolution.size(2)), floats(flat));
  return flat;
}

void pack(const at::Tensor &weight, Packing how, void *memory) {
  auto layer = how.flattens ? flattened(weight) : weight;
  auto threads = kernel_threads();
  (how.back ? ck_pack_backward : ck_pack_forward)(&threads, how.type, floats(layer), outputs(layer), inputs(layer),
                                                  memory);
}

}  // namespace

namespace ct {

at::Tensor packed(const at::Tensor &weight, Packing how) {
  if (in_use) {
    if (auto ready = in_use->find(weight, how); ready.defined()) return ready;
  }
  auto memory = bytes(byte_count(weight, how));
  pack(weight, how, memory.data_ptr());
  return memory;
}

}  // namespace ct

ct_packed_weights *ct_packed_weights_create(void) { return new ct_packed_weights; }

void ct_packed_weights_free(ct_packed_weights *weights) { delete weights; }

void ct_packed_weights_use(ct_packed_weights *weights) { in_use = weights; }

int64_t ct_packed_weights_count(const ct_packed_weights *weights) {
  return static_cast<int64_t>(weights->forms.size());
}

int64_t ct_packed_weights_bytes(const ct_packed_weights *weights, int64_t form) {
  const auto &[weight, how, memory] = weights->forms[static_cast<size_t>(form)];
  return static_cast<int64_t>(byte_count(weight, how));
}

const float *ct_packed_weights_weight(ct_packed_weights *weights, int64_t form, int64_t *count) {
  const auto [weight, how, memory] = weights->at(form);
  *count = weight.numel();
  return weight.const_data_ptr<float>();
}

int ct_packed_weights_place(ct_packed_weights *weights, int64_t form, void *memory) {
  return guarded([&] {
    auto &[weight, how, place] = weights->forms[static_cast<size_t>(form)];
    place = at::from_blob(memory, {static_cast<int64_t>(byte_count(weight, how))}, at::kByte);
  });
}

int ct_packed_weights_pack(ct_packed_weights *weights, int64_t form) {
  return guarded([&] {
    at::NoGradGuard guard;
    const auto [weight, how, memory] = weights->at(form);
    pack(weight, how, memory.data_ptr());
  });
}
