import Testing

@testable import Checkpoint

@Suite struct CheckpointNameTests {
  @Test func `an epoch's end comes after its steps`() {
    let names = [
      CheckpointName(epoch: 0, step: 1), CheckpointName(epoch: 0, step: 10), CheckpointName(epoch: 0),
      CheckpointName(epoch: 1, step: 0), CheckpointName(epoch: 1), CheckpointName(epoch: 10),
    ]
    #expect(names.reversed().sorted() == names)
  }

  @Test(arguments: [
    ("epoch-0007", 7, nil), ("epoch-7", 7, nil), ("epoch-12345", 12345, nil),
    ("epoch-0007-step-000123", 7, 123), ("epoch-0-step-1234567", 0, 1_234_567),
  ])
  func `reads what it writes`(text: String, epoch: Int, step: Int?) {
    let name = CheckpointName(epoch: epoch, step: step)
    #expect(CheckpointName(text) == name)
    #expect(CheckpointName("\(name)") == name)
  }

  @Test func `looks like this`() {
    #expect("\(CheckpointName(epoch: 7))" == "epoch-0007")
    #expect("\(CheckpointName(epoch: 12345, step: 67))" == "epoch-12345-step-000067")
  }

  @Test(arguments: [
    "", "epoch-", "epoch", "7", "epoch--7", "epoch-+7", "epoch-7-step", "epoch-7-step-", "epoch-7-stop-1",
    "epoch-7-step-1-2", "epoch-0007.earlier", "epoch-99999999999999999999", "best",
  ])
  func `knows no other name`(text: String) {
    #expect(CheckpointName(text) == nil)
  }
}
