// Keeps freed memory for the next tensor of its size instead of handing it back to the system.
#pragma once
#include <c10/core/Allocator.h>
#include <list>
#include <map>
#include <mutex>
#include <unordered_map>

namespace ct {

/// A CPU allocator for training, where every step asks for the same sizes again.
///
/// glibc gives large blocks back at every free, so a step would fault in hundreds of thousands of fresh pages.
/// Blocks below `kSmall` go to malloc, which already keeps them. Held memory, in use and kept,
/// stays within `kSlack` of the most that was ever in use: the longest-kept blocks go first. Up to `kLittle` all is
/// kept: a small network's tensors are of too many sizes for what is free of one to serve the next within that slack.
class KeepingAllocator final : public c10::Allocator {
 public:
  /// Makes this the allocator of every later CPU tensor of the process.
  static void install();

  c10::DataPtr allocate(size_t bytes) override;
  c10::DeleterFnPtr raw_deleter() const override;
  void copy_data(void *target, const void *source, size_t bytes) const override;

 private:
  static constexpr size_t kSmall = 64 * 1024;
  static constexpr double kSlack = 1.25;
  static constexpr size_t kLittle = 64 << 20;

  struct Kept {
    void *block;
    size_t size;
  };
  using Age = std::list<Kept>;

  void *take(size_t bytes);
  void *reuse(size_t size);
  void makeRoom(size_t size);
  void release(Age::iterator kept);
  void give(void *block);
  static void free(void *block);

  std::mutex mutex_;
  std::unordered_map<void *, size_t> in_use_;
  Age kept_;  // oldest first
  std::multimap<size_t, Age::iterator> by_size_;
  size_t used_ = 0, kept_bytes_ = 0, peak_ = 0;
};

}  // namespace ct
