# What the training scripts beside this share: options, one run of twins-launch, and its figures.
#
# A script sets workers, epochs and purpose (acc or perf), then calls `main "$@"`. Options are --name=value:
#   --data_path=DIR      the images, as DIR/train/CLASS/* and DIR/val/CLASS/* (needed)
#   --finetune_pth=FILE  the weights to start from (train_finetune_1p.sh needs them)
#   --nproc=N --model=NAME --batch_size=N --epochs=N --device=KIND
# and any other flag of twins-launch, such as --max_step=5, --input_size=64 or --amp=O0.

set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
logs=${TWINS_TEST_OUTPUT:-$here/output/0}
model=alt_gvt_small batch_size=128 data_path='' finetune_pth='' device='' output_dir=''
more=()

fail() { # STATUS MESSAGE LINE…
  printf '[Error] %s\n' "$2" >&2
  printf '%s' "${@:3}" >&2
  exit "$1"
}

# A shell leaves a ~ behind = as it is.
absolute() { realpath -ms "${1/#\~\//${HOME-}/}"; }

read_options() {
  local option
  for option in "$@"; do
    case $option in
      --data_path=* | --data-path=*) data_path=$(absolute "${option#*=}") ;;
      --finetune_pth=* | --finetune-pth=*) finetune_pth=$(absolute "${option#*=}") ;;
      --output_dir=* | --output-dir=*) output_dir=$(absolute "${option#*=}") ;;
      --nproc=*) workers=${option#*=} ;;
      --model=*) model=${option#*=} ;;
      --batch_size=* | --batch-size=*) batch_size=${option#*=} ;;
      --epochs=*) epochs=${option#*=} ;;
      --device=*) device=${option#*=} ;;
      --*) more+=("$option") ;;
      *) fail 64 "'$option' is not understood: options are --name=value, as in --data_path=/data/imagenet" ;;
    esac
  done
  [ -n "$data_path" ] ||
    fail 64 '--data_path=DIR is missing: the folder that holds train/CLASS/* and val/CLASS/*'
}

find_launcher() {
  launcher=${TWINS_LAUNCH:-$here/../.build/release/twins-launch}
  [ -x "$launcher" ] || launcher=$(command -v twins-launch) ||
    fail 69 'twins-launch is not built: run `make build` in the root of the checkout'
}

name_case() {
  network=$model
  [ "$model" = alt_gvt_small ] && network=Twins_ALTGVT_Small
  case_name=${network}_bs${batch_size}_${workers}p_$purpose
  [ -n "$output_dir" ] || choose_folder
  log=$logs/train_0.log
}

asks_for() { [[ " ${more[*]-} " == *" --$1"* ]]; }

# A run is not written over: each gets a folder of its own, unless it goes on with the last one or is to replace it.
choose_folder() {
  local number=1 earlier=''
  output_dir=$logs/$case_name
  while [ -e "$output_dir" ]; do
    earlier=$output_dir
    number=$((number + 1))
    output_dir=$logs/$case_name.$number
  done
  if asks_for resume || asks_for overwrite; then output_dir=${earlier:-$output_dir}; fi
}

# Trains in the background, so that a signal to this script reaches the launcher at once.
train() {
  local command=(
    "$launcher" --nproc "$workers" --data-path "$data_path" --output-dir "$output_dir" --model "$model"
    --batch-size "$batch_size" --epochs "$epochs" --drop-path 0.3 --amp O1
  )
  [ -z "$device" ] || command+=(--device "$device")
  [ -z "$finetune_pth" ] || command+=(--finetune "$finetune_pth")
  printf 'Training into %s; the log is %s\n' "$output_dir" "$log"
  "${command[@]}" ${more[@]+"${more[@]}"} >"$log" 2>&1 &
  local child=$!
  trap 'kill -TERM $child 2>/dev/null' TERM INT HUP
  wait $child
  status=$?
  while kill -0 $child 2>/dev/null; do
    wait $child
    status=$?
  done
  trap - TERM INT HUP
}

lines() { [ -f "$1" ] && wc -l <"$1" || echo 0; }

# The lines that this run has added to a file of an output folder that may hold those of earlier runs.
added() { tail -n "+$(($2 + 1))" "$1" 2>/dev/null; }

value() { sed -n "s/^$1 //p" <<<"$figures"; }

report() {
  local fps accuracy loss milliseconds
  fps=$(value fps) accuracy=$(value accuracy) loss=$(value loss)
  milliseconds=$(awk -v images=$((batch_size * workers)) -v fps="$fps" 'BEGIN { printf "%.2f", images * 1000 / fps }')
  cat <<END
------------------ Final result ------------------
Final Performance images/sec : $fps
Final Train Accuracy : $accuracy
E2E Training Duration sec : $seconds
END
  cat >"$logs/$case_name.log" <<END
Network = $network
RankSize = $workers
BatchSize = $batch_size
DeviceType = $(uname -m)
CaseName = $case_name
ActualFPS = $fps
TrainingTime = $milliseconds
TrainAccuracy = $accuracy
ActualLoss = $loss
E2ETrainingTime = $seconds
END
}

keep_figures() { # LINES that train.jsonl and log.txt had before
  figures=$(awk -v batch=$((batch_size * workers)) -f "$here/figures.awk" \
    source=log "$log" source=steps <(added "$output_dir/train.jsonl" "$1") \
    source=epochs <(added "$output_dir/log.txt" "$2")) ||
    fail 70 "training ended well, but $log and $output_dir hold no figures of it"
  awk '/Epoch: \[/ && match($0, /fps:[0-9.]+/) { print substr($0, RSTART + 4, RLENGTH - 4) }' "$log" \
    >"$logs/train_${case_name}_fps.log"
  sed -nE 's/.*Epoch: \[.* loss: [^ ]+ \(([^)]+)\).*/\1/p' "$log" >"$logs/train_${case_name}_loss.txt"
  [ -z "$(value note)" ] || echo "Note: $(value note)"
  echo "Images a wall second of training, data loading and every iteration included: $(value plain)"
}

main() {
  read_options "$@"
  find_launcher
  name_case
  mkdir -p "$logs" || fail 74 "cannot write to $logs"
  # Nobody may take an earlier run's figures for this one's.
  rm -f "$logs/$case_name.log" "$logs/train_${case_name}_fps.log" "$logs/train_${case_name}_loss.txt"
  case $device in npu | '') source "$here/env_npu.sh" ;; esac

  local started=$SECONDS steps_before epochs_before
  steps_before=$(lines "$output_dir/train.jsonl") epochs_before=$(lines "$output_dir/log.txt")
  if asks_for overwrite; then steps_before=0 epochs_before=0; fi
  train
  seconds=$((SECONDS - started))
  [ $status = 0 ] ||
    fail $status "training failed with status $status; the last lines of $log:" "$(tail -n 20 "$log")" $'\n'

  keep_figures "$steps_before" "$epochs_before"
  report
}
