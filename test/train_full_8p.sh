#!/usr/bin/env bash
# Trains for 100 epochs on eight cards: the run behind the port's published accuracy.
#   bash test/train_full_8p.sh --data_path=/data/imagenet
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

workers=8 epochs=100 purpose=acc
main "$@"
