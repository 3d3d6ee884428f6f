import Foundation
import System
import SystemPackage
import TensorBoard
import Training
import WorkerLink

/// The folder of a run's event files; each attempt writes one.
///
/// TensorBoard reads them in the order of their names as one run, and a subfolder as another run.
struct EventFiles {
  let folder: String

  private static let start = RunLayout.eventFile

  /// The files' names, in order.
  private var names: [String] {
    Folders.names(in: folder).filter { $0.hasPrefix(Self.start) }.sorted()
  }

  /// Whether a run has left any.
  var areThere: Bool { !names.isEmpty }

  /// Opens the next file with its first record.
  ///
  /// Its name has seconds since 1970, as TensorBoard's own files, and a number, so that it sorts last
  /// whatever the clock says.
  func open(at time: Double) throws(SystemError) -> GrowingFile {
    guard Folders.make(folder) else { throw SystemError("make", FilePath(folder)) }
    let names = names
    let last = names.last.flatMap { Int($0.dropFirst(Self.start.count).prefix { $0 != "." }) } ?? 0
    let name = String(format: "%@%010d.%05d", Self.start, max(last, Int(time)), names.count)
    let file = try GrowingFile(addingTo: "\(folder)/\(name)")
    file.add(Event.beginning(at: time).record)
    return file
  }

  /// Removes what an earlier attempt wrote after a state's place, and incomplete records left by a crash.
  func trim(to state: TrainingState) throws(SystemError) {
    var isOver = false
    for path in names.map({ "\(folder)/\($0)" }) {
      let bytes = try RegularFile.contents(of: FilePath(path))
      let kept = isOver ? 0 : EventPlace.length(of: bytes) { $0.isKept(at: state) }
      guard kept < bytes.count else { continue }
      isOver = true
      guard truncate(path, off_t(kept)) == 0 else { throw SystemError("cut", FilePath(path)) }
    }
  }

  /// Moves the files to a folder of their own, which TensorBoard shows as another run.
  func setAside() throws(SystemError) {
    let names = names
    guard !names.isEmpty else { return }
    var number = 1
    while access("\(folder)/\(RunLayout.earlierEvents)\(number)", F_OK) == 0 { number += 1 }
    let place = "\(folder)/\(RunLayout.earlierEvents)\(number)"
    guard Folders.make(place) else { throw SystemError("make", FilePath(place)) }
    for name in names {
      guard rename("\(folder)/\(name)", "\(place)/\(name)") == 0 else {
        throw SystemError("move", FilePath("\(folder)/\(name)"))
      }
    }
  }
}

extension EventPlace {
  /// Whether the event belongs to the part of the run before a state.
  fileprivate func isKept(at state: TrainingState) -> Bool {
    guard tag == TensorBoardLog.epoch, let scalar else { return step <= state.steps }
    let finished = state.partial == nil ? state.epoch : state.epoch - 1
    return Double(scalar) < Double(finished + 1)  // damaged files may contain NaN
  }
}
