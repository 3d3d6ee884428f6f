import Recipe

extension TrainingFlags {
  /// What to tell the user of given flags that have no effect in this run, one sentence each.
  ///
  /// A flag at its default counts as not given: it changes nothing either way.
  package var ineffective: [String] {
    var sentences: [String] = []
    func say(_ flags: [String], _ reason: String) {
      if !flags.isEmpty { sentences.append("no effect: \(flags.joined(separator: ", ")) (\(reason))") }
    }
    say(changed([("--dist-eval", run.distEval)]), "evaluation is always spread over the workers")
    if run.eval {
      say(trainingOnly, "--eval trains nothing")
    } else {
      if pictures.noAug { say(pictures.changedAugmentation, "--no-aug crops and flips nothing at random") }
      if schedule.warmupEpochs == 0 {
        say(changed([("--warmup-lr", schedule.changesWarmup)]), "--warmup-epochs 0 warms nothing up")
      }
    }
    return sentences
  }

  /// Flags that differ from their defaults and that only training heeds.
  private var trainingOnly: [String] {
    let own = changed([
      ("--no-aug", pictures.noAug), ("--no-shuffle", pictures.noShuffle),
      ("--drop-path", network.dropPath != reference.model.dropPath), ("--no-eval", run.noEval),
    ])
    return pictures.changedAugmentation + own + schedule.changed + optimizer.changed
  }
}

/// The names of those flags that are changed.
func changed(_ flags: [(name: String, isChanged: Bool)]) -> [String] {
  flags.filter(\.isChanged).map(\.name)
}
