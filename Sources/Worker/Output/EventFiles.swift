import Foundation
import System
import SystemPackage
import TensorBoard
import Training
import WorkerLink

/// The folder of a run's event files, of which each attempt writes one.
///
/// TensorBoard reads them in the order of their names and shows them as one run. A folder in it is another run to it.
struct EventFiles {
  let folder: String

  private static let start = RunLayout.eventFile

  /// The files in order, by name.
  private var names: [String] {
    Folders.names(in: folder).filter { $0.hasPrefix(Self.start) }.sorted()
  }

  /// Whether a run has left some.
  var areThere: Bool { !names.isEmpty }

  /// Opens the next file, with its first record in it.
  ///
  /// It is named by seconds since 1970, as TensorBoard has it, and by a number, so that it comes last whatever the clock does.
  func open(at time: Double) throws(SystemError) -> GrowingFile {
    guard Folders.make(folder) else { throw SystemError("make", FilePath(folder)) }
    let names = names
    let last = names.last.flatMap { Int($0.dropFirst(Self.start.count).prefix { $0 != "." }) } ?? 0
    let name = String(format: "%@%010d.%05d", Self.start, max(last, Int(time)), names.count)
    let file = try GrowingFile(addingTo: "\(folder)/\(name)")
    file.add(Event.beginning(at: time).record)
    return file
  }

  /// Cuts off what an earlier attempt wrote after the place of a state, and what a crash tore.
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

  /// Moves the files into a folder of their own, where TensorBoard shows them as another run.
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
  /// Whether a run that goes on from a state has it behind it.
  fileprivate func isKept(at state: TrainingState) -> Bool {
    guard tag == TensorBoardLog.epoch, let scalar else { return step <= state.steps }
    let finished = state.partial == nil ? state.epoch : state.epoch - 1
    return Double(scalar) < Double(finished + 1)  // of a damaged file it may be no number
  }
}
