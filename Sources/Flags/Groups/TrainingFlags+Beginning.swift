package import Output

extension TrainingFlags {
  /// How the run means to begin in its output folder.
  package var beginning: Beginning {
    Beginning(
      overwrites: run.overwrite, resume: run.resume, finetune: run.finetune, config: run.config)
  }
}
