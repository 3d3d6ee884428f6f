// The card's place in libtorch: guard, streams and events that have nothing to wait for, hooks, generators, counts.
#include "recorder.h"
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <array>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <unistd.h>

namespace {

using namespace card;
using c10::Device;
using c10::DeviceIndex;
using c10::Stream;

thread_local int own_card = 0;

std::array<std::atomic<bool>, most_cards> stuck;

void finish() {
  refuse_recorded("nobody waits");
  note(Event::wait);
  while (is_stuck(own_card)) usleep(1000);
  arrive();
}

struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return kind; }
  Device exchangeDevice(Device device) const override {
    auto before = getDevice();
    setDevice(device);
    return before;
  }
  Device getDevice() const override { return {kind, static_cast<DeviceIndex>(current())}; }
  void setDevice(Device device) const override {
    if (device.has_index()) set_current(device.index());
  }
  void uncheckedSetDevice(Device device) const noexcept override { own_card = device.index(); }
  Stream getStream(Device device) const override { return Stream(Stream::DEFAULT, device); }
  Stream getDefaultStream(Device device) const override { return Stream(Stream::DEFAULT, device); }
  Stream getStreamFromGlobalPool(Device device, bool) const override { return Stream(Stream::DEFAULT, device); }
  Stream exchangeStream(Stream stream) const override { return Stream(Stream::DEFAULT, stream.device()); }
  void *getStreamNativeHandle(const Stream stream) const override { return queue_of(stream.device_index()); }
  DeviceIndex deviceCount() const noexcept override { return static_cast<DeviceIndex>(count()); }
  void destroyEvent(void *, const DeviceIndex) const noexcept override {}
  void record(void **, const Stream &, const DeviceIndex, const c10::EventFlag) const override {}
  void block(void *, const Stream &) const override {}
  bool queryEvent(void *) const override {
    if (is_stuck(own_card)) return false;
    arrive();
    return true;
  }
  bool queryStream(const Stream &) const override { return true; }
  void synchronizeStream(const Stream &) const override { finish(); }
  void synchronizeEvent(void *) const override { finish(); }
  void synchronizeDevice(const DeviceIndex) const override { finish(); }
  void recordDataPtrOnStream(const c10::DataPtr &, const Stream &) const override {}
};

/// The CPU's numbers, under the card's name.
struct CardGenerator final : at::CPUGeneratorImpl {
  explicit CardGenerator(DeviceIndex card) {
    device_ = Device(kind, card);
    key_set_ = c10::DispatchKeySet(c10::DispatchKey::PrivateUse1);
  }
};

struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return count() > 0; }
  bool hasPrimaryContext(DeviceIndex) const override { return true; }
  DeviceIndex deviceCount() const override { return static_cast<DeviceIndex>(count()); }
  DeviceIndex getCurrentDevice() const override { return static_cast<DeviceIndex>(current()); }
  void setCurrentDevice(DeviceIndex card) const override { set_current(card); }
  DeviceIndex exchangeDevice(DeviceIndex card) const override {
    auto before = getCurrentDevice();
    set_current(card);
    return before;
  }
  DeviceIndex maybeExchangeDevice(DeviceIndex card) const override {
    return card < 0 ? getCurrentDevice() : exchangeDevice(card);
  }
  const at::Generator &getDefaultGenerator(DeviceIndex card) const override {
    static std::array<at::Generator, most_cards> generators = [] {
      std::array<at::Generator, most_cards> made;
      for (int i = 0; i < most_cards; ++i) made[i] = at::make_generator<CardGenerator>(static_cast<DeviceIndex>(i));
      return made;
    }();
    const auto number = card < 0 ? current() : card;
    check_number(number);
    return generators[static_cast<size_t>(number)];
  }
  at::Generator getNewGenerator(DeviceIndex card) const override { return at::make_generator<CardGenerator>(card); }
  Device getDeviceFromPtr(void *address) const override { return {kind, static_cast<DeviceIndex>(owner(address))}; }
  bool isPinnedPtr(const void *address) const override { return is_pinned(address); }
  c10::Allocator *getPinnedMemoryAllocator() const override { return pinned_allocator(); }
};

