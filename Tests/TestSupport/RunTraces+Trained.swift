import Checkpoint
package import RunControl
import System

extension RunTraces {
  /// A run of three steps of ten updates; the launcher began at 1000 and ended at 1100.
  package static func trained(epochs: Int, of all: Int, ending status: Int? = 0) -> RunTraces {
    var traces = RunTraces(output: "out", launcher: "out/run")
    traces.recipe = Array(
      """
      {"model": {"name": "alt_gvt_nano"}, "schedule": {"epochs": \(all), "rate": 0.0005}, "worldSize": 2,
       "data": {"path": "digits"}}
      """.utf8)
    traces.log = log(epochs: epochs)
    traces.steps = StepLines(Array(steps(epochs: min(epochs, 100)).utf8))
    traces.journal = Array(journal(ending: status).utf8)
    traces.checkpoint = CheckpointName(epoch: epochs - 1)
    traces.weights = ["best.safetensors": nil, "last.safetensors": nil]
    traces.written = 1050
    traces.record = LaunchRecord(arguments: [], output: "/home/ann/out", workers: 2)
    traces.record?.directory = "/home/ann"
    return traces
  }

  package static func log(epochs: Int) -> [UInt8] {
    Array(
      (0..<epochs).map { epoch in
        """
        {"train_lr": 1e-06, "train_loss": \(2.5 - 0.1 * Double(epoch)), "test_loss": 2.3, \
        "test_acc1": \(epoch == 1 ? 20.0 : 10.0), "test_acc5": 46.2, "epoch": \(epoch), "n_parameters": 1757450}

        """
      }.joined().utf8)
  }

  package static func steps(epochs: Int) -> String {
    (0..<epochs).map { epoch in
      (1...10).map { step in
        #"{"epoch": \#(epoch), "step": \#(epoch * 10 + step), "epoch_step": \#(step), "loss": 2.5, "lr": 1e-06}"#
          + "\n"
      }.joined()
    }.joined()
  }

  package static func journal(ending status: Int?, earlier: Int? = nil) -> String {
    #"{"began":1000,"host":"here","launcher":7,"run":"r1","workers":2"#
      + (earlier.map { ",\"earlier_line\":\($0)" } ?? "") + "}\n"
      + (status.map { "{\"ended\":1100,\"status\":\($0)}\n" } ?? "")
  }
}

extension StepLines {
  package init(_ bytes: [UInt8]) {
    self.init(size: bytes.count) { offset, count in Array(bytes[offset...].prefix(count)) }
  }
}
