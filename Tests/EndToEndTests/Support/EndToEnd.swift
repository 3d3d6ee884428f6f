import Testing

/// Whole runs of the built programs: real processes, sockets, images and libtorch.
///
/// One after another, because each is several processes; but beside `Trainings`, since half of a run is waiting.
@Suite(.serialized, .thread("EndToEnd")) enum EndToEnd {}

/// Those of them that are about what is trained, in `Training`.
@Suite(.serialized, .thread("Trainings")) enum Trainings {}

/// How the program should end: the documented statuses, written out so that a change of one is seen here.
enum Status {
  static let done: Int32 = 0
  static let usage: Int32 = 64
  static let badData: Int32 = 65
  static let missingInput: Int32 = 66
  static let noDevice: Int32 = 69
  static let software: Int32 = 70
  static let inputOutput: Int32 = 74
  static let stoppedEarly: Int32 = 75
  static let badConfiguration: Int32 = 78
  static let diverged: Int32 = 79
}
