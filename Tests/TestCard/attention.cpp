// Attention as one operation, which a card has for queries of four dimensions: the CPU's fused one on the bytes that are kept.
#include "card.h"
#include <ATen/native/transformers/attention.h>
#include <torch/library.h>
#include <tuple>

namespace {

using namespace card;

/// The backend that a device brings by itself (sdp::SDPBackend::overrideable), or plain products.
int64_t choice(const at::Tensor &query, const at::Tensor &, const at::Tensor &, const std::optional<at::Tensor> &, double,
               bool, std::optional<double>, bool) {
  return query.dim() == 4 ? 4 : 0;
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, c10::SymInt, c10::SymInt, at::Tensor, at::Tensor, at::Tensor>
attention(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, const std::optional<at::Tensor> &,
          double dropout, bool is_causal, bool, std::optional<double> scale) {
  note(Event::launch, "aten::_scaled_dot_product_fused_attention_overrideable");
  auto [output, sums] = at::_scaled_dot_product_flash_attention_for_cpu(on_host(query), on_host(key), on_host(value),
                                                                        dropout, is_causal, {}, scale);
  const auto nothing = at::empty({0}, query.options());
  return {on_card(output, query), on_card(sums, query), nothing, nothing, query.size(2), key.size(2), nothing, nothing,
          nothing};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> attention_backward(
    const at::Tensor &gradient, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
    const at::Tensor &, std::array<bool, 4>, const at::Tensor &output, const at::Tensor &sums, const at::Tensor &,
    const at::Tensor &, c10::SymInt, c10::SymInt, double dropout, bool is_causal, const at::Tensor &, const at::Tensor &,
    std::optional<double> scale) {
  note(Event::launch, "aten::_scaled_dot_product_fused_attention_overrideable_backward");
  auto [q, k, v] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
      on_host(gradient), on_host(query), on_host(key), on_host(value), on_host(output), on_host(sums), dropout, is_causal,
      {}, scale);
  return {on_card(q, query), on_card(k, query), on_card(v, query), at::Tensor()};
}

}  // namespace

// Where libtorch asks for a device's choice.
namespace at::native {
REGISTER_PRIVATEUSE1_DISPATCH(_fused_sdp_choice_stub, &choice)
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  library.impl("_scaled_dot_product_fused_attention_overrideable", attention);
  library.impl("_scaled_dot_product_fused_attention_overrideable_backward", attention_backward);
}
