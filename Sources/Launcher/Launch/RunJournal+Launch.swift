import RunControl

extension RunJournal {
  /// Records that the run begins or resumes. Returns a sentence where that fails, which does not keep the run
  /// from training.
  func begin(_ launch: Launch) -> String? {
    begin(
      run: launch.runIdentifier, workers: launch.worldSize, hosts: launch.hosts?.hosts,
      progress: launch.progressPath)
  }
}
