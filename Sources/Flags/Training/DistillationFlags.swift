package import ArgumentParser
package import Recipe
import System

/// Flags of distillation from another network, with DeiT's names.
package struct DistillationFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Learn from these weights, too: a file, or a run's folder, of a network for the same classes.",
      valueName: "run|weights"),
    transform: withHomeFolder)
  package var teacher: String?

  @Option(help: ArgumentHelp("The teacher's network, where its weights do not say it.", valueName: "name"))
  package var teacherModel: String?

  @Option(
    help: help(
      "What is learnt of the teacher's answers: the class that it finds (hard), all its logits (soft), or none.",
      of: "--distillation-type", "kind"))
  package var distillationType: Recipe.Distillation.Kind?

  @Option(help: help("The teacher's part of the loss.", of: "--distillation-alpha", "part"))
  package var distillationAlpha: Double?

  @Option(help: help("What soft answers are divided by.", of: "--distillation-tau", "temperature"))
  package var distillationTau: Double?

  package init() {}

  static let rows: [FlagRow] = [
    FlagRow("--teacher", \.distillation.teacher, sets: \.distillation.teacher, "distillation.teacher"),
    FlagRow(
      "--teacher-model", \.distillation.teacherModel, sets: \.distillation.model, "distillation.model",
      idle: [.noTeacher]
    ) { given throws(RecipeError) in try ModelName.canonical(given) },
    FlagRow(
      "--distillation-type", \.distillation.distillationType, sets: \.distillation.kind, "distillation.kind",
      idle: [.noTeacher]),
    FlagRow(
      "--distillation-alpha", \.distillation.distillationAlpha, sets: \.distillation.share,
      "distillation.share", .chance, idle: [.noTeacher, .nothingTaught]),
    FlagRow(
      "--distillation-tau", \.distillation.distillationTau, sets: \.distillation.temperature,
      "distillation.temperature", .positive(upTo: 1000), idle: [.noTeacher, .nothingTaught, .hardTeaching]),
  ]
}
