#include "keeping_allocator.h"
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace ct {

static KeepingAllocator &shared() {
  static auto *allocator = new KeepingAllocator;  // outlives every tensor, so never destroyed
  return *allocator;
}

void KeepingAllocator::install() { c10::SetAllocator(c10::DeviceType::CPU, &shared(), /*priority=*/255); }

c10::DataPtr KeepingAllocator::allocate(size_t bytes) {
  void *block = bytes == 0 ? nullptr : take(bytes);
  return {block, block, &KeepingAllocator::free, c10::Device(c10::DeviceType::CPU)};
}

c10::DeleterFnPtr KeepingAllocator::raw_deleter() const { return &KeepingAllocator::free; }

void KeepingAllocator::copy_data(void *target, const void *source, size_t bytes) const {
  default_copy_data(target, source, bytes);
}

void KeepingAllocator::free(void *block) {
  if (block != nullptr) shared().give(block);
}

static size_t pageSize() {
  static const auto size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

static size_t rounded(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

/// In libtorch's words, which say to whoever looks for them that it is memory that is short.
[[noreturn]] static void throwShortage(size_t bytes) {
  throw std::runtime_error("can't allocate memory: " + std::to_string(bytes) + " bytes");
}

/// Pages straight from the system, or null: malloc, told to keep its memory, would not hand a block that is let go back.
static char *pages(size_t size) {
  void *start = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return start == MAP_FAILED ? nullptr : static_cast<char *>(start);
}

/// The same, on a boundary of `alignment` bytes: the last one, which is likely where an earlier mapping begins.
static char *pages(size_t size, size_t alignment) {
  char *start = pages(size + alignment);
  if (start == nullptr) return nullptr;
  auto skipped = alignment - reinterpret_cast<uintptr_t>(start) % alignment;
  munmap(start, skipped);
  if (skipped < alignment) munmap(start + skipped + size, alignment - skipped);
  return start + skipped;
}

/// A block of at least `bytes`: out of what is free where it fits, else out of a fresh extent.
void *KeepingAllocator::take(size_t bytes) {
  if (bytes < kSmall) return small(bytes);
  const size_t size = rounded(bytes, pageSize());
  std::lock_guard lock(mutex_);
  char *block = reuse(size);
  if (block == nullptr) {
    extend(size);
    block = reuse(size);
  }
  peak_ = std::max(peak_, used_);
  return block;
}

/// A block of malloc's, aligned as libtorch's own allocator does; what is free here goes back where there is none.
void *KeepingAllocator::small(size_t bytes) {
  void *block = nullptr;
  if (posix_memalign(&block, 64, bytes) == 0) return block;
  {
    std::lock_guard lock(mutex_);
    handBackAll();
  }
  if (posix_memalign(&block, 64, bytes) != 0) throwShortage(bytes);
  return block;
}

/// The first `size` bytes of the smallest free range that has them, or null.
char *KeepingAllocator::reuse(size_t size) {
  auto found = by_size_.lower_bound({size, nullptr});
  if (found == by_size_.end()) return nullptr;
  auto [whole, start] = *found;
  if (whole > size) {
    auto [rest, isNew] = ranges_.try_emplace(start + size, Range{whole - size, {}});
    try {
      by_size_.insert({whole - size, start + size});
    } catch (...) {
      ranges_.erase(rest);
      throw;
    }
  }
  auto &range = ranges_.find(start)->second;
  range.size = size;
  range.place = by_size_.extract(found);
  used_ += size;
  free_bytes_ -= size;
  return start;
}

/// Maps an extent that has room for `size` bytes.
void KeepingAllocator::extend(size_t size) {
  const size_t extent = rounded(std::max(size, kExtent), kHugePage);
  makeRoom(extent);
  if (char *start = pages(extent, kHugePage)) {
    madvise(start, extent, MADV_HUGEPAGE);
    return add(start, extent);
  }
  // Where memory is short: what is free goes back, and no more than needed is asked for.
  handBackAll();
  char *start = pages(size);
  if (start == nullptr) throwShortage(size);
  add(start, size);
}

/// Takes a fresh mapping among what is free.
void KeepingAllocator::add(char *start, size_t size) {
  BySize alone = {{size, start}};
  auto range = ranges_.try_emplace(start, Range{size, alone.extract(alone.begin())}).first;
  free_bytes_ += size;
  join(range);
}

/// Hands the largest free ranges back until `size` bytes more stay within the limit.
void KeepingAllocator::makeRoom(size_t size) {
  const auto slack = static_cast<size_t>(kSlack * static_cast<double>(std::max(peak_, used_ + size)));
  const auto limit = std::max(slack, kLittle);
  while (!by_size_.empty() && used_ + free_bytes_ + size > limit) handBack(std::prev(by_size_.end()));
}

void KeepingAllocator::handBackAll() {
  while (!by_size_.empty()) handBack(std::prev(by_size_.end()));
}

/// Hands a free range back to the system; its pages at least, where a hole would be one mapping too many.
void KeepingAllocator::handBack(BySize::iterator largest) {
  auto [size, start] = *largest;
  by_size_.erase(largest);
  ranges_.erase(start);
  free_bytes_ -= size;
  if (munmap(start, size) != 0) madvise(start, size, MADV_DONTNEED);
}

/// Takes a block back from a tensor that is gone, and keeps it unless it is small.
void KeepingAllocator::give(void *block) {
  // Ours begin a page, as few of malloc's do.
  if (reinterpret_cast<uintptr_t>(block) % pageSize() != 0) return std::free(block);
  std::unique_lock lock(mutex_);
  auto range = ranges_.find(static_cast<char *>(block));
  if (range == ranges_.end()) {
    lock.unlock();
    return std::free(block);
  }
  used_ -= range->second.size;
  free_bytes_ += range->second.size;
  join(range);
}

/// Makes a range that is in use a free one, as one with those before and behind it that are free.
void KeepingAllocator::join(Ranges::iterator range) {
  auto end = [](Ranges::iterator range) { return range->first + range->second.size; };
  auto after = std::next(range);
  if (after != ranges_.end() && after->second.isFree() && after->first == end(range)) {
    by_size_.erase({after->second.size, after->first});
    range->second.size += after->second.size;
    ranges_.erase(after);
  }
  auto place = std::move(range->second.place);
  if (range != ranges_.begin()) {
    auto before = std::prev(range);
    if (before->second.isFree() && end(before) == range->first) {
      by_size_.erase({before->second.size, before->first});
      before->second.size += range->second.size;
      ranges_.erase(range);
      range = before;
    }
  }
  place.value() = {range->second.size, range->first};
  by_size_.insert(std::move(place));
}

}  // namespace ct
