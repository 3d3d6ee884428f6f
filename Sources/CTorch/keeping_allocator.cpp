#include "keeping_allocator.h"
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <sys/mman.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace ct {

static KeepingAllocator &shared() {
  static auto *allocator = new KeepingAllocator;  // outlives every tensor, so never destroyed
  return *allocator;
}

/// The rest of the process, such as libzmq's megabyte messages, keeps its memory too.
static void keepMallocsMemory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
}

void KeepingAllocator::install() {
  keepMallocsMemory();
  c10::SetAllocator(c10::DeviceType::CPU, &shared(), /*priority=*/255);
}

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

/// A small block, aligned as libtorch's own allocator does.
static void *small(size_t bytes) {
  void *block = nullptr;
  if (posix_memalign(&block, 64, bytes) != 0) throw std::bad_alloc();
  return block;
}

static size_t rounded(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

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
  const size_t size = rounded(bytes, kPage);
  std::lock_guard lock(mutex_);
  char *block = reuse(size);
  if (block == nullptr) {
    extend(size);
    block = reuse(size);
  }
  in_use_[block] = size;
  used_ += size;
  peak_ = std::max(peak_, used_);
  return block;
}

/// The first `size` bytes of the smallest free range that has them, or null.
char *KeepingAllocator::reuse(size_t size) {
  auto found = by_size_.lower_bound({size, nullptr});
  if (found == by_size_.end()) return nullptr;
  auto [whole, start] = *found;
  remove(start, whole);
  if (whole > size) insert(start + size, whole - size);
  return start;
}

/// Maps an extent that has room for `size` bytes.
void KeepingAllocator::extend(size_t size) {
  const size_t extent = rounded(std::max(size, kExtent), kHugePage);
  makeRoom(extent);
  if (char *start = pages(extent, kHugePage)) {
    madvise(start, extent, MADV_HUGEPAGE);
    return insert(start, extent);
  }
  // Where memory is short: what is free goes back, and no more than needed is asked for.
  while (!by_size_.empty()) release(std::prev(by_size_.end()));
  char *start = pages(size);
  if (start == nullptr) throw std::bad_alloc();
  insert(start, size);
}

/// Hands the largest free ranges back until `size` bytes more stay within the limit.
void KeepingAllocator::makeRoom(size_t size) {
  const auto slack = static_cast<size_t>(kSlack * static_cast<double>(std::max(peak_, used_ + size)));
  const auto limit = std::max(slack, kLittle);
  while (!by_size_.empty() && used_ + free_bytes_ + size > limit) release(std::prev(by_size_.end()));
}

/// Hands a free range back to the system.
void KeepingAllocator::release(BySize::iterator range) {
  auto [size, start] = *range;
  remove(start, size);
  munmap(start, size);
}

/// Adds a range to the free ones, together with those that it touches.
void KeepingAllocator::insert(char *start, size_t size) {
  auto after = free_.lower_bound(start);
  if (after != free_.end() && after->first == start + size) {
    size += after->second;
    remove(after->first, after->second);
    after = free_.lower_bound(start);
  }
  if (after != free_.begin()) {
    auto [before, length] = *std::prev(after);
    if (before + length == start) {
      remove(before, length);
      start = before;
      size += length;
    }
  }
  free_[start] = size;
  by_size_.insert({size, start});
  free_bytes_ += size;
}

void KeepingAllocator::remove(char *start, size_t size) {
  free_.erase(start);
  by_size_.erase({size, start});
  free_bytes_ -= size;
}

/// Takes a block back from a tensor that is gone, and keeps it unless it is small.
void KeepingAllocator::give(void *block) {
  std::lock_guard lock(mutex_);
  auto found = in_use_.find(block);
  if (found == in_use_.end()) return std::free(block);  // a small one
  const size_t size = found->second;
  in_use_.erase(found);
  used_ -= size;
  insert(static_cast<char *>(block), size);
}

}  // namespace ct
