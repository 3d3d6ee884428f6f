// Refuses, from a step's upload to the download of its numbers, what a capture of the step as a graph refuses.
#include "card.h"
#include <cstdlib>
#include <mutex>

namespace {

using namespace card;

/// Whether a step is under way: its inputs were uploaded and its numbers have not been asked for.
class Recorder {
 public:
  void note(Transfer transfer, bool waits) {
    if (!is_on_) return;
    std::lock_guard lock(mutex_);
    TORCH_CHECK(!is_open_ || (transfer == Transfer::download && !waits), "the test card records a step, in which ",
                transfer == Transfer::upload     ? "nothing more is uploaded"
                : transfer == Transfer::download ? "nothing is read back"
                                                 : "nobody waits");
    // What waits is no step's: weights that are loaded, images that are evaluated.
    if (!waits) is_open_ = transfer == Transfer::upload;
  }

 private:
  const bool is_on_ = getenv("TEST_CARD_RECORDER") != nullptr;
  std::mutex mutex_;
  bool is_open_ = false;
};

}  // namespace

void card::record(Transfer transfer, bool waits) {
  static Recorder recorder;
  recorder.note(transfer, waits);
}
