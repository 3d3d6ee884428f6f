// A card's memory: addresses that nobody can touch, and beside them, a fixed distance away, what is kept for them.
#include "recorder.h"
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
    // A graph takes what it has itself first.
    char *address = open_ ? last(free_[open_][size]) : nullptr;
    if (!address) address = taken(card, size, bytes);
    blocks_[address] = {size, open_, ++serials_};
    // Whoever reads what was never written gets NaN, in a graph too.
    const auto fill = [place = held(address), bytes] { std::memset(place, 0xff, bytes); };
    fill();
    if (open_) recorded(fill);
    return address;
  }

  void give_back(void *address) {
    std::lock_guard lock(mutex_);
    const auto found = blocks_.find(static_cast<char *>(address));
    if (found != blocks_.end()) give_back(found->first, found->second);
  }

  uint64_t begin_pool() {
    std::lock_guard lock(mutex_);
    for (const auto &[address, block] : blocks_) {
      const auto *bytes = static_cast<const char *>(held(address));
      if (block.serial) before_.emplace_back(address, std::vector<char>(bytes, bytes + block.size));
    }
    return open_ = ++pools_;
  }

  void end_pool() {
    std::lock_guard lock(mutex_);
    for (const auto &[address, bytes] : before_) std::memcpy(held(address), bytes.data(), bytes.size());
    before_.clear();
    open_ = 0;
  }

  void drop_pool(uint64_t pool) {
    std::lock_guard lock(mutex_);
    if (open_ == pool) open_ = 0;
    for (auto &[address, block] : blocks_) {
      if (block.pool != pool) continue;
      block.pool = 0;
      if (!block.serial) {
        used_ -= block.size;
        free_[0][block.size].push_back(address);
      }
    }
    free_.erase(pool);
  }

  /// The serial number of the block around an address.
  uint64_t serial(const void *address) {
    std::lock_guard lock(mutex_);
    auto after = blocks_.upper_bound(static_cast<char *>(const_cast<void *>(address)));
    if (after == blocks_.begin()) return 0;
    const auto &block = std::prev(after)->second;
    // What a graph has given itself twice is its own both times.
    return block.pool ? ~block.pool : block.serial;
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
  struct Block {
    size_t size;
    /// The graph that it belongs to; 0 is none.
    uint64_t pool;
    /// Which taking it is that holds it; 0 where nobody does.
    uint64_t serial;
  };
  std::mutex mutex_;
  std::map<char *, Block> blocks_;
  /// By graph and size.
  std::map<uint64_t, std::map<size_t, std::vector<char *>>> free_;
  size_t end_ = 0, used_ = 0, peak_ = 0;
  uint64_t serials_ = 0, pools_ = 0;
  /// The graph that is being recorded, and what was in memory before.
  uint64_t open_ = 0;
  std::vector<std::pair<char *, std::vector<char>>> before_;

  static char *last(std::vector<char *> &free) {
    if (free.empty()) return nullptr;
    char *address = free.back();
    free.pop_back();
    return address;
  }

  /// Memory that no graph has: what was given back, or as yet was never given out.
  char *taken(int card, size_t size, size_t bytes) {
    if (used_ + size > bytes_of_card()) refuse(card, bytes);
    char *address = last(free_[0][size]);
    if (!address) {
      if (end_ + size > room) refuse(card, bytes);
      address = base() + static_cast<size_t>(card) * room + end_;
      end_ += size;
    }
    used_ += size;
    peak_ = std::max(peak_, used_);
    return address;
  }

  void give_back(char *address, Block &block) {
    block.serial = 0;
    free_[block.pool][block.size].push_back(address);
    // A graph keeps what it has.
    if (block.pool) return;
    used_ -= block.size;
    if (block.size >= size_t(1) << 20) madvise(held(address), block.size, MADV_DONTNEED);
  }

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
  if (address) memory(owner(address)).give_back(address);
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

uint64_t begin_pool(int card) { return memory(card).begin_pool(); }
void end_pool(int card) { memory(card).end_pool(); }
void drop_pool(int card, uint64_t pool) { memory(card).drop_pool(pool); }
uint64_t serial_of(const void *address) { return owner(address) < 0 ? 0 : memory(owner(address)).serial(address); }

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
