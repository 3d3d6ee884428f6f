// Graphs of a card's work: notes what it is asked for, and does that again.
#include "recorder.h"
#include <ATen/core/LegacyTypeDispatch.h>
#include <c10/core/GradMode.h>
#include <cstdlib>
#include <map>
#include <mutex>
#include <utility>
#if __has_include(<ATen/core/GraphImplInterface.h>)
#include <ATen/core/GraphImplInterface.h>
#endif

namespace {

using namespace card;

/// What a graph consists of.
struct Notes {
  int card = 0;
  std::vector<std::function<void()>> work;
  /// Memory that it reads or writes, as it was given out; nobody may have given it back when the graph is done again.
  std::map<const void *, uint64_t> touched;
};

std::mutex mutex;
/// Those that are being written; backward passes write on a thread of their own.
Notes *open = nullptr;

#if __has_include(<ATen/core/GraphImplInterface.h>)
class Graph final : public at::GraphImplInterface {
 public:
  explicit Graph(const at::GraphImplArgs &) {}
  ~Graph() override { reset(); }

  void capture_begin(c10::MempoolId_t, at::GraphCaptureMode) override {
    std::lock_guard lock(mutex);
    TORCH_CHECK(!open, "the test card records one graph at a time");
    notes_ = std::make_unique<Notes>();
    notes_->card = current();
    pool_ = begin_pool(current());
    open = notes_.get();
  }

  /// What a graph notes is not done: all memory becomes what it was.
  void capture_end() override {
    {
      std::lock_guard lock(mutex);
      TORCH_CHECK(open && open == notes_.get(), "the test card is not recording");
      open = nullptr;
    }
    end_pool(notes_->card);
    is_whole_ = true;
  }

  void instantiate() override {}

  void replay() override {
    TORCH_CHECK(is_whole_, "the test card has no graph to do");
    check_current(notes_->card);
    note(Event::launch, "graph");
    for (const auto &[address, serial] : notes_->touched)
      TORCH_CHECK(serial_of(address) == serial, "the test card's graph needs memory that was given back");
    at::AutoDispatchBelowAutograd below;
    c10::NoGradGuard no_grad;
    for (const auto &work : notes_->work) work();
  }

  void reset() override {
    {
      std::lock_guard lock(mutex);
      if (notes_ && open == notes_.get()) open = nullptr;
    }
    if (notes_) drop_pool(notes_->card, pool_);
    notes_.reset();
    is_whole_ = false;
  }

  c10::MempoolId_t pool() const override { return {0, pool_}; }
  void enable_debug_mode() override {}
  void debug_dump(const std::string &) override {}

 private:
  std::unique_ptr<Notes> notes_;
  uint64_t pool_ = 0;
  bool is_whole_ = false;
};

/// Under the name that the card has in libtorch.
void register_graphs() {
  at::GraphImplRegistry()->Register(c10::DeviceTypeName(kind, /*lower_case=*/false), [](at::GraphImplArgs arguments) {
    return std::unique_ptr<at::GraphImplInterface>(new Graph(arguments));
  });
}
#else
void register_graphs() {}
#endif

}  // namespace

namespace card {

void offer_graphs() { register_graphs(); }

bool is_recording() {
  std::lock_guard lock(mutex);
  return open != nullptr;
}

void recorded(std::function<void()> work) {
  std::lock_guard lock(mutex);
  if (open) open->work.push_back(std::move(work));
}

void touch(const void *address) {
  if (!address || !is_recording()) return;
  // Asked for first: whoever gives out memory has that locked while it notes so.
  const auto serial = serial_of(address);
  std::lock_guard lock(mutex);
  if (open) open->touched.try_emplace(address, serial);
}

void refuse_recorded(const char *what) {
  std::lock_guard lock(mutex);
  TORCH_CHECK(!open, "the test card records a graph, in which ", what);
}

void refuse_unrecorded(const std::string &operation) {
  static const char *const unrecorded = getenv("TEST_CARD_UNRECORDED"), *const only = getenv("TEST_CARD_UNRECORDED_RANK");
  const char *const rank = getenv("RANK");
  if (only && (!rank || std::string(rank) != only)) return;
  if (unrecorded && operation == unrecorded) refuse_recorded((operation + " is not allowed").c_str());
}

}  // namespace card