/// What was counted, written when the process ends.
class Counts {
 public:
  void add(Event event, const std::string &operation, size_t bytes) {
    std::lock_guard lock(mutex_);
    auto &sort = sorts_[static_cast<size_t>(event)];
    ++sort.times;
    sort.bytes += bytes;
    if (event != Event::launch) return;
    if (operations_.empty()) deterministic_ = deterministic();
    ++operations_[operation];
    if (sort.times == fault_) {
      const char *words = getenv("TEST_CARD_FAULT_WORDS");
      throw c10::AcceleratorError({__func__, __FILE__, __LINE__}, 700,
                                  words ? words : "an uncorrectable error of its memory, in " + operation);
    }
  }

  ~Counts() {
    const char *path = getenv("TEST_CARD_REPORT");
    if (!path) return;
    std::ofstream file(std::string(path) + "/" + std::to_string(getpid()) + ".json");
    static constexpr const char *names[] = {"launches", "uploads", "pageable_uploads", "downloads", "waits"};
    file << "{";
    for (size_t i = 0; i < sorts_.size(); ++i)
      file << "\"" << names[i] << "\": " << sorts_[i].times << ", \"" << names[i] << "_bytes\": " << sorts_[i].bytes
           << ", ";
    file << deterministic_ << "\"operations\": {";
    const char *between = "";
    for (const auto &[name, times] : operations_) {
      file << between << "\"" << name << "\": " << times;
      between = ", ";
    }
    file << "}}\n";
  }

 private:
  struct Sort {
    uint64_t times = 0, bytes = 0;
  };
  std::mutex mutex_;
  std::array<Sort, 5> sorts_;
  std::map<std::string, uint64_t> operations_;
  /// What libtorch and the libraries of cards were told before the first launch, where results are to be the same each time.
  std::string deterministic_;

  static std::string deterministic() {
    const auto &context = at::globalContext();
    if (!context.deterministicAlgorithms()) return "";
    std::string told = "\"deterministic\": {\"algorithms\": \"1\"";
    const auto add = [&](const std::string &name, const std::string &value) {
      told += ", \"" + name + "\": \"" + value + "\"";
    };
    add("cudnn", std::to_string(context.deterministicCuDNN()));
    add("benchmark", std::to_string(context.benchmarkCuDNN()));
    for (const char *name : {"CUBLAS_WORKSPACE_CONFIG", "HCCL_DETERMINISTIC", "NCCL_NVLS_ENABLE"})
      if (const char *value = getenv(name)) add(name, value);
    return told + "}, ";
  }
  const uint64_t fault_ = [] {
    const char *text = getenv("TEST_CARD_FAULT"), *restarts = getenv("TORCHELASTIC_RESTART_COUNT");
    if (restarts && std::atoi(restarts) > 0) return 0ull;
    return text ? std::strtoull(text, nullptr, 10) : 0;
  }();
};

Counts &counts() {
  static Counts all;
  return all;
}

[[maybe_unused]] const bool is_registered = [] {
  static Hooks hooks;
  counts();
  c10::register_privateuse1_backend("card");
  at::RegisterPrivateUse1HooksInterface(&hooks);
  c10::SetAllocator(kind, allocator());
  offer_graphs();
  return true;
}();

}  // namespace

namespace card {

int count() {
  static const int cards = [] {
    const char *text = getenv("TEST_CARD_COUNT");
    return text ? std::min(std::atoi(text), most_cards) : most_cards;
  }();
  return cards;
}

int current() { return own_card; }

void set_current(int card) {
  check_number(card);
  own_card = card;
}

bool is_stuck(int card) { return stuck[static_cast<size_t>(card)]; }
void set_stuck(int card, bool is_stuck) { stuck[static_cast<size_t>(card)] = is_stuck; }

void *queue_of(int card) { return reinterpret_cast<void *>(static_cast<uintptr_t>(1 + card)); }

void check_current(int card) {
  TORCH_CHECK(card == current(), "this thread's card is ", current(), ", and it works on card ", card);
}

void check_number(int64_t card) {
  TORCH_CHECK(card >= 0 && card < count(), "there is no card ", card, ": there are ", count());
}

void note(Event event, const std::string &operation, size_t bytes) { counts().add(event, operation, bytes); }

C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard);

}  // namespace card

// By these names Ascend's library is started and ended; the second waits for the card.
namespace torch_npu {

void init_npu(c10::DeviceIndex) {}
void finalize_npu() { finish(); }

}  // namespace torch_npu
