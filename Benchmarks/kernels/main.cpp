// kernel-bench: each kernel of a block in turns with ATen's operations, on one instruction set.
//
//     kernel-bench avx2|avx512|avx512_bf16 [all|mlp|local|global|embedding|position|linear [BATCH [THREADS [ROUNDS]]]]
//
// What ATen uses is for the environment to say, once a process: scripts/bench-kernels holds it to the same set.
#include "measurement.h"

using namespace harness;

void bench_mlp(const Setting &);
void bench_local_attention(const Setting &);
void bench_global_attention(const Setting &);
void bench_embedding(const Setting &);
void bench_position(const Setting &);
void bench_linear_layer(const Setting &);

struct Kernel {
  const char *name;
  void (*bench)(const Setting &);
};

static const Kernel kernels[] = {{"mlp", bench_mlp},
                                 {"local", bench_local_attention},
                                 {"global", bench_global_attention},
                                 {"embedding", bench_embedding},
                                 {"position", bench_position},
                                 {"linear", bench_linear_layer}};

static int number(int count, char **words, int index, int otherwise) {
  return index < count ? std::atoi(words[index]) : otherwise;
}

int main(int count, char **words) {
  const std::string set = count > 1 ? words[1] : "", kernel = count > 2 ? words[2] : "all";
  const int batch = number(count, words, 3, 16), threads = number(count, words, 4, at::get_num_threads());
  const int rounds = number(count, words, 5, 5);
  bool known = kernel == "all";
  for (const Kernel &k : kernels) known = known || kernel == k.name;
  if ((set != "avx2" && set != "avx512" && set != "avx512_bf16") || !known || batch < 1 || threads < 1 || rounds < 1) {
    std::fprintf(stderr,
                 "kernel-bench avx2|avx512|avx512_bf16 [all|mlp|local|global|embedding|position|linear [BATCH "
                 "[THREADS [ROUNDS]]]]\n");
    return 2;
  }
  at::set_num_threads(threads);
  bool any = false;
  for (const Way &way : ways()) {
    if (way.set_name() != set) continue;
    any = true;
    way.use();
    for (const Kernel &k : kernels)
      if (kernel == "all" || kernel == k.name) k.bench({way, batch, threads, rounds});
  }
  if (!any) std::printf("%s: not on this processor\n", set.c_str());
}
