// How the block's kernels share work among threads, and the number formats and instructions that they use.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Threads that run tasks: `run` calls `task(argument, i)` once for each i in 0 ..< tasks, and returns after
/// the last.
///
/// A kernel never asks for more than `count` tasks at a time; each takes pieces of a fixed size from a common
/// counter. Which thread takes which piece does not change a bit of the result.
typedef struct ck_threads {
  int count;
  void (*run)(const struct ck_threads *threads, int tasks, void (*task)(void *argument, int index), void *argument);
} ck_threads;

/// The format in which activations are stored, and so the operands of products.
typedef enum { CK_FLOAT32 = 0, CK_BFLOAT16 = 1 } ck_type;

/// The instruction sets that the kernels are compiled for; each includes the ones before it.
typedef enum { CK_NONE = 0, CK_AVX2 = 1, CK_AVX512 = 2, CK_AVX512_BF16 = 3 } ck_instructions;

/// The best set that this CPU and its operating system support; CK_NONE where the kernels cannot run.
ck_instructions ck_instructions_available(void);

/// The set in use: the best one, unless `ck_instructions_use` chose.
ck_instructions ck_instructions_in_use(void);

/// Chooses an instruction set, for tests and measurements; call it while no kernel runs, and pack weights after it.
/// Returns 0, or 1 if this CPU does not have it.
int ck_instructions_use(ck_instructions set);

/// Whether the CPU and its operating system support tile products of bfloat16 (AMX), which these kernels do
/// not use.
int ck_has_tiles(void);

/// How products of bfloat16 values are computed.
typedef enum {
  CK_PRODUCT_DOT = 1,  ///< dot products of pairs
  CK_PRODUCT_FMA = 2,  ///< widened to float32, and float32 multiply-add
} ck_product;

/// The faster of the two on this CPU, by a measurement of a few milliseconds at the first call, unless
/// `ck_product_use` chose: CPUs with the same instructions can differ fourfold in their speed.
ck_product ck_product_in_use(void);

/// Chooses how products are computed, for tests and measurements, under the same conditions as
/// `ck_instructions_use`; 0 returns to the measured choice. Returns 0, or 1 if the set in use has no dot
/// product.
int ck_product_use(int product);

/// Returns the multiply-adds a nanosecond that the calling thread computes with that product, in registers,
/// with the instructions in use; 0 where they lack it. Measured at each call, in less than a millisecond.
double ck_product_rate(ck_product product);

#ifdef __cplusplus
}
#endif
