/// The work of a training step on every worker.
public struct StepWork: Equatable, Sendable {
  /// Seconds of a worker's forward and backward pass, equal on every host.
  public var computeSeconds: Double
  /// The mean delay of a host in a step, in seconds; delays are exponentially distributed.
  public var meanLateness: Double
  /// The size of the gradients, in bytes.
  public var gradientBytes: Int
  /// The size of a bucket, in bytes.
  public var bucketBytes: Int

  /// Makes a value.
  public init(computeSeconds: Double, meanLateness: Double, gradientBytes: Int, bucketBytes: Int) {
    self.computeSeconds = computeSeconds
    self.meanLateness = meanLateness
    self.gradientBytes = gradientBytes
    self.bucketBytes = bucketBytes
  }

  /// The fraction of a step's computation before the first gradient: backward takes twice as long as forward.
  static let forwardShare = 1.0 / 3

  /// The bytes of each bucket, in the order in which backward completes them.
  var buckets: [Int] {
    stride(from: 0, to: gradientBytes, by: bucketBytes).map { min(bucketBytes, gradientBytes - $0) }
  }
}

/// A forecast of a step's duration on a cluster, and what it consists of.
public struct StepForecast: Equatable, Sendable {
  /// The time of a worker alone.
  public let computeSeconds: Double
  /// The wait for the slowest host to finish computing.
  public let lateSeconds: Double
  /// The time of gradient sums that are not finished when backward is.
  public let sumSeconds: Double
  /// The time until all ranks know each other's reports.
  public let reportSeconds: Double
  /// The time until all ranks have the new weights.
  public let weightSeconds: Double

  /// The duration of the step.
  public var seconds: Double { computeSeconds + lateSeconds + sumSeconds + reportSeconds + weightSeconds }
  /// The speed relative to hosts that need not wait for each other.
  public var efficiency: Double { computeSeconds / seconds }

  /// The largest cost besides computation, in a few words; nil if there is none.
  public var greatestCost: String? {
    let costs = [
      ("slowest host", lateSeconds), ("sums", sumSeconds), ("reports", reportSeconds),
      ("weights", weightSeconds),
    ]
    return costs.max { $0.1 < $1.1 }.flatMap { $0.1 > 0 ? $0.0 : nil }
  }

  /// Simulates a step bucket by bucket: a complete bucket waits until the sums before it are done, as on the
  /// communication thread.
  ///
  /// The slowest host's delay is a closed form: the greatest of H exponentially distributed delays is, on
  /// average, 1 + 1/2 + … + 1/H times their mean. It shifts everything after it and changes nothing else.
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
    // Weights travel unrounded.
    var whole = cluster
    whole.wireShare = 1
    weightSeconds = whole.halfSeconds(bytes: work.gradientBytes)
  }
}
