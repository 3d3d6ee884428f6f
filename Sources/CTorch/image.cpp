#include "CTorchImage.h"
#include <ATen/Parallel.h>
#include <ATen/ops/_upsample_bicubic2d_aa.h>
#include <ATen/ops/_upsample_bilinear2d_aa.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>
#include <cstring>
#include <dlfcn.h>
#include "guarded.h"

namespace {

// Keeps libtorch to the calling thread while it lives. `at::set_num_threads` would not do: its number is the whole
// process's. The OpenMP library that libtorch brought along is asked instead, whose number is the thread's own.
class OneThread {
 public:
  // Asking for the number first makes libtorch do its once-per-thread set-up, which would undo ours later.
  OneThread() : before_(at::get_num_threads()) { set(1); }
  ~OneThread() { set(before_); }
  OneThread(const OneThread &) = delete;
  OneThread &operator=(const OneThread &) = delete;

 private:
  static void set(int threads) {
    using Setter = void (*)(int);
    static const auto setter = reinterpret_cast<Setter>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
    if (setter) setter(threads);
  }

  int before_;
};

// A batch of one in channels-last layout over memory of the caller's.
at::Tensor view(const uint8_t *rgb, int64_t height, int64_t width) {
  return at::from_blob(const_cast<uint8_t *>(rgb), {1, 3, height, width}, {height * width * 3, 1, width * 3, 3},
                       at::kByte);
}

}  // namespace

int ct_image_resize(const uint8_t *rgb, int64_t height, int64_t width, uint8_t *resized, int64_t new_height,
                    int64_t new_width, ct_filter filter) {
  if (height == new_height && width == new_width) {
    std::memcpy(resized, rgb, static_cast<size_t>(height * width * 3));
    return 0;
  }
  return ct::guarded([&] {
    const c10::InferenceMode inference;
    const OneThread alone;
    const auto resize = filter == CT_BILINEAR ? at::_upsample_bilinear2d_aa_out : at::_upsample_bicubic2d_aa_out;
    auto out = view(resized, new_height, new_width);
    resize(out, view(rgb, height, width), {new_height, new_width}, /*align_corners=*/false, {}, {});
  });
}
