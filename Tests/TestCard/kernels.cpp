// The kernels for cards, compiled by the host's compiler, as a library of kernels offers them.
#include "../../Sources/CardKernels/norm.h"
#include "recorder.h"
#include <cstdlib>
#include <string>

namespace {

using namespace card;

template <class T>
void move(T *&address) {
  if (!address) return;
  touch(address);
  address = static_cast<T *>(held(address));
}

/// With the places of the bytes for the addresses on the card.
twins_norm on_host(twins_norm p) {
  move(p.x), move(p.branch), move(p.factors), move(p.weight), move(p.bias), move(p.sum), move(p.normed), move(p.mean);
  move(p.reciprocal), move(p.sum_gradient), move(p.normed_gradient), move(p.x_gradient), move(p.branch_gradient);
  move(p.partial), move(p.weight_gradients);
  return p;
}

template <class T, int N>
void forward(const twins_norm &p) {
  const auto warps = twins::norm_warps(p);
  for (int64_t warp = 0; warp < warps; ++warp) twins::norm_forward<T, N>(p, warp, warps);
}

template <class T, int N>
void backward(const twins_norm &p) {
  const auto warps = twins::norm_warps(p);
  for (int64_t warp = 0; warp < warps; ++warp) twins::norm_backward<T, N>(p, warp, warps);
  for (int64_t first = 0; first < 2 * p.channels; first += twins::warp_size)
    twins::norm_weight_gradients(p, first / twins::warp_size, warps);
}

/// Whether TEST_CARD_WRONG_KERNELS wants this call computed wrongly: `all`, `rows` (only where warps have several), or
/// those of so many channels.
bool is_wrong(const twins_norm &p) {
  static const char *const which = getenv("TEST_CARD_WRONG_KERNELS");
  if (!which) return false;
  const std::string word = which;
  return word == "all" || (word == "rows" ? p.rows > TWINS_MOST_WARPS : word == std::to_string(p.channels));
}

/// Makes it now and, where a graph is being recorded, with each repetition.
int make(void *stream, const char *name, void (*kernel)(const twins_norm &), const twins_norm &own) {
  if (stream != queue_of(current()) || own.channels > TWINS_MOST_CHANNELS) return 1;
  refuse_unrecorded(name);
  note(Event::launch, name);
  auto p = on_host(own);
  if (is_wrong(own)) p.epsilon += 0.1f;
  kernel(p);
  recorded([kernel, p] { kernel(p); });
  return 0;
}

int norm_forward(void *stream, const twins_norm *p) {
  constexpr int most = TWINS_MOST_CHANNELS / twins::warp_size;
  return make(stream, "norm_forward", p->type == TWINS_BFLOAT16 ? forward<twins::BFloat16, most> : forward<float, most>, *p);
}

int norm_backward(void *stream, const twins_norm *p) {
  constexpr int most = TWINS_MOST_CHANNELS / twins::warp_size;
  return make(stream, "norm_backward", p->type == TWINS_BFLOAT16 ? backward<twins::BFloat16, most> : backward<float, most>,
              *p);
}

}  // namespace

extern "C" const twins_card_kernels *twins_card_kernels_table(void) {
  static const twins_card_kernels table = {TWINS_CARD_KERNELS_VERSION, norm_forward, norm_backward};
  return &table;
}
