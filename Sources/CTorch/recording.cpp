// A device's work recorded as a graph and replayed with one launch, written without CUDA's headers.
#include "recording.h"
#include "handles.h"
#include <c10/core/Allocator.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <array>
#include <dlfcn.h>
#include <memory>
#include <optional>
#include <utility>
#if __has_include(<ATen/core/GraphImplInterface.h>)
#include <ATen/core/GraphImplInterface.h>
#endif

namespace {

/// A device's graph; destroying it frees its memory.
struct Graph {
  virtual ~Graph() = default;
  virtual void begin() = 0;
  virtual void end() = 0;
  virtual void replay() = 0;
};

#if __has_include(<ATen/core/GraphImplInterface.h>)
/// The graph of any device whose library registered one, from libtorch 2.13 on.
class RegisteredGraph final : public Graph {
 public:
  static std::unique_ptr<Graph> make(c10::DeviceType type) {
    if (!at::has_graph_impl(type)) return nullptr;
    return std::make_unique<RegisteredGraph>(at::create_graph_impl(type));
  }
  explicit RegisteredGraph(std::unique_ptr<at::GraphImplInterface> graph) : graph_(std::move(graph)) {}
  void begin() override { graph_->capture_begin({0, 0}, at::GraphCaptureMode::ThreadLocal); }
  void end() override { graph_->capture_end(); }
  void replay() override { graph_->replay(); }

 private:
  std::unique_ptr<at::GraphImplInterface> graph_;
};
#endif

/// CUDA's graph in any release: `at::cuda::CUDAGraph`, whose header needs CUDA's; its functions are found by
/// name in the loaded libtorch.
class CUDAGraph final : public Graph {
 public:
  static std::unique_ptr<Graph> make() {
    auto graph = std::make_unique<CUDAGraph>();
    const bool is_whole = find(graph->construct_, "C1Eb") && find(graph->destroy_, "D1Ev") &&
                          find(graph->begin_, "13capture_beginESt4pairIyyE21cudaStreamCaptureMode") &&
                          find(graph->end_, "11capture_endEv") && find(graph->replay_, "6replayEv");
    if (!is_whole) return nullptr;
    graph->construct_(graph->memory_.data(), /*keep_graph=*/false);
    graph->is_there_ = true;
    return graph;
  }
  ~CUDAGraph() override {
    if (is_there_) destroy_(memory_.data());
  }
  void begin() override { begin_(memory_.data(), {0, 0}, /*cudaStreamCaptureModeThreadLocal=*/1); }
  void end() override { end_(memory_.data()); }
  void replay() override { replay_(memory_.data()); }

 private:
  template <class Function>
  static bool find(Function &function, const std::string &name) {
    function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, ("_ZN2at4cuda9CUDAGraph" + name).c_str()));
    return function != nullptr;
  }

  void (*construct_)(void *, bool) = nullptr;
  void (*destroy_)(void *) = nullptr;
  void (*begin_)(void *, c10::MempoolId_t, int) = nullptr;
  void (*end_)(void *) = nullptr;
  void (*replay_)(void *) = nullptr;
  bool is_there_ = false;
  /// Memory for the object, which takes about two hundred bytes.
  alignas(64) std::array<char, 4096> memory_{};
};

std::unique_ptr<Graph> graph(c10::DeviceType type) {
  std::unique_ptr<Graph> found;
#if __has_include(<ATen/core/GraphImplInterface.h>)
  found = RegisteredGraph::make(type);
#endif
  if (!found && type == c10::DeviceType::CUDA) found = CUDAGraph::make();
  TORCH_CHECK(found, "this libtorch has no graphs of ", c10::DeviceTypeName(type, /*lower_case=*/true));
  return found;
}

/// Frees cached memory of earlier operations, since a graph uses memory of its own.
void give_back_memory(c10::DeviceType type) {
  if (auto *caching = dynamic_cast<c10::DeviceAllocator *>(c10::GetAllocator(type)); caching && caching->initialized())
    caching->emptyCache();
}

}  // namespace

struct ct_recording {
  c10::Device device;
  std::unique_ptr<Graph> graph;
};

namespace {

/// The recording that this thread is in.
class Open {
 public:
  explicit Open(ct_recording &recording) : recording_(recording), guard_(recording.device.type()) {
    give_back_memory(recording.device.type());
    guard_.synchronizeDevice(recording.device.index());
    // The default stream sometimes waits for the host, which a graph cannot.
    before_ = guard_.exchangeStream(guard_.getStreamFromGlobalPool(recording.device));
    if (ct::attempted([&] { recording_.graph->begin(); }) == CT_DONE) return;
    leave();
    TORCH_CHECK(false, ct::last_error);
  }

  void end() {
    const int status = ct::attempted([&] { recording_.graph->end(); });
    leave();
    TORCH_CHECK(status == CT_DONE, ct::last_error);
  }

  /// Ends the recording for good.
  void refuse(const std::string &why) {
    why_ = why;
    ct::attempted([&] { recording_.graph->end(); });
    recording_.graph.reset();
    leave();
  }

  const std::optional<std::string> &why() const { return why_; }

 private:
  void leave() { guard_.exchangeStream(before_); }

  ct_recording &recording_;
  c10::impl::VirtualGuardImpl guard_;
  c10::Stream before_ = c10::Stream(c10::Stream::DEFAULT, c10::Device(c10::kCPU));
  std::optional<std::string> why_;
};

thread_local std::unique_ptr<Open> open;

}  // namespace

bool ct::recording::is_refused() noexcept { return open && open->why(); }

bool ct::recording::refuse(const std::string &why) noexcept {
  if (!open || open->why()) return false;
  // By value: ending it may fail too, which overwrites the same message.
  return ct::attempted([why = why] { open->refuse(why); }) == CT_DONE;
}

int ct_record_begin(int kind, int index, ct_recording **out) {
  return ct::attempted([&] {
    TORCH_CHECK(!open, "a recording is open already");
    const auto device = ct::device(kind, index);
    auto recording = std::make_unique<ct_recording>(ct_recording{device, graph(device.type())});
    open = std::make_unique<Open>(*recording);
    *out = recording.release();
  });
}

int ct_record_end(ct_recording *recording) {
  const auto ended = std::move(open);
  return ct::attempted([&] {
    TORCH_CHECK(ended && recording, "no recording is open");
    TORCH_CHECK(!ended->why(), *ended->why());
    ended->end();
  });
}

int ct_replay(ct_recording *recording) {
  return ct::guarded([&] { recording->graph->replay(); });
}

void ct_recording_free(ct_recording *recording) { delete recording; }
