/// What a step's network asks of every worker.
public struct StepWork: Equatable, Sendable {
  /// Seconds of the forward and the backward pass of a worker, as long on every host.
  public var computeSeconds: Double
  /// By how much a host is late in a step, on average; lateness is distributed exponentially.
  public var meanLateness: Double
  /// Bytes of the gradients.
  public var gradientBytes: Int
  /// Bytes that are summed at once.
  public var bucketBytes: Int

  /// Names all of it.
  public init(computeSeconds: Double, meanLateness: Double, gradientBytes: Int, bucketBytes: Int) {
    self.computeSeconds = computeSeconds
    self.meanLateness = meanLateness
    self.gradientBytes = gradientBytes
    self.bucketBytes = bucketBytes
  }

  /// The part of a step's arithmetic that comes before the first gradient: backward takes twice as much as forward.
  static let forwardShare = 1.0 / 3

  /// Bytes of each bucket, in the order in which backward makes them whole.
  var buckets: [Int] {
    stride(from: 0, to: gradientBytes, by: bucketBytes).map { min(bucketBytes, gradientBytes - $0) }
  }
}

/// How long a step takes on a cluster, and why.
public struct StepForecast: Equatable, Sendable {
  /// What a worker by itself takes.
  public let computeSeconds: Double
  /// Until the slowest host has computed as well.
  public let lateSeconds: Double
  /// Sums of gradients that are not over when backward is.
  public let sumSeconds: Double
  /// Until all ranks know what each reports.
  public let reportSeconds: Double
  /// Until all ranks have the new weights.
  public let weightSeconds: Double

  /// The whole step.
  public var seconds: Double { computeSeconds + lateSeconds + sumSeconds + reportSeconds + weightSeconds }
  /// What is left of the speed of hosts that need not wait for one another.
  public var efficiency: Double { computeSeconds / seconds }

  /// What costs most beside the arithmetic, in a few words; nil where nothing costs anything.
  public var greatestCost: String? {
    let costs = [
      ("slowest host", lateSeconds), ("sums", sumSeconds), ("reports", reportSeconds),
      ("weights", weightSeconds),
    ]
    return costs.max { $0.1 < $1.1 }.flatMap { $0.1 > 0 ? $0.0 : nil }
  }

  /// Plays a step bucket by bucket: one that is whole waits until the sums before it are done, as on the thread that sums.
  ///
  /// The slowest host's lateness is a closed form: of H that are exponentially distributed the greatest is, on average, 1 + 1/2
  /// + … + 1/H times their mean. It shifts all that comes after it and changes nothing else.
  public init(_ work: StepWork, on cluster: Cluster) {
    computeSeconds = work.computeSeconds
    lateSeconds =
      cluster.hosts > 1 ? work.meanLateness * (1...cluster.hosts).reduce(0) { $0 + 1 / Double($1) } : 0
    let forward = StepWork.forwardShare * work.computeSeconds
    let backward = work.computeSeconds - forward
    var (done, bytes) = (0.0, 0)
    for bucket in work.buckets {
      bytes += bucket
      let whole = forward + backward * Double(bytes) / Double(work.gradientBytes)
      done = max(done, whole) + cluster.halfSeconds(bytes: bucket)
    }
    sumSeconds = max(0, done - work.computeSeconds)
    reportSeconds = cluster.reportSeconds()
    weightSeconds = cluster.halfSeconds(bytes: work.gradientBytes)
  }
}
