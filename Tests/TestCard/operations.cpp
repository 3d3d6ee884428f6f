// Every operation on a card: libtorch's own for the CPU, over views of the bytes that are kept for the card.
#include "recorder.h"
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>
#include <torch/library.h>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

namespace {

using namespace card;
using torch::jit::Stack;

/// One call of an operation: its arguments as the CPU takes them, and where its results go.
class Call {
 public:
  Call(const c10::OperatorHandle &operation, Stack &stack) : operation_(operation) {
    const auto &schema = operation.schema();
    const auto count = schema.arguments().size();
    given_.assign(stack.end() - static_cast<std::ptrdiff_t>(count), stack.end());
    stack.resize(stack.size() - count);
    for (size_t i = 0; i < count; ++i) {
      const auto *alias = schema.arguments()[i].alias_info();
      arguments_.push_back(on_host(given_[i], alias && alias->isWrite()));
    }
  }

  /// Makes the call, and leaves its results on `stack`.
  void run(Stack &stack) {
    auto results = computed();
    const auto &returns = operation_.schema().returns();
    for (size_t i = 0; i < returns.size(); ++i) {
      const auto *alias = returns[i].alias_info();
      places_.emplace_back();
      stack.push_back(alias && alias->isWrite() ? argument(*alias) : on_card(results[i], places_.back()));
    }
    // The memory is what it works on again, not the tensors: who holds those decides how long it stays.
    given_.clear();
  }

  /// Makes it again, with what its arguments have now, to where its results went.
  void again() const {
    const auto results = computed();
    for (size_t i = 0; i < places_.size(); ++i) {
      if (places_[i].empty()) continue;
      const auto made = results[i].isTensor() ? std::vector{results[i].toTensor()} : results[i].toTensorVector();
      for (size_t k = 0; k < made.size(); ++k)
        if (places_[i][k].defined()) places_[i][k].copy_(made[k]);
    }
  }

 private:
  const c10::OperatorHandle operation_;
  Stack given_, arguments_;
  int card_ = -1;
  /// What an operation may make larger: the bytes of the tensor, what it made, and the tensor until that is known.
  struct Grown {
    at::Tensor bytes, made, tensor;
  };
  mutable std::vector<Grown> grown_;
  /// For each result the bytes of its tensors; none where it is an argument.
  std::vector<std::vector<at::Tensor>> places_;

  Stack computed() const {
    Stack stack = arguments_;
    operation_.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), &stack);
    for (auto &grown : grown_) {
      if (grown.tensor.defined()) {
        grown.tensor.resize_(grown.made.sizes());
        grown.bytes = bytes_of(std::exchange(grown.tensor, {}), grown.made.sizes(), grown.made.strides());
      }
      grown.bytes.copy_(grown.made);
    }
    return stack;
  }

  static at::Tensor bytes_of(const at::Tensor &tensor, c10::IntArrayRef sizes, c10::IntArrayRef strides) {
    touch(tensor.data_ptr());
    return at::from_blob(held(tensor.data_ptr()), sizes, strides, tensor.options().device(at::kCPU));
  }

  at::Tensor view(const at::Tensor &tensor, bool is_written) {
    static const bool has_bfloat16 = !getenv("TEST_CARD_NO_BFLOAT16");
    if (!tensor.defined()) return tensor;
    TORCH_CHECK(has_bfloat16 || tensor.scalar_type() != at::kBFloat16, operation_.schema().name(),
                " is not implemented for DT_BFLOAT16");
    if (tensor.device().type() != kind) {
      TORCH_CHECK(tensor.dim() == 0, "Expected all tensors to be on the same card, but found one of ", tensor.sizes(),
                  " on ", tensor.device(), " for ", operation_.schema().name());
      return tensor;
    }
    TORCH_CHECK(card_ < 0 || card_ == tensor.get_device(), "Expected all tensors to be on the same card, but found ",
                card_, " and ", static_cast<int>(tensor.get_device()), " for ", operation_.schema().name());
    card_ = tensor.get_device();
    check_current(card_);
    if (is_written && tensor.numel() == 0) {
      grown_.push_back({{}, at::empty({0}, tensor.options().device(at::kCPU)), tensor});
      return grown_.back().made;
    }
    return bytes_of(tensor, tensor.sizes(), tensor.strides());
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

  /// A result on the card; where it was put is added to `places`.
  at::Tensor moved(const at::Tensor &result, std::vector<at::Tensor> &places) const {
    places.emplace_back();
    if (!result.defined() || result.device().type() == kind) return result;
    TORCH_CHECK(!address_of(result.data_ptr()), operation_.schema().name(), " gives back a view");
    auto options = result.options().device(c10::Device(kind, static_cast<c10::DeviceIndex>(card_ < 0 ? current() : card_)));
    auto tensor = at::empty_strided(result.sizes(), result.strides(), options);
    if (result.numel() > 0) {
      places.back() = bytes_of(tensor, tensor.sizes(), tensor.strides());
      places.back().copy_(result);
    }
    return tensor;
  }

  c10::IValue on_card(const c10::IValue &result, std::vector<at::Tensor> &places) const {
    if (result.isTensor()) return moved(result.toTensor(), places);
    if (!result.isTensorList()) return result;
    std::vector<at::Tensor> tensors;
    for (const auto &tensor : result.toTensorVector()) tensors.push_back(moved(tensor, places));
    return tensors;
  }
};

/// Runs an operation of the CPU's in the place of one on a card.
void run(const c10::OperatorHandle &operation, const std::string &name, Stack *stack) {
  static const char *const unordered = getenv("TEST_CARD_UNORDERED");
  if (unordered && name == unordered) at::globalContext().alertNotDeterministic(name);
  refuse_unrecorded(name);
  note(Event::launch, name);
  const auto call = std::make_shared<Call>(operation, *stack);
  call->run(*stack);
  recorded([call] { call->again(); });
}

/// Runs an operation that libtorch has for the CPU.
void on_the_cpu(const c10::OperatorHandle &operation, Stack *stack) { run(operation, operation.schema().name(), stack); }

/// Runs the CPU's `name` in place of an operation that only devices of others have.
template <class Name>
void as(const c10::OperatorHandle &operation, Stack *stack) {
  run(c10::Dispatcher::singleton().findSchemaOrThrow(Name::name, ""), operation.schema().name(), stack);
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
