import ArgumentParser
import Drawing
import Flags
import FoundationEssentials
import Recipe
import RunControl
import System
import SystemPackage

/// The runs of a sweep, with their names and flags.
struct SweepPlan: Equatable {
  /// The flags that vary.
  let flags: [String]
  let figure: SweepFigure
  /// The folder that holds all runs' folders.
  let output: String
  /// The working directory to which relative paths among the flags refer; nil where an older version did not
  /// record it.
  let directory: String?
  let runs: [SweepRun]

  /// - Parameter directory: The working directory, to which relative paths refer.
  init(_ file: SweepFile, in directory: String = FileManager.default.currentDirectoryPath) {
    (figure, output, self.directory) = (file.figure, file.output, directory)
    flags = file.space.axes.map(\.flag)
    let base = file.flags.flatMap { Self.words($0.name, $0.value) }
    runs = file.space.points.enumerated().map { index, values in
      let own = zip(file.space.axes, values).flatMap { Self.words($0.flag, $1) }
      return SweepRun(
        number: index + 1, values: values.map(\.description), flags: base + own, folder: file.output)
    }
  }

  /// The plan recorded by an earlier start, whose folder may have been moved since.
  init(_ document: SweepDocument, in folder: String) {
    (figure, output, flags, directory) = (document.figure, folder, document.varied, document.directory)
    runs = document.runsInOrder.map {
      SweepRun(number: $0.number, values: $0.values, flags: $0.flags, folder: folder)
    }
  }

  /// Returns the command that trains one of the runs separately, wherever the sweep was started.
  func command(of run: SweepRun, in current: String = FileManager.default.currentDirectoryPath) -> String {
    let again = FilePath("\(run.output)-again")
    let train = "twins-launch train \(shellQuoted(run.flags)) --output-dir "
    guard let directory, directory != current else { return train + again.quoted }
    return "cd \(FilePath(directory).quoted) && \(train)\(FilePath(current).pushing(again).quoted)"
  }

  /// Returns a flag's words on a command line: a switch by its name or its negation, several values one after
  /// another.
  private static func words(_ flag: String, _ value: JSONTree) -> [String] {
    switch value {
    case .null: []
    case .truth(true): ["--\(flag)"]
    case .truth(false): (try? TrainingFlags.parse(["--no-\(flag)"])) == nil ? [] : ["--no-\(flag)"]
    case .list(let values): ["--\(flag)"] + values.map(word)
    default: ["--\(flag)=\(word(value))"]
    }
  }

  private static func word(_ value: JSONTree) -> String { value.text ?? value.description }

  /// Says how this sweep differs from the one planned by an earlier start; nil where it continues that one.
  ///
  /// Additional runs at the end are no conflict.
  func conflict(with earlier: [[String]]) -> String? {
    guard earlier.count <= runs.count else {
      return "it has \(counted(earlier.count, "run")), and \(runs.count) are asked for now"
    }
    guard let run = zip(runs, earlier).first(where: { $0.flags != $1 }) else { return nil }
    let (now, then) = (Set(run.0.flags), Set(run.1))
    let difference = [
      shellQuoted(run.1.filter { !now.contains($0) }), shellQuoted(run.0.flags.filter { !then.contains($0) }),
    ].map { $0.isEmpty ? "nothing" : $0 }
    return "its \(run.0.name) has \(difference[0]) where now stands \(difference[1])"
  }
}

/// One run of a sweep.
struct SweepRun: Equatable {
  /// Counted from 1.
  let number: Int
  /// The values of the flags that vary, as shown in tables.
  let values: [String]
  /// All its flags except those for its output folder.
  let flags: [String]
  /// Its output folder.
  let output: String
  /// `run-001`
  let name: String

  fileprivate init(number: Int, values: [String], flags: [String], folder: String) {
    (self.number, self.values, self.flags) = (number, values, flags)
    name = "run-" + String(number, digits: 3)
    output = "\(folder)/\(name)"
  }

  /// The training's command line, which starts the run or resumes it.
  var arguments: [String] { flags + ["--output-dir=\(output)", "--resume=auto"] }

  /// What distinguishes it from the others: `lr=0.001 opt=lion`.
  func label(_ flags: [String]) -> String {
    zip(flags, values).map { "\($0)=\($1)" }.joined(separator: " ")
  }
}
