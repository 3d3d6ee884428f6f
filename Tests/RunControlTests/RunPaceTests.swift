import Testing
import WorkerLink

@testable import Drawing
@testable import RunControl

@Suite struct RunPaceTests {
  private func status(_ epoch: Int?, _ step: Int, of steps: Int = 100, epochs: Int? = 4) -> WorkerStatus {
    var status = WorkerStatus()
    (status.epoch, status.step, status.stepsOfEpoch, status.epochs) = (epoch, step, steps, epochs)
    return status
  }

  /// What is left after these places, each with the second in which it was seen.
  private func rest(_ looks: [(WorkerStatus, Double)]) -> (epoch: RunPace.Rest?, run: RunPace.Rest?) {
    var pace = RunPace()
    for (status, second) in looks { pace.look(status, at: .seconds(second)) }
    return (
      pace.restOfEpoch(looks.last?.0 ?? WorkerStatus()), pace.restOfRun(looks.last?.0 ?? WorkerStatus())
    )
  }

  @Test func `nothing is known before two steps are seen`() {
    let cases: [[(WorkerStatus, Double)]] = [
      [(status(nil, 0), 0)], [(status(0, 0), 0), (status(0, 0), 9)], [(status(0, 5), 3)],
    ]
    for looks in cases {
      let found = rest(looks)
      #expect(found.epoch == nil && found.run == nil)
    }
  }

  @Test func `the rest of an epoch goes on at the pace of its steps`() {
    let found = rest([(status(0, 0), 0), (status(0, 10), 20)])
    #expect(found.epoch == .init(time: .seconds(180)))
  }

  @Test func `what evaluating takes is not known in the first epoch, and counted in later ones`() {
    var looks = [(status(0, 0), 0.0), (status(0, 100), 100)]
    #expect(rest(looks).run == .init(time: .seconds(300), isLeast: true))
    looks += [(status(1, 0), 130), (status(1, 50), 180)]
    // Half an epoch, two more, and three pauses of thirty seconds.
    #expect(rest(looks).run == .init(time: .seconds(50 + 200 + 90)))
  }

  @Test func `the pace is that of the last minute`() {
    let slow = (0...10).map { (status(0, $0), Double($0) * 10) }
    let quick = (1...70).map { (status(0, 10 + $0), 100 + Double($0)) }
    #expect(rest(slow + quick).epoch == .init(time: .seconds(20)))
  }

  @Test func `an attempt that goes on from further back has a pace of its own`() {
    let looks = [(status(0, 0), 0.0), (status(0, 50), 100), (status(0, 40), 200), (status(0, 50), 210)]
    #expect(rest(looks).epoch == .init(time: .seconds(50)))
  }

  @Test func `how long a run takes is unknown where its epochs are`() {
    let found = rest([(status(0, 0, epochs: nil), 0), (status(0, 10, epochs: nil), 20)])
    #expect(found.epoch != nil && found.run == nil)
  }
}
