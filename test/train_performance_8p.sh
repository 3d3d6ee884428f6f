#!/usr/bin/env bash
# Times training on eight cards: two epochs.
#   bash test/train_performance_8p.sh --data_path=/data/imagenet
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

workers=8 epochs=2 purpose=perf
main "$@"
