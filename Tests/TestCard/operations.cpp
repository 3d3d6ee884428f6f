// Every operation on a card: libtorch's own for the CPU, over views of the bytes that are kept for the card.
#include "card.h"
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>
#include <torch/library.h>
#include <vector>

namespace {

using namespace card;
using torch::jit::Stack;

/// The arguments of one call, as the CPU takes them, and the way back.
class Call {
 public:
  Call(const c10::OperatorHandle &operation, Stack &stack) : operation_(operation), stack_(stack) {
    const auto &schema = operation.schema();
    const auto count = schema.arguments().size();
    first_ = stack.size() - count;
    given_.assign(stack.begin() + static_cast<std::ptrdiff_t>(first_), stack.end());
    for (size_t i = 0; i < count; ++i) {
      const auto *alias = schema.arguments()[i].alias_info();
      stack[first_ + i] = on_host(given_[i], alias && alias->isWrite());
    }
  }

  void run() {
    operation_.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), &stack_);
    for (auto &[tensor, grown] : grown_) {
      tensor.resize_(grown.sizes());
      at::from_blob(held(tensor.mutable_data_ptr()), grown.sizes(), grown.options()).copy_(grown);
    }
    const auto &returns = operation_.schema().returns();
    for (size_t i = 0; i < returns.size(); ++i) {
      auto &result = stack_[first_ + i];
      const auto *alias = returns[i].alias_info();
      result = alias && alias->isWrite() ? argument(*alias) : on_card(result);
    }
  }

 private:
  const c10::OperatorHandle &operation_;
  Stack &stack_;
  size_t first_;
  Stack given_;
  int card_ = -1;
  /// What an operation may make larger, and what it made of it.
  std::vector<std::pair<at::Tensor, at::Tensor>> grown_;

  at::Tensor view(const at::Tensor &tensor, bool is_written) {
    if (!tensor.defined()) return tensor;
    if (tensor.device().type() != kind) {
      TORCH_CHECK(tensor.dim() == 0, "Expected all tensors to be on the same card, but found one of ", tensor.sizes(),
                  " on ", tensor.device(), " for ", operation_.schema().name());
      return tensor;
    }
    TORCH_CHECK(card_ < 0 || card_ == tensor.get_device(), "Expected all tensors to be on the same card, but found ",
                card_, " and ", static_cast<int>(tensor.get_device()), " for ", operation_.schema().name());
    card_ = tensor.get_device();
    check_current(card_);
    auto options = tensor.options().device(at::kCPU);
    if (is_written && tensor.numel() == 0) {
      grown_.emplace_back(tensor, at::empty({0}, options));
      return grown_.back().second;
    }
    return at::from_blob(held(tensor.data_ptr()), tensor.sizes(), tensor.strides(), options);
  }

  c10::IValue on_host(const c10::IValue &value, bool is_written) {
    if (value.isTensor()) return view(value.toTensor(), is_written);
    if (value.isTensorList()) {
      std::vector<at::Tensor> views;
      for (const auto &tensor : value.toTensorVector()) views.push_back(view(tensor, is_written));
      return views;
    }
    if (value.isOptionalTensorList()) {
      c10::List<std::optional<at::Tensor>> views;
      for (const std::optional<at::Tensor> tensor : value.toOptionalTensorList())
        views.push_back(tensor ? std::optional(view(*tensor, is_written)) : std::nullopt);
      return views;
    }
    if (value.isDevice() && value.toDevice().type() == kind) {
      if (card_ < 0) card_ = value.toDevice().has_index() ? value.toDevice().index() : current();
      return c10::Device(at::kCPU);
    }
    TORCH_CHECK(!value.isGenerator() || value.toGenerator().device().type() != kind, "the test card draws no numbers: ",
                operation_.schema().name());
    return value;
  }

  /// The argument that a result is.
  c10::IValue argument(const c10::AliasInfo &alias) const {
    const auto &arguments = operation_.schema().arguments();
    for (size_t i = 0; i < arguments.size(); ++i)
      if (const auto *own = arguments[i].alias_info(); own && own->beforeSets() == alias.beforeSets()) return given_[i];
    TORCH_CHECK(false, operation_.schema().name(), " gives back what it was not given");
  }

  at::Tensor moved(const at::Tensor &result) const {
    if (!result.defined() || result.device().type() == kind) return result;
    TORCH_CHECK(!address_of(result.data_ptr()), operation_.schema().name(), " gives back a view");
    auto options = result.options().device(c10::Device(kind, static_cast<c10::DeviceIndex>(card_ < 0 ? current() : card_)));
    auto tensor = at::empty_strided(result.sizes(), result.strides(), options);
    if (result.numel() > 0)
      at::from_blob(held(tensor.data_ptr()), tensor.sizes(), tensor.strides(), result.options()).copy_(result);
    return tensor;
  }

  c10::IValue on_card(const c10::IValue &result) const {
    if (result.isTensor()) return moved(result.toTensor());
    if (!result.isTensorList()) return result;
    std::vector<at::Tensor> tensors;
    for (const auto &tensor : result.toTensorVector()) tensors.push_back(moved(tensor));
    return tensors;
  }
};

/// Runs an operation that libtorch has for the CPU.
void on_the_cpu(const c10::OperatorHandle &operation, Stack *stack) {
  note(Event::launch, operation.schema().name());
  Call(operation, *stack).run();
}

/// Runs the CPU's `name` in place of an operation that only devices of others have.
template <class Name>
void as(const c10::OperatorHandle &operation, Stack *stack) {
  note(Event::launch, operation.schema().name());
  Call(c10::Dispatcher::singleton().findSchemaOrThrow(Name::name, ""), *stack).run();
}

struct Convolution {
  static constexpr const char *name = "aten::convolution";
};
struct ConvolutionBackward {
  static constexpr const char *name = "aten::convolution_backward";
};

/// A convolution's gradients: the CPU's operation also asks for the bias's sizes.
void convolution_backward(const c10::OperatorHandle &operation, Stack *stack) {
  const auto at = stack->size() - operation.schema().arguments().size();
  const auto outputs = (*stack)[at + 2].toTensor().size(0);
  const auto groups = (*stack)[at + 8].toInt(), channels = (*stack)[at + 2].toTensor().size(1);
  const bool is_transposed = (*stack)[at + 6].toBool();
  const int64_t bias = is_transposed ? channels * groups : outputs;
  stack->insert(stack->begin() + static_cast<std::ptrdiff_t>(at) + 3, c10::IValue(std::vector<int64_t>{bias}));
  as<ConvolutionBackward>(operation, stack);
}

}  // namespace

TORCH_LIBRARY_IMPL(_, PrivateUse1, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&on_the_cpu>());
}

TORCH_LIBRARY_IMPL(_, AutocastPrivateUse1, library) { library.fallback(torch::CppFunction::makeFallthrough()); }

TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  // Else libtorch makes several operations of it.
  library.impl("native_layer_norm", torch::CppFunction::makeFromBoxedFunction<&on_the_cpu>());
  library.impl("_foreach_copy_", torch::CppFunction::makeFromBoxedFunction<&on_the_cpu>());
  library.impl("convolution_overrideable", torch::CppFunction::makeFromBoxedFunction<&as<Convolution>>());
  library.impl("convolution_backward_overrideable", torch::CppFunction::makeFromBoxedFunction<&convolution_backward>());
}
