// Cards that are not there: a library which registers a device with libtorch, as a vendor's does for its own.
//
// Open it by --device-library, or by dlopen before the first tensor on a card. Its memory cannot be touched by the host:
// whoever forgets to copy faults at once; a thread that works on a card which it has not made its own meets an error.
// Everything is computed by libtorch's own operations on the CPU.
//
// It has graphs, as libtorch's interface for them wants: recorded, operations are noted, and what they write is as if nothing had
// been done; memory that is taken meanwhile stays the graph's. Uploads, what is read back and what waits are refused. Done
// again, each operation runs with what then lies in the same places: an error where somebody else has one of them.
//
// Ranks with a card each, not two of a host (GROUP_RANK) with the same, sum over their cards by NCCL's functions and by HCCL's.
//
// Of the environment it reads
//   TEST_CARD_COUNT   how many cards there are (8 at most, and where it is not set)
//   TEST_CARD_BYTES   how many bytes a card has: more is refused as out of memory
//   TEST_CARD_FAULT   the number of the launch, from 1, that fails as a broken card's does; of a process that was started
//                     again (TORCHELASTIC_RESTART_COUNT) none does
//   TEST_CARD_FAULT_WORDS  what the library says of that; an uncorrectable error of its memory where it is not set
//   TEST_CARD_NO_BFLOAT16  set where no operation takes bfloat16 numbers
//   TEST_CARD_UNORDERED  an operation that has no deterministic form
//   TEST_CARD_UNRECORDED  an operation, as aten::add or sum, that no graph takes up
//   TEST_CARD_UNRECORDED_RANK  the rank (RANK) whose graphs alone do not; all where it is not set
//   TEST_CARD_REPORT  a folder that gets what was counted, as a JSON file named by the process, when that ends
#pragma once
