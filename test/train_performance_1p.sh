#!/usr/bin/env bash
# Times training on one card: two epochs of 1,000 iterations, without evaluation.
#   bash test/train_performance_1p.sh --data_path=/data/imagenet
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

workers=1 epochs=2 purpose=perf more=(--max_step=1000 --no_eval)
main "$@"
