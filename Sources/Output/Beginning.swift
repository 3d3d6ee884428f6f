import Checkpoint
import Glibc
import Recipe
import System

/// How a run means to begin in its output folder.
package struct Beginning {
  /// Whether what an earlier run left there is to go.
  package let overwrites: Bool
  /// What it goes on from: a path, or `auto` for the newest checkpoint of the folder itself.
  private let resume: String?
  /// The files and folders that it starts from, by the flags that name them.
  private let inputs: [(flag: String, path: String)]

  /// - Parameter inputs: What else it reads, by the flags that name it.
  package init(overwrites: Bool, resume: String?, inputs: [(flag: String, path: String?)] = []) {
    self.overwrites = overwrites
    self.resume = resume
    self.inputs = ([("--resume", resume)] + inputs).compactMap { flag, path in path.map { (flag, $0) } }
  }

  /// Whether it goes on with the run in `folder`, rather than beginning epoch 0 beside or over it.
  package func goesOn(in folder: String) -> Bool {
    guard let resume else { return false }
    return resume == "auto" || Folders.isFolder(resume) && Self.lies(resume, in: folder)
  }

  /// Whether there is something to go on from: `auto` begins another run where no checkpoint is left.
  package func finds(runIn folder: String) -> Bool {
    goesOn(in: folder) && (resume != "auto" || !CheckpointStore(ofRunIn: folder).names.isEmpty)
  }

  /// Throws where the run would remove what it starts from, or write over what it learns from.
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

  /// Whether a path leads into a folder or is the folder itself, whichever links lead there.
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
