// What cards have and the CPU has not, on the bytes that are kept: attention as one operation for queries of four dimensions, by
// the CPU's fused one, and products of narrow numbers that come out wide.
#include "recorder.h"
#include <ATen/native/transformers/attention.h>
#include <torch/library.h>
#include <tuple>
#include <vector>

namespace {

using namespace card;

/// The backend that a device brings by itself (sdp::SDPBackend::overrideable), or plain products.
int64_t choice(const at::Tensor &query, const at::Tensor &, const at::Tensor &, const std::optional<at::Tensor> &, double,
               bool, std::optional<double>, bool) {
  return query.dim() == 4 ? 4 : 0;
}

/// What `compute` makes of bytes that the host can touch, on the card of `beside`; a graph that is being recorded notes it.
template <class Compute>
std::vector<at::Tensor> on_cards(const at::Tensor &beside, Compute compute) {
  std::vector<at::Tensor> made, places;
  for (const at::Tensor &result : compute()) {
    made.push_back(on_card(result, beside));
    places.push_back(on_host(made.back()));
  }
  recorded([compute, places] {
    const std::vector<at::Tensor> results = compute();
    for (size_t i = 0; i < places.size(); ++i) at::Tensor(places[i]).copy_(results[i]);
  });
  return made;
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, c10::SymInt, c10::SymInt, at::Tensor, at::Tensor, at::Tensor>
attention(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, const std::optional<at::Tensor> &,
          double dropout, bool is_causal, bool, std::optional<double> scale) {
  static const std::string name = "aten::_scaled_dot_product_fused_attention_overrideable";
  refuse_unrecorded(name);
  note(Event::launch, name);
  const auto made = on_cards(query, [q = on_host(query), k = on_host(key), v = on_host(value), dropout, is_causal, scale] {
    const auto [output, sums] = at::_scaled_dot_product_flash_attention_for_cpu(q, k, v, dropout, is_causal, {}, scale);
    return std::vector{output, sums};
  });
  const auto nothing = at::empty({0}, query.options());
  return {made[0], made[1], nothing, nothing, query.size(2), key.size(2), nothing, nothing, nothing};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> attention_backward(
    const at::Tensor &gradient, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
    const at::Tensor &, std::array<bool, 4>, const at::Tensor &output, const at::Tensor &sums, const at::Tensor &,
    const at::Tensor &, c10::SymInt, c10::SymInt, double dropout, bool is_causal, const at::Tensor &, const at::Tensor &,
    std::optional<double> scale) {
  note(Event::launch, "aten::_scaled_dot_product_fused_attention_overrideable_backward");
  const auto made = on_cards(query, [g = on_host(gradient), q = on_host(query), k = on_host(key), v = on_host(value),
                                     o = on_host(output), s = on_host(sums), dropout, is_causal, scale] {
    const auto [dq, dk, dv] =
        at::_scaled_dot_product_flash_attention_for_cpu_backward(g, q, k, v, o, s, dropout, is_causal, {}, scale);
    return std::vector{dq, dk, dv};
  });
  return {made[0], made[1], made[2], at::Tensor()};
}

at::Tensor wide_product(const at::Tensor &a, const at::Tensor &b, at::ScalarType type) {
  static const std::string name = "aten::mm";
  TORCH_CHECK(type == at::kFloat, "products come out as float32 alone");
  refuse_unrecorded(name);
  note(Event::launch, name);
  return on_cards(a, [a = on_host(a), b = on_host(b), type] {
    return std::vector{at::mm(a.to(type), b.to(type))};
  })[0];
}

}  // namespace

// Where libtorch asks for a device's choice.
namespace at::native {
REGISTER_PRIVATEUSE1_DISPATCH(_fused_sdp_choice_stub, &choice)
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  library.impl("_scaled_dot_product_fused_attention_overrideable", attention);
  library.impl("_scaled_dot_product_fused_attention_overrideable_backward", attention_backward);
  library.impl("mm.dtype", wide_product);
}
