# Figures of one training run, a "name value" line each: fps, plain, accuracy, loss, and a note where one is due.
#
#   awk -v batch=WHOLE_BATCH -f figures.awk source=log LOG source=steps TRAIN.JSONL source=epochs LOG.TXT
#
# fps       the reference's: mean of the rates that the lines of iterations 30, 40 … 990 show, each of which is the
#           whole batch over the mean of the last 20 iterations
# plain     all images over all wall seconds of the epochs
# accuracy  Acc@1 after the last epoch; empty without evaluation
# loss      mean loss of the last epoch

# The value of a key of a line of JSON; empty for null.
function json(key,    text) {
  if (!match($0, "\"" key "\": *[^,}]+")) return ""
  text = substr($0, RSTART, RLENGTH)
  sub(/^[^:]*: */, "", text)
  return text == "null" ? "" : text
}

source == "log" && /Epoch: \[/ && match($0, /\[ *[0-9]+\/[0-9]+\]/) {
  iteration = substr($0, RSTART + 1) + 0
  if (iteration < 30 || iteration > 990 || iteration % 10 != 0) next
  if (match($0, /fps:[0-9.]+/) && (rate = substr($0, RSTART + 4, RLENGTH - 4) + 0) > 0) { sum += rate; count++ }
}

# A record covers the iterations since the one before it; an epoch's first one covers its first iteration.
source == "steps" && json("images_per_second") > 0 {
  covered = json("epoch") == epoch ? json("step") - step : 1
  epoch = json("epoch")
  step = json("step")
  images += covered * batch
  seconds += covered * batch / json("images_per_second")
}

source == "epochs" {
  accuracy = json("test_acc1")
  loss = json("train_loss")
  finished++
}

END {
  if (!finished || seconds <= 0) exit 1
  plain = images / seconds
  if (!count) print "note no epoch came to iteration 30, so the performance below is images a wall second"
  printf "fps %.3f\n", count ? sum / count : plain
  printf "plain %.3f\n", plain
  print "accuracy " (accuracy == "" ? "" : sprintf("%.3f", accuracy))
  printf "loss %.4f\n", loss
}
