// Cards that are not there: a library which registers a device with libtorch, as a vendor's does for its own.
//
// Open it by --device-library, or by dlopen before the first tensor on a card. Its memory cannot be touched by the host:
// whoever forgets to copy faults at once; a thread that works on a card which it has not made its own meets an error.
// Everything is computed by libtorch's own operations on the CPU.
//
// Of the environment it reads
//   TEST_CARD_COUNT   how many cards there are (8 at most, and where it is not set)
//   TEST_CARD_BYTES   how many bytes a card has: more is refused as out of memory
//   TEST_CARD_FAULT   the number of the launch, from 1, that fails as a broken card's does; of a process that was started
//                     again (TORCHELASTIC_RESTART_COUNT) none does
//   TEST_CARD_RECORDER  if set, what a graph's capture refuses is an error: from an upload that nobody waits for to the next
//                     download that nobody waits for, a step, there are no other uploads, nothing is read and nobody waits
//   TEST_CARD_REPORT  a folder that gets what was counted, as a JSON file named by the process, when that ends
#pragma once
