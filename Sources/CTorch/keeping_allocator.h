// An allocator that keeps freed memory for later tensors instead of returning it to the system.
#pragma once
#include <c10/core/Allocator.h>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace ct {

/// A CPU allocator for training, where every step asks for much the same memory again.
///
/// glibc returns large blocks to the system at every free, so each step would fault in hundreds of thousands
/// of fresh pages. This allocator keeps free ranges: a tensor gets the smallest free range that holds it, cut
/// to its size; freed ranges are joined with their free neighbours. So memory also serves tensors of other
/// sizes, which dropped branches cause from step to step.
///
/// Blocks below `kSmall` go to malloc, which keeps them already. Memory is mapped in extents of huge pages
/// where the system has some. Mapped memory stays within `kSlack` of the most that was ever in use: beyond
/// that, the largest free ranges are returned first. Up to `kLittle` everything is kept.
class KeepingAllocator final : public c10::Allocator {
 public:
  /// Makes this the allocator of every later CPU tensor in the process.
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
    /// The range's node in `by_size_`, held here while the range is in use, so that freeing allocates
    /// nothing.
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
  Ranges ranges_;  // all mapped ranges, by address
  BySize by_size_;  // the free ones
  size_t used_ = 0, free_bytes_ = 0, peak_ = 0;
};

}  // namespace ct
