// Sums over cards by their makers' libraries, NCCL and HCCL, whose functions are found by name without their
// headers.
#include "handles.h"
#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <array>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <memory>
#include <thread>
#include <utility>

using ct::changing;
using ct::guarded;

namespace {

/// One process in a group of cards.
struct Member {
  /// Does not destroy the library's object: that would wait for every graph that contains a sum of it, and
  /// the process is about to end.
  virtual ~Member() = default;
  /// Enqueues an in-place sum on `queue`.
  virtual void sum(float *floats, size_t count, void *queue) = 0;
  virtual void check() = 0;
  virtual void abort() = 0;
};

/// A maker's library.
struct Library {
  virtual ~Library() = default;
  virtual std::string name() const = 0;
  virtual size_t key_size() const = 0;
  virtual void make_key(void *key) const = 0;
  virtual std::unique_ptr<Member> join(const void *key, int rank, int size) const = 0;
};

/// The functions of a library: one that libtorch has loaded already, or else `file`.
class Functions {
 public:
  explicit Functions(const char *file) : file_(file) {}

  template <class Function>
  bool find(Function &function, const char *name) {
    void *found = dlsym(RTLD_DEFAULT, name);
    if (!found && !library_) library_ = dlopen(file_, RTLD_NOW | RTLD_GLOBAL);
    if (!found && library_) found = dlsym(library_, name);
    function = reinterpret_cast<Function>(found);
    return found;
  }

  template <class Function>
  void require(Function &function, const char *name) {
    if (find(function, name)) return;
    TORCH_CHECK(library_, dlerror());
    TORCH_CHECK(false, file_, " has no ", name);
  }

 private:
  const char *file_;
  void *library_ = nullptr;
};

class NCCL final : public Library {
 public:
  NCCL() {
    // Registration for graphs exchanges messages during recording, in which a rank with a refused recording
    // takes no part; and a replayed sum should be the same as a single one.
    setenv("NCCL_GRAPH_REGISTER", "0", /*overwrite=*/0);
    // Joining blocks until all ranks have joined.
    setenv("NCCL_COMM_BLOCKING", "1", /*overwrite=*/1);
    Functions functions("libnccl.so.2");
    functions.require(get_version_, "ncclGetVersion");
    functions.require(get_key_, "ncclGetUniqueId");
    functions.require(join_, "ncclCommInitRank");
    functions.require(sum_, "ncclAllReduce");
    functions.require(get_failure_, "ncclCommGetAsyncError");
    functions.require(abort_, "ncclCommAbort");
    functions.require(words_, "ncclGetErrorString");
    functions.find(last_words_, "ncclGetLastError");
  }

  std::string name() const override {
    int version = 0;
    check(get_version_(&version), "ncclGetVersion");
    // 2.8.4 and earlier used another scheme.
    const int major = version < 10'000 ? version / 1'000 : version / 10'000;
    const int minor = version % (version < 10'000 ? 1'000 : 10'000) / 100;
    return c10::str("NCCL ", major, ".", minor, ".", version % 100);
  }

  size_t key_size() const override { return sizeof(Key); }

  void make_key(void *key) const override { check(get_key_(static_cast<Key *>(key)), "ncclGetUniqueId"); }

  std::unique_ptr<Member> join(const void *bytes, int rank, int size) const override {
    Key key;
    std::memcpy(&key, bytes, sizeof key);
    void *communicator = nullptr;
    check(join_(&communicator, size, key, rank), "ncclCommInitRank");
    return std::make_unique<Rank>(*this, communicator);
  }

 private:
  /// ncclUniqueId, which is passed by value.
  struct Key {
    char bytes[128];
  };
  static constexpr int float32 = 7, sum = 0, in_progress = 7;

  struct Rank final : Member {
    Rank(const NCCL &library, void *communicator) : library_(library), communicator_(communicator) {}
    void sum(float *floats, size_t count, void *queue) override {
      TORCH_CHECK(communicator_, "these sums were given up");
      const int status = library_.sum_(floats, floats, count, float32, NCCL::sum, communicator_, queue);
      library_.check(status, "ncclAllReduce", communicator_);
    }
    void check() override {
      int failure = 0;
      if (communicator_) library_.check(library_.get_failure_(communicator_, &failure), "ncclCommGetAsyncError");
      if (failure != in_progress) library_.check(failure, "a sum", communicator_);
    }
    void abort() override {
      void *communicator = std::exchange(communicator_, nullptr);
      // ncclCommAbort lets the card go on at once, but then waits for graphs that only this thread could
      // release.
      if (communicator) std::thread([abort = library_.abort_, communicator] { abort(communicator); }).detach();
    }

   private:
    const NCCL &library_;
    void *communicator_;
  };

  void check(int status, const char *call, void *communicator = nullptr) const {
    if (status == 0) return;
    const char *more = last_words_ ? last_words_(communicator) : nullptr;
    TORCH_CHECK(false, call, ": ", words_(status), more && *more ? c10::str(" (", more, ")") : "");
  }

  int (*get_version_)(int *) = nullptr;
  int (*get_key_)(Key *) = nullptr;
  int (*join_)(void **, int, Key, int) = nullptr;
  int (*sum_)(const void *, void *, size_t, int, int, void *, void *) = nullptr;
  int (*get_failure_)(void *, int *) = nullptr;
  int (*abort_)(void *) = nullptr;
  const char *(*words_)(int) = nullptr;
  const char *(*last_words_)(void *) = nullptr;
};

class HCCL final : public Library {
 public:
  HCCL() {
    Functions functions("libhccl.so");
    functions.require(get_key_, "HcclGetRootInfo");
    functions.require(join_, "HcclCommInitRootInfo");
    functions.require(sum_, "HcclAllReduce");
    functions.find(get_failure_, "HcclGetCommAsyncError");
    functions.find(words_, "HcclGetErrorString");
  }

