import Checkpoint
import Glibc
import Recipe
import System

/// How a run will begin in its output folder.
package struct Beginning {
  /// Whether an earlier run there is removed.
  package let overwrites: Bool
  /// What it resumes from: a path, or `auto` for the folder's newest checkpoint.
  private let resume: String?
  /// The files and folders that it reads, with the flags that name them.
  private let inputs: [(flag: String, path: String)]

  /// Makes a value.
  ///
  /// - Parameter inputs: Other inputs, with the flags that name them.
  package init(overwrites: Bool, resume: String?, inputs: [(flag: String, path: String?)] = []) {
    self.overwrites = overwrites
    self.resume = resume
    self.inputs = ([("--resume", resume)] + inputs).compactMap { flag, path in path.map { (flag, $0) } }
  }

  /// Whether it resumes the run in `folder`, rather than starting at epoch 0 beside or over it.
  package func goesOn(in folder: String) -> Bool {
    guard let resume else { return false }
    return resume == "auto" || Folders.isFolder(resume) && Self.lies(resume, in: folder)
  }

  /// Whether there is anything to resume: `auto` starts a new run if no checkpoint is left.
  package func finds(runIn folder: String) -> Bool {
    goesOn(in: folder) && (resume != "auto" || !CheckpointStore(ofRunIn: folder).names.isEmpty)
  }

  /// Throws if the run would remove its initial weights, or overwrite its inputs.
  func check(in folder: String) throws(OutputError) {
    if let (flag, teacher) = inputs.first(where: { $0.flag == "--teacher" }), Self.lies(teacher, in: folder) {
      throw OutputError(
        "\(flag) \(teacher): the run would write its own weights over the teacher's. Choose another --output-dir.",
        exitStatus: .usage)
    }
    guard overwrites else { return }
    if resume == "auto" {
      throw OutputError(
        "--overwrite begins anew and --resume auto goes on: give one of them", exitStatus: .usage)
    }
    guard let input = inputs.first(where: { Self.lies($0.path, in: folder) }) else { return }
    throw OutputError(
      "--overwrite would remove \(input.path), which \(input.flag) starts from. "
        + "Copy it out of \(folder) first, or choose another --output-dir.", exitStatus: .usage)
  }

  /// Whether a path is or lies in a folder, with links resolved.
  private static func lies(_ path: String, in folder: String) -> Bool {
    guard let path = resolved(path), let folder = resolved(folder) else { return false }
    return path == folder || path.hasPrefix(folder + "/")
  }

  private static func resolved(_ path: String) -> String? {
    guard let whole = realpath(path, nil) else { return nil }
    defer { free(whole) }
    return String(cString: whole)
  }
}
