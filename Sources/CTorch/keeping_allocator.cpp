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

/// Throws libtorch's own wording, by which callers recognise a lack of memory.
[[noreturn]] static void throwShortage(size_t bytes) {
  throw std::runtime_error("can't allocate memory: " + std::to_string(bytes) + " bytes");
}

/// Maps pages directly, or returns null: malloc, once told to keep memory, would not return a freed block to
/// the system.
static char *pages(size_t size) {
  void *start = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return start == MAP_FAILED ? nullptr : static_cast<char *>(start);
}

/// The same, aligned to `alignment` bytes: at the end of the range, which probably adjoins an earlier
/// mapping.
static char *pages(size_t size, size_t alignment) {
  char *start = pages(size + alignment);
  if (start == nullptr) return nullptr;
  auto skipped = alignment - reinterpret_cast<uintptr_t>(start) % alignment;
  munmap(start, skipped);
  if (skipped < alignment) munmap(start + skipped + size, alignment - skipped);
  return start + skipped;
}

/// Returns a block of at least `bytes`, from a free range if one fits, otherwise from a new extent.
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

/// Returns a block from malloc, aligned as by libtorch's own allocator; if there is none, free ranges are
/// returned to the system first.
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

/// Returns the first `size` bytes of the smallest free range that has them, or null.
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

/// Maps an extent with room for `size` bytes.
void KeepingAllocator::extend(size_t size) {
  const size_t extent = rounded(std::max(size, kExtent), kHugePage);
  makeRoom(extent);
  if (char *start = pages(extent, kHugePage)) {
    madvise(start, extent, MADV_HUGEPAGE);
    return add(start, extent);
  }
  // Memory is short: return what is free, and ask for no more than is needed.
  handBackAll();
  char *start = pages(size);
  if (start == nullptr) throwShortage(size);
  add(start, size);
}

/// Adds a new mapping to the free ranges.
void KeepingAllocator::add(char *start, size_t size) {
  BySize alone = {{size, start}};
  auto range = ranges_.try_emplace(start, Range{size, alone.extract(alone.begin())}).first;
  free_bytes_ += size;
  join(range);
}

/// Returns the largest free ranges to the system until `size` more bytes stay within the limit.
void KeepingAllocator::makeRoom(size_t size) {
  const auto slack = static_cast<size_t>(kSlack * static_cast<double>(std::max(peak_, used_ + size)));
  const auto limit = std::max(slack, kLittle);
  while (!by_size_.empty() && used_ + free_bytes_ + size > limit) handBack(std::prev(by_size_.end()));
}

void KeepingAllocator::handBackAll() {
  while (!by_size_.empty()) handBack(std::prev(by_size_.end()));
}

/// Returns a free range to the system, or only its pages where unmapping would exceed the number of mappings.
void KeepingAllocator::handBack(BySize::iterator largest) {
  auto [size, start] = *largest;
  by_size_.erase(largest);
  ranges_.erase(start);
  free_bytes_ -= size;
  if (munmap(start, size) != 0) madvise(start, size, MADV_DONTNEED);
}

/// Takes back a tensor's block and keeps it unless it is small.
void KeepingAllocator::give(void *block) {
  // This allocator's blocks start at a page's edge; few of malloc's do.
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

/// Frees a range in use and joins it with free neighbours.
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