  std::string name() const override { return "HCCL"; }

  // HCCL_ROOT_INFO_BYTES
  size_t key_size() const override { return 4108; }

  void make_key(void *key) const override { check(get_key_(key), "HcclGetRootInfo"); }

  std::unique_ptr<Member> join(const void *key, int rank, int size) const override {
    void *communicator = nullptr;
    check(join_(static_cast<uint32_t>(size), key, static_cast<uint32_t>(rank), &communicator), "HcclCommInitRootInfo");
    return std::make_unique<Rank>(*this, communicator);
  }

 private:
  static constexpr int float32 = 4, sum = 0;

  struct Rank final : Member {
    Rank(const HCCL &library, void *communicator) : library_(library), communicator_(communicator) {}
    void sum(float *floats, size_t count, void *queue) override {
      TORCH_CHECK(communicator_, "these sums were given up");
      library_.check(library_.sum_(floats, floats, count, float32, HCCL::sum, communicator_, queue), "HcclAllReduce");
    }
    void check() override {
      int failure = 0;
      if (!communicator_ || !library_.get_failure_) return;
      library_.check(library_.get_failure_(communicator_, &failure), "HcclGetCommAsyncError");
      library_.check(failure, "a sum");
    }
    // HCCL cannot cancel a waiting sum; only the process's end does, which must not wait for the card.
    void abort() override {
      communicator_ = nullptr;
      ct::card_is_stuck = true;
    }

   private:
    const HCCL &library_;
    void *communicator_;
  };

  void check(int status, const char *call) const {
    TORCH_CHECK(status == 0, call, ": ", words_ ? words_(status) : c10::str("error ", status));
  }

  int (*get_key_)(void *) = nullptr;
  int (*join_)(uint32_t, const void *, uint32_t, void **) = nullptr;
  int (*sum_)(void *, void *, uint64_t, int, int, void *, void *) = nullptr;
  int (*get_failure_)(void *, int *) = nullptr;
  const char *(*words_)(int) = nullptr;
};

/// Throws at each call if the library is missing.
const Library &library(int number) {
  if (number == CT_NCCL) {
    static const NCCL nccl;
    return nccl;
  }
  static const HCCL hccl;
  return hccl;
}

/// The calling thread's current stream of a card, as the card's maker knows it.
void *queue(c10::Device device) {
  struct {
    c10::Stream stream;
    std::array<char, 64> room{};
  } current{c10::impl::VirtualGuardImpl(device.type()).getStream(device)};
  // c10_npu::NPUStream::stream(): operations wait in a list of torch_npu's, which this call flushes first.
  static const auto of_npu =
      reinterpret_cast<void *(*)(const void *)>(dlsym(RTLD_DEFAULT, "_ZNK7c10_npu9NPUStream6streamEv"));
  return of_npu && device.type() == c10::kPrivateUse1 ? of_npu(&current) : current.stream.native_handle();
}

}  // namespace

struct ct_card_group {
  c10::Device device;
  std::unique_ptr<Member> member;
};

int ct_sums_name(int number, const char **out) {
  return guarded([&] {
    static thread_local std::string name;
    name = library(number).name();
    *out = name.c_str();
  });
}

size_t ct_sums_key_size(int number) {
  size_t size = 0;
  ct::attempted([&] { size = library(number).key_size(); });
  return size;
}

int ct_sums_make_key(int number, void *key) {
  return guarded([&] { library(number).make_key(key); });
}

int ct_card_group_join(int number, int kind, int index, const void *key, int rank, int size, ct_card_group **out) {
  return guarded([&] { *out = new ct_card_group{ct::device(kind, index), library(number).join(key, rank, size)}; });
}

int ct_card_group_sum(ct_card_group *group, float *floats, size_t count) {
  return changing([&] { group->member->sum(floats, count, queue(group->device)); });
}

int ct_card_group_check(const ct_card_group *group) {
  return ct::attempted([&] { group->member->check(); });
}

void ct_card_group_abort(ct_card_group *group) {
  ct::attempted([&] { group->member->abort(); });
}

void ct_card_group_free(ct_card_group *group) { delete group; }
