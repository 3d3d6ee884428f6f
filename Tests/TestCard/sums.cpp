// Sums over cards of several processes, or of threads of one, by the names of NCCL's functions and of HCCL's.
//
// What they sum goes through memory that all of them map. A sum waits for all ranks; where the process of one is gone, the card is stuck
// as a real one is, and the host goes on. Unlike theirs it tells ranks apart that sum other amounts, or of which some repeat a
// recorded sum and some do not.
#include "recorder.h"
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <fcntl.h>
#include <memory>
#include <unistd.h>

namespace {

using namespace card;

constexpr int most_ranks = 64;
constexpr size_t floats_at_once = 1 << 16;

/// How a call ends, of which each library has numbers of its own.
enum class Status { done, wrong_argument, wrong_use, failed };

/// What the ranks of a group share.
struct Shared {
  std::atomic<uint32_t> waiting, round;
  struct Part {
    int card;
    pid_t process;
    uint64_t count;
    bool is_repeated;
  } parts[most_ranks];
  float floats[most_ranks][floats_at_once];
};

class Group {
 public:
  Group(Shared *shared, int rank, int size) : shared_(shared), rank_(rank), size_(size), card_(current()) {}

  /// Returns when all are there; wrong use where two have one card.
  Status meet() {
    const char *host = getenv("GROUP_RANK");
    own().card = (host ? std::atoi(host) : 0) * most_cards + card_;
    own().process = getpid();
    wait();
    auto card_of = [&](int rank) { return shared_->parts[rank].card; };
    bool is_alone = true;
    for (int rank = 0; rank < size_; ++rank) is_alone &= rank == rank_ || card_of(rank) != own().card;
    wait();
    return is_alone ? Status::done : Status::wrong_use;
  }

  /// Notes a sum where a graph is being recorded, and else makes it.
  Status sum(float *floats, size_t count, const void *queue) {
    if (owner(floats) != card_ || current() != card_ || queue != queue_of(card_)) return Status::wrong_argument;
    if (is_given_up_) return Status::wrong_use;
    refuse_unrecorded("sum");
    note(Event::launch, "sum");
    touch(floats);
    if (!is_recording()) return make(floats, count, false);
    recorded([this, floats, count] {
      TORCH_CHECK(make(floats, count, true) == Status::done, "the ranks of the test card do not make the same sum");
    });
    return Status::done;
  }

  /// The card goes on.
  void give_up() {
    is_given_up_ = true;
    set_stuck(card_, false);
  }

 private:
  Shared *shared_;
  int rank_, size_, card_;
  std::atomic<bool> is_given_up_ = false;

  Shared::Part &own() { return shared_->parts[rank_]; }

  Status make(float *floats, size_t count, bool is_repeated) {
    auto *place = static_cast<float *>(held(floats));
    own().count = count;
    own().is_repeated = is_repeated;
    for (size_t start = 0; start == 0 || start < count; start += floats_at_once) {
      const size_t length = std::min(count - start, floats_at_once);
      std::copy_n(place + start, length, shared_->floats[rank_]);
      if (!wait()) return lost(place, count);
      for (int rank = 0; rank < size_; ++rank) {
        const auto &other = shared_->parts[rank];
        if (other.count != own().count || other.is_repeated != own().is_repeated) return Status::wrong_use;
        for (size_t i = 0; i < length; ++i) place[start + i] = shared_->floats[rank][i] + (rank ? place[start + i] : 0);
      }
      if (!wait()) return lost(place, count);
    }
    return Status::done;
  }

  /// Leaves what has no meaning, on a card that comes to nothing more.
  Status lost(float *place, size_t count) {
    std::memset(place, 0xff, count * sizeof(float));
    if (!is_given_up_) set_stuck(card_, true);
    return Status::done;
  }

