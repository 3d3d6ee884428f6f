// Tests of products and weight gradients: every tail of rows, columns and depth, against ATen in float64.
#include "linear_harness.h"

using namespace harness;

static void compare(const Way &way, int64_t rows, int inputs, int outputs) {
  LinearTensors t(rows, inputs, outputs);
  const at::ScalarType narrow = way.type == CK_FLOAT32 ? at::kFloat : at::kBFloat16;
  // Against operands rounded as the product takes them nothing but float32 sums is left. Products by float32
  // multiply-add do not round their operands, so against the unrounded ones those are as exact.
  const bool dot = way.type == CK_BFLOAT16 && way.product == CK_PRODUCT_DOT;
  auto exact = linear_by_aten(t, dot ? at::kBFloat16 : at::kFloat, true).named();
  auto unrounded = linear_by_aten(t, at::kFloat, true).named();
  auto peer = linear_by_aten(t, narrow, false).named();
  LinearResult result = linear_by_kernel(t, way.type, 1);
  auto got = result.named();
  for (size_t i = 0; i < got.size(); i++) {
    double sums = error(got[i].second, exact[i].second), ours = error(got[i].second, unrounded[i].second),
           theirs = error(peer[i].second, unrounded[i].second);
    if (std::getenv("VERBOSE"))
      std::printf("  %d %d %d %-3s sums %.2e, all %.2e, ATen %.2e\n", (int)rows, inputs, outputs, got[i].first, sums,
                  ours, theirs);
    check(sums <= 1e-6, "%s %dx%dx%d %s: error of sums %.3g", way.name().c_str(), (int)rows, inputs, outputs,
          got[i].first, sums);
    if (way.type == CK_BFLOAT16)  // of few values, two errors of the same size differ by chance
      check(ours <= theirs * (got[i].second.numel() < 64 ? 1.5 : 1), "%s %dx%dx%d %s: error %.3g, ATen's %.3g", way.name().c_str(), (int)rows, inputs, outputs,
            got[i].first, ours, theirs);
  }
  for (int count : {2, 3}) {
    auto other = linear_by_kernel(t, way.type, count).named();
    for (size_t i = 0; i < got.size(); i++)
      check(same_bits(other[i].second, got[i].second), "%s %dx%dx%d %s: other bits with %d threads",
            way.name().c_str(), (int)rows, inputs, outputs, got[i].first, count);
  }
}

void test_linear() {
  for (const Way &way : ways()) {
    way.use();
    std::printf("%s\n", way.name().c_str());
    for (int rows = 1; rows <= 14; rows++) compare(way, rows, 20 + rows, 40 - rows);
    for (int columns = 1; columns <= 133; columns += columns % 16 == 15 || columns % 16 == 0 ? 1 : 5)
      compare(way, 19, columns, 134 - columns);
    compare(way, 97, 1, 1);
    compare(way, 1, 577, 193);
    compare(way, 2021, 48, 64);
    compare(way, 5003, 63, 65);
  }
}
