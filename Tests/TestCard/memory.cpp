// A card's memory: addresses that nobody can touch, and beside them, a fixed distance away, what is kept for them.
#include "card.h"
#include <c10/core/CachingDeviceAllocator.h>
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <vector>

namespace {

using namespace card;

constexpr size_t room = size_t(32) << 30;  // addresses of a card
constexpr size_t distance = room * most_cards;
constexpr size_t grain = 512;

/// The first card's first address.
char *base() {
  static char *const start = [] {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *both = mmap(nullptr, 2 * distance, PROT_NONE, flags, -1, 0);
    TORCH_CHECK(both != MAP_FAILED, "the test card has no room for its addresses");
    auto *start = static_cast<char *>(both);
    TORCH_CHECK(mprotect(start + distance, distance, PROT_READ | PROT_WRITE) == 0, "the test card has no memory");
    return start;
  }();
  return start;
}

size_t bytes_of_card() {
  static const size_t bytes = [] {
    const char *text = getenv("TEST_CARD_BYTES");
    return text ? std::strtoull(text, nullptr, 10) : room;
  }();
  return std::min(bytes, room);
}

/// The memory of one card: what was given back is given out again for the same size.
class Memory {
 public:
  void *take(int card, size_t bytes) {
    std::lock_guard lock(mutex_);
    const auto size = (bytes + grain - 1) / grain * grain;
    if (used_ + size > bytes_of_card()) refuse(card, bytes);
    auto &free = free_[size];
    size_t offset;
    if (!free.empty()) {
      offset = free.back();
      free.pop_back();
    } else {
      if (end_ + size > room) refuse(card, bytes);
      offset = end_;
      end_ += size;
    }
    used_ += size;
    peak_ = std::max(peak_, used_);
    char *address = base() + static_cast<size_t>(card) * room + offset;
    sizes_[address] = size;
    // Whoever reads what was never written gets NaN.
    std::memset(held(address), 0xff, bytes);
    return address;
  }

  void give_back(int card, void *address) {
    std::lock_guard lock(mutex_);
    const auto found = sizes_.find(address);
    if (found == sizes_.end()) return;
    const auto size = found->second;
    sizes_.erase(found);
    used_ -= size;
    free_[size].push_back(static_cast<size_t>(static_cast<char *>(address) - base()) - static_cast<size_t>(card) * room);
    if (size >= size_t(1) << 20) madvise(held(address), size, MADV_DONTNEED);
  }

  size_t used() {
    std::lock_guard lock(mutex_);
    return used_;
  }
  size_t peak() {
    std::lock_guard lock(mutex_);
    return peak_;
  }
  void forget_peak() {
    std::lock_guard lock(mutex_);
    peak_ = used_;
  }

 private:
  std::mutex mutex_;
  std::map<size_t, std::vector<size_t>> free_;
  std::map<void *, size_t> sizes_;
  size_t end_ = 0, used_ = 0, peak_ = 0;

  [[noreturn]] void refuse(int card, size_t bytes) const {
    TORCH_CHECK_WITH(OutOfMemoryError, false, "card out of memory. Tried to allocate ", bytes, " bytes. Card ", card,
                     " has ", bytes_of_card(), " bytes, of which ", used_, " are in use.");
    std::abort();
  }
};

Memory &memory(int card) {
  static auto *const memories = new Memory[most_cards];
  return memories[card];
}

void release(void *address) {
  if (address) memory(owner(address)).give_back(owner(address), address);
}

struct CardAllocator final : c10::DeviceAllocator {
  c10::DataPtr allocate(size_t bytes) override {
    const int card = current();
    void *address = bytes ? memory(card).take(card, bytes) : nullptr;
    return {address, address, release, c10::Device(kind, static_cast<c10::DeviceIndex>(card))};
  }
  c10::DeleterFnPtr raw_deleter() const override { return release; }
  void copy_data(void *to, const void *from, size_t bytes) const override {
    std::memcpy(held(to), held(from), bytes);
  }
  bool initialized() override { return true; }
  void emptyCache(c10::MempoolId_t) override {}
  void recordStream(const c10::DataPtr &, c10::Stream) override {}
  c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex card) override {
    c10::CachingDeviceAllocator::DeviceStats stats;
    auto &all = stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
    all.current = static_cast<int64_t>(memory(card).used());
    all.peak = static_cast<int64_t>(memory(card).peak());
    return stats;
  }
  void resetAccumulatedStats(c10::DeviceIndex) override {}
  void resetPeakStats(c10::DeviceIndex card) override { memory(card).forget_peak(); }
};

std::mutex pinned_mutex;
std::map<const char *, size_t> &pinned() {
  static auto *const ranges = new std::map<const char *, size_t>;
  return *ranges;
}

void release_pinned(void *address) {
  std::lock_guard lock(pinned_mutex);
  pinned().erase(static_cast<char *>(address));
  std::free(address);
}

struct PinnedAllocator final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) override {
    std::lock_guard lock(pinned_mutex);
    void *address = std::aligned_alloc(64, (bytes / 64 + 1) * 64);
    pinned()[static_cast<char *>(address)] = bytes + 1;
    return {address, address, release_pinned, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return release_pinned; }
  void copy_data(void *to, const void *from, size_t bytes) const override { std::memcpy(to, from, bytes); }
};

}  // namespace

namespace card {

c10::Allocator *allocator() {
  static CardAllocator cards;
  return &cards;
}

c10::Allocator *pinned_allocator() {
  static PinnedAllocator host;
  return &host;
}

bool is_pinned(const void *address) {
  std::lock_guard lock(pinned_mutex);
  auto after = pinned().upper_bound(static_cast<const char *>(address));
  if (after == pinned().begin()) return false;
  const auto &[start, bytes] = *std::prev(after);
  return static_cast<const char *>(address) < start + bytes;
}

void *held(const void *address) {
  return address ? const_cast<char *>(static_cast<const char *>(address)) + distance : nullptr;
}

void *address_of(const void *place) {
  auto *address = const_cast<char *>(static_cast<const char *>(place)) - distance;
  return place && owner(address) >= 0 ? address : nullptr;
}

int owner(const void *address) {
  const auto *place = static_cast<const char *>(address);
  if (place < base() || place >= base() + distance) return -1;
  return static_cast<int>(static_cast<size_t>(place - base()) / room);
}

}  // namespace card
