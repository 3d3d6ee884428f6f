import RunControl

extension RunJournal {
  /// Notes that the run of this launcher begins, or goes on; a sentence where that fails, which is no reason not to train.
  func begin(_ launch: Launch) -> String? {
    begin(
      run: launch.runIdentifier, workers: launch.worldSize, hosts: launch.hosts?.hosts,
      progress: launch.progressPath)
  }
}
