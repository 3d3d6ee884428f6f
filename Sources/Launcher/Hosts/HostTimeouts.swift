/// How long the launchers of a run's hosts wait for one another.
struct HostTimeouts: Equatable, Sendable {
  /// For all hosts to come at the start, and for host 0 to come back.
  var join = Duration.seconds(600)
  /// For a sign of life.
  var silence = Duration.seconds(10)
  /// For a lost host, or for another one in its place.
  var wait = Duration.seconds(300)

  /// The time between two signs of life.
  static let beat = Duration.seconds(1)
}
