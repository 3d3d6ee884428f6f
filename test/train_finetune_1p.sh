#!/usr/bin/env bash
# Fine-tunes given weights for 10 epochs on one card.
#   bash test/train_finetune_1p.sh --data_path=/data/flowers --finetune_pth=best.safetensors
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

workers=1 epochs=10 purpose=acc
[[ " $*" == *" --finetune"[_-]"pth="?* ]] || fail 64 '--finetune_pth=FILE is missing: the weights to start from'
main "$@"
