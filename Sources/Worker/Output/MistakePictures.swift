import Datasets
import Recipe
import System
import TensorBoard
import Training

/// An evaluation's worst mistakes for TensorBoard: a sheet of their images, and a table of their classes.
///
/// A long run has them for about fifty evaluations, the last one included: a sheet of photographs has half a
/// megabyte.
struct MistakePictures {
  private let folder: ImageFolder
  private let transform: EvaluationTransform
  private let due: Set<Int>
  private let threads: Int

  private static let (tag, mostSheets, mostPixels, columns) = ("mistakes", 50, 96, 6)

  init(_ plan: RunPlan, threads: Int) {
    folder = plan.data.validation
    var images = plan.recipe.data.preprocessing
    images.inputSize = min(images.inputSize, Self.mostPixels)
    transform = EvaluationTransform(images)
    due = Self.epochs(of: plan.recipe)
    self.threads = threads
  }

  /// What to add to the curves after an epoch; empty if it made no mistakes, or is not among those shown.
  func values(of summary: EpochSummary) -> [SummaryValue] {
    guard let mistakes = summary.tally?.mistakes.list, !mistakes.isEmpty, isDue(summary) else { return [] }
    return [.text("\(Self.tag)/table", table(mistakes))] + (sheet(mistakes).map { [$0] } ?? [])
  }

  private func isDue(_ summary: EpochSummary) -> Bool { summary.isLast || due.contains(summary.epoch) }

  /// The epochs whose evaluation is shown, whenever the run ends: every so many of those evaluated.
  static func epochs(of recipe: Recipe) -> Set<Int> {
    let evaluated = (0..<recipe.schedule.epochs).filter(recipe.evaluates)
    let interval = max(1, (evaluated.count + mostSheets - 1) / mostSheets)
    return Set(stride(from: 0, to: evaluated.count, by: interval).map { evaluated[$0] })
  }

  /// Images that no longer exist are black.
  private func sheet(_ mistakes: [WorstMistakes.Mistake]) -> SummaryValue? {
    let loader = BatchLoader(
      folder: folder, transform: transform, batchSize: mistakes.count, seed: 0,
      threads: min(threads, mistakes.count), failures: .black)
    loader.start(batches: [mistakes.map(\.image)], epoch: 0)
    guard let batch = try? loader.next() else { return nil }
    let sheet = ImageSheet(batch, columns: Self.columns)
    return sheet.png.map {
      .image("\(Self.tag)/sheet", width: sheet.width, height: sheet.height, png: $0)
    }
  }

  private func table(_ mistakes: [WorstMistakes.Mistake]) -> String {
    let rows = mistakes.enumerated().map { place, mistake in
      let cells = [
        "\(place / Self.columns + 1), \(place % Self.columns + 1)", name(mistake.label),
        name(mistake.predicted),
        "\(fixed(100 * Double(mistake.confidence), 1)) %", plain(folder[mistake.image].path.masked),
      ]
      return "| \(cells.joined(separator: " | ")) |"
    }
    return (["| row, column | class | taken for | sure of it | file |", "|---|---|---|---|---|"] + rows)
      .joined(separator: "\n")
  }

  private func name(_ index: Int) -> String { plain(folder.classes[index].description) }

  /// Escapes a text for Markdown.
  private func plain(_ text: String) -> String {
    text.reduce(into: "") { $0 += "\\`*_{}[]<>()#+-!|~&".contains($1) ? "\\\($1)" : "\($1)" }
  }
}