  /// Whether the process of another rank has ended.
  bool is_alone() const {
    for (int rank = 0; rank < size_; ++rank) {
      const auto process = shared_->parts[rank].process;
      if (process && kill(process, 0) != 0 && errno == ESRCH) return true;
      char state = 0;
      if (auto *file = std::fopen(("/proc/" + std::to_string(process) + "/stat").c_str(), "r")) {
        if (std::fscanf(file, "%*d (%*[^)]) %c", &state) != 1) state = 0;
        std::fclose(file);
      }
      if (state == 'Z' || state == 'X') return true;
    }
    return false;
  }

  /// Waits for all ranks; false where this one has been given up, or another is gone.
  bool wait() {
    const uint32_t round = shared_->round;
    if (++shared_->waiting == static_cast<uint32_t>(size_)) {
      shared_->waiting = 0;
      ++shared_->round;
      syscall(SYS_futex, &shared_->round, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
      return true;
    }
    const timespec a_while{0, 20'000'000};
    while (shared_->round == round) {
      if (is_given_up_ || is_alone()) return false;
      syscall(SYS_futex, &shared_->round, FUTEX_WAIT, round, &a_while, nullptr, 0);
    }
    return true;
  }
};

/// Where other processes find memory that ends with this one.
void make_key(char *key, size_t size) {
  const int file = memfd_create("sums of the test card", MFD_CLOEXEC);
  TORCH_CHECK(file >= 0 && ftruncate(file, sizeof(Shared)) == 0, "the test card has no memory for sums");
  std::snprintf(key, size, "/proc/%d/fd/%d", getpid(), file);
}

Status join(Group **out, const char *key, int rank, int size) {
  if (size > most_ranks) return Status::wrong_argument;
  const int file = open(key, O_RDWR | O_CLOEXEC);
  if (file < 0) return Status::failed;
  void *memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED) return Status::failed;
  auto group = std::make_unique<Group>(static_cast<Shared *>(memory), rank, size);
  const Status status = group->meet();
  if (status == Status::done) *out = group.release();
  return status;
}

}  // namespace

extern "C" {

struct TestCardKey {
  char bytes[128];
};

static int nccl(Status status) {
  switch (status) {
    case Status::done: return 0;
    case Status::wrong_argument: return 4;
    case Status::wrong_use: return 5;
    case Status::failed: return 6;
  }
  return 3;
}

int ncclGetVersion(int *version) {
  *version = 22809;
  return 0;
}
int ncclGetUniqueId(TestCardKey *key) {
  make_key(key->bytes, sizeof key->bytes);
  return 0;
}
int ncclCommInitRank(void **group, int size, TestCardKey key, int rank) {
  return nccl(join(reinterpret_cast<Group **>(group), key.bytes, rank, size));
}
int ncclAllReduce(const void *from, void *to, size_t count, int type, int operation,
                                                         void *group, void *queue) {
  if (from != to || type != 7 || operation != 0) return nccl(Status::wrong_argument);
  return nccl(static_cast<Group *>(group)->sum(static_cast<float *>(to), count, queue));
}
int ncclCommGetAsyncError(void *, int *status) { return *status = 0; }
int ncclCommAbort(void *group) {
  static_cast<Group *>(group)->give_up();
  return 0;
}
const char *ncclGetErrorString(int status) {
  return status == 4 ? "invalid argument" : status == 5 ? "invalid usage" : "remote process exited or there was a network error";
}

static int hccl(Status status) { return status == Status::done ? 0 : status == Status::failed ? 21 : 1; }

int HcclGetRootInfo(char *key) {
  make_key(key, 4108);
  return 0;
}
int HcclCommInitRootInfo(uint32_t size, const char *key, uint32_t rank, void **group) {
  return hccl(join(reinterpret_cast<Group **>(group), key, static_cast<int>(rank), static_cast<int>(size)));
}
int HcclAllReduce(void *from, void *to, uint64_t count, int type, int operation,
                                                         void *group, void *queue) {
  if (from != to || type != 4 || operation != 0) return hccl(Status::wrong_argument);
  return hccl(static_cast<Group *>(group)->sum(static_cast<float *>(to), count, queue));
}
int HcclGetCommAsyncError(void *, int *status) { return *status = 0; }
const char *HcclGetErrorString(int status) {
  return status == 1 ? "parameter error" : "error cqe";
}
}
