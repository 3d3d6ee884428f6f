// Transfers between hosts: c10d's store, where ranks meet, and sends and receives of c10d's Gloo.
#define USE_C10D_GLOO
#include "handles.h"
#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

using ct::guarded;
using std::chrono::milliseconds;

struct ct_store {
  c10::intrusive_ptr<c10d::Store> value;
};

struct ct_group {
  c10::intrusive_ptr<c10d::ProcessGroupGloo> value;
};

struct ct_transfer {
  c10::intrusive_ptr<c10d::Work> value;
};

int ct_store_open(const char *address, int port, int socket, int64_t timeout, ct_store **out) {
  return guarded([&] {
    // Python's module does this; without it TORCH_CPP_LOG_LEVEL is not read.
    static const bool reads_variables = (c10::initLogging(), true);
    (void)reads_variables;
    c10d::TCPStoreOptions options;
    options.port = static_cast<uint16_t>(port);
    options.isServer = socket >= 0;
    if (options.isServer) options.masterListenFd = socket;
    options.waitWorkers = false;
    options.timeout = milliseconds(timeout);
    *out = new ct_store{c10::make_intrusive<c10d::TCPStore>(address, options)};
  });
}

void ct_store_free(ct_store *store) { delete store; }

int ct_store_set(const ct_store *store, const char *key, const void *bytes, size_t count) {
  return guarded([&] {
    const auto *first = static_cast<const uint8_t *>(bytes);
    store->value->set(key, std::vector<uint8_t>(first, first + count));
  });
}

int ct_store_get(const ct_store *store, const char *key, void (*take)(void *, const void *, size_t), void *context) {
  return guarded([&] {
    const std::vector<uint8_t> value = store->value->get(key);
    take(context, value.data(), value.size());
  });
}

int ct_group_open(const ct_store *store, const char *name, const char *address, int rank, int size, int64_t timeout,
                  ct_group **out) {
  return guarded([&] {
    auto options = c10d::ProcessGroupGloo::Options::create(milliseconds(timeout));
    options->threads = 1;  // for collectives, of which there are none
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(address));
    auto names = c10::make_intrusive<c10d::PrefixStore>(name, store->value);
    *out = new ct_group{c10::make_intrusive<c10d::ProcessGroupGloo>(std::move(names), rank, size, std::move(options))};
  });
}

void ct_group_free(ct_group *group) { delete group; }

// The memory as a tensor, as c10d requires.
static std::vector<at::Tensor> bytes_at(void *bytes, size_t count) {
  return {at::from_blob(bytes, {static_cast<int64_t>(count)}, at::TensorOptions(at::kByte))};
}

int ct_group_send(ct_group *group, const void *bytes, size_t count, int peer, int tag, ct_transfer **out) {
  return guarded([&] {
    auto tensors = bytes_at(const_cast<void *>(bytes), count);
    *out = new ct_transfer{group->value->send(tensors, peer, tag)};
  });
}

int ct_group_receive(ct_group *group, void *bytes, size_t count, int peer, int tag, ct_transfer **out) {
  return guarded([&] {
    auto tensors = bytes_at(bytes, count);
    *out = new ct_transfer{group->value->recv(tensors, peer, tag)};
  });
}

int ct_transfer_wait(ct_transfer *transfer, int64_t timeout) {
  return guarded([&] { transfer->value->wait(milliseconds(timeout)); });
}

void ct_transfer_free(ct_transfer *transfer) { delete transfer; }
