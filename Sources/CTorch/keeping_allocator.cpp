#include "keeping_allocator.h"
#include <algorithm>
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

/// Pages straight from the system: malloc, told to keep its memory, would not hand a block that is let go back.
static void *pages(size_t size) {
  void *block = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) throw std::bad_alloc();
  return block;
}

/// A block of at least `bytes`: a kept one where one fits, else fresh pages.
void *KeepingAllocator::take(size_t bytes) {
  if (bytes < kSmall) return small(bytes);
  const size_t size = (bytes + 4095) / 4096 * 4096;
  std::lock_guard lock(mutex_);
  void *block = reuse(size);
  if (block == nullptr) {
    makeRoom(size);
    block = pages(size);
    in_use_[block] = size;
    used_ += size;
  }
  peak_ = std::max(peak_, used_);
  return block;
}

/// The smallest kept block that wastes at most an eighth, or null.
void *KeepingAllocator::reuse(size_t size) {
  auto found = by_size_.lower_bound(size);
  if (found == by_size_.end() || found->first > size + size / 8) return nullptr;
  const Kept kept = *found->second;
  kept_.erase(found->second);
  by_size_.erase(found);
  kept_bytes_ -= kept.size;
  used_ += kept.size;
  in_use_[kept.block] = kept.size;
  return kept.block;
}

/// Hands the longest-kept blocks back until a fresh one of `size` bytes stays within the limit.
void KeepingAllocator::makeRoom(size_t size) {
  const auto slack = static_cast<size_t>(kSlack * static_cast<double>(std::max(peak_, used_ + size)));
  const auto limit = std::max(slack, kLittle);
  while (!kept_.empty() && used_ + kept_bytes_ + size > limit) release(kept_.begin());
}

/// Hands one kept block back to the system.
void KeepingAllocator::release(Age::iterator kept) {
  auto [first, last] = by_size_.equal_range(kept->size);
  while (first != last && first->second != kept) ++first;
  by_size_.erase(first);
  kept_bytes_ -= kept->size;
  munmap(kept->block, kept->size);
  kept_.erase(kept);
}

/// Takes a block back from a tensor that is gone, and keeps it unless it is small.
void KeepingAllocator::give(void *block) {
  std::lock_guard lock(mutex_);
  auto found = in_use_.find(block);
  if (found == in_use_.end()) return std::free(block);  // a small one
  const size_t size = found->second;
  in_use_.erase(found);
  used_ -= size;
  kept_bytes_ += size;
  by_size_.emplace(size, kept_.insert(kept_.end(), {block, size}));
}

}  // namespace ct
