// Keeps freed memory for later tensors instead of handing it back to the system.
#pragma once
#include <c10/core/Allocator.h>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

namespace ct {

/// A CPU allocator for training, where every step asks for much the same again.
///
/// glibc gives large blocks back at every free, so a step would fault in hundreds of thousands of fresh pages. Here what is
/// free stays: a tensor takes the smallest free range that holds it, which is cut to its size and grown together with its
/// free neighbours again. So memory serves tensors of other sizes too, as dropped branches make them from step to step.
/// Blocks below `kSmall` go to malloc, which already keeps them. Memory is mapped in extents of huge pages, where the
/// system has some to give. What is mapped, in use and free, stays within `kSlack` of the most that was ever in use: the
/// largest free ranges go first. Up to `kLittle` all is kept.
class KeepingAllocator final : public c10::Allocator {
 public:
  /// Makes this the allocator of every later CPU tensor of the process.
  static void install();

  c10::DataPtr allocate(size_t bytes) override;
  c10::DeleterFnPtr raw_deleter() const override;
  void copy_data(void *target, const void *source, size_t bytes) const override;

 private:
  static constexpr size_t kSmall = 64 << 10, kPage = 4 << 10, kHugePage = 2 << 20, kExtent = 8 << 20;
  static constexpr double kSlack = 1.25;
  static constexpr size_t kLittle = 64 << 20;

  using BySize = std::set<std::pair<size_t, char *>>;

  void *take(size_t bytes);
  char *reuse(size_t size);
  void extend(size_t size);
  void makeRoom(size_t size);
  void release(BySize::iterator range);
  void insert(char *start, size_t size);
  void remove(char *start, size_t size);
  void give(void *block);
  static void free(void *block);

  std::mutex mutex_;
  std::unordered_map<void *, size_t> in_use_;
  std::map<char *, size_t> free_;  // by address; no two of them touch
  BySize by_size_;
  size_t used_ = 0, free_bytes_ = 0, peak_ = 0;
};

}  // namespace ct
