// Keeps freed memory for later tensors instead of handing it back to the system.
#pragma once
#include <c10/core/Allocator.h>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace ct {

/// A CPU allocator for training, where every step asks for much the same again.
///
/// glibc gives large blocks back at every free, so a step would fault in hundreds of thousands of fresh pages. Here what is
/// free stays: a tensor takes the smallest free range that holds it, which is cut to its size and joined with its free
/// neighbours again. So memory serves tensors of other sizes too, as dropped branches make them from step to step.
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
  static constexpr size_t kSmall = 64 << 10, kHugePage = 2 << 20, kExtent = 8 << 20, kLittle = 64 << 20;
  static constexpr double kSlack = 1.25;

  using BySize = std::set<std::pair<size_t, char *>>;
  struct Range {
    size_t size;
    /// The range's place in `by_size_`, taken out of there while it is in use: letting go of memory takes none.
    BySize::node_type place;
    bool isFree() const { return place.empty(); }
  };
  using Ranges = std::map<char *, Range>;

  void *take(size_t bytes);
  void *small(size_t bytes);
  char *reuse(size_t size);
  void extend(size_t size);
  void add(char *start, size_t size);
  void makeRoom(size_t size);
  void handBackAll();
  void handBack(BySize::iterator largest);
  void give(void *block);
  void join(Ranges::iterator range);
  static void free(void *block);

  std::mutex mutex_;
  Ranges ranges_;  // all that is mapped, by address
  BySize by_size_;  // what of it is free
  size_t used_ = 0, free_bytes_ = 0, peak_ = 0;
};

}  // namespace ct
