/// A figure of a run, as Prometheus knows it.
package enum RunFigure: String {
  case epoch
  case epochs
  case epochProgress = "epoch_progress_ratio"
  case updates = "updates_total"
  case loss
  case learningRate = "learning_rate"
  case gradientNorm = "gradient_norm"
  case imagesPerSecond = "images_per_second"
  case stepSeconds = "step_seconds"
  case dataSeconds = "data_seconds"
  case exposedSeconds = "exchange_exposed_seconds"
  case finishedEpochs = "finished_epochs"
  case accuracy1 = "eval_acc1_percent"
  case accuracy5 = "eval_acc5_percent"
  case evaluationLoss = "eval_loss"
  case balancedAccuracy = "eval_balanced_acc_percent"
  case bestAccuracy1 = "eval_best_acc1_percent"
  case averageAccuracy1 = "eval_ema_acc1_percent"
  case averageAccuracy5 = "eval_ema_acc5_percent"
  case averageEvaluationLoss = "eval_ema_loss"
  case averageBalancedAccuracy = "eval_ema_balanced_acc_percent"
  case averageBestAccuracy1 = "eval_ema_best_acc1_percent"
  case lastHeard = "last_heard_timestamp_seconds"

  fileprivate var help: String {
    switch self {
    case .epoch: "Epoch that the run is in, counted from 0."
    case .epochs: "Epochs that the run is to have."
    case .epochProgress: "How far the epoch is."
    case .updates: "Updates of the weights so far."
    case .loss: "Mean loss of the last step over all ranks."
    case .learningRate: "Rate of the last update."
    case .gradientNorm: "L2 norm of the last gradient, before clipping."
    case .imagesPerSecond: "Training images a second of all ranks."
    case .stepSeconds: "What the last step took on rank 0."
    case .dataSeconds: "For how long rank 0 waited for the images of the last step."
    case .exposedSeconds: "For how long rank 0 waited for other ranks in the last step."
    case .finishedEpochs: "Epochs that are done."
    case .accuracy1: "Acc@1 after the last epoch."
    case .accuracy5: "Acc@5 after the last epoch."
    case .evaluationLoss: "Mean loss of the held-out images after the last epoch."
    case .balancedAccuracy: "Mean recall of the classes after the last epoch."
    case .bestAccuracy1: "Best Acc@1 of all epochs."
    case .averageAccuracy1: "Acc@1 after the last epoch, by the averaged weights."
    case .averageAccuracy5: "Acc@5 after the last epoch, by the averaged weights."
    case .averageEvaluationLoss:
      "Mean loss of the held-out images after the last epoch, by the averaged weights."
    case .averageBalancedAccuracy: "Mean recall of the classes after the last epoch, by the averaged weights."
    case .averageBestAccuracy1: "Best Acc@1 of all epochs, by the averaged weights."
    case .lastHeard: "When the run wrote this, in seconds since 1970."
    }
  }
}

/// A figure and its value, in Prometheus's text format, version 0.0.4.
package struct PrometheusMetric: Equatable {
  package let figure: RunFigure
  package let value: Double

  package init(_ figure: RunFigure, _ value: Double) { (self.figure, self.value) = (figure, value) }

  /// What it means, of what kind it is, and its value for a run.
  package func text(run: String) -> String {
    // A counter only grows.
    Self.text(
      figure.rawValue, figure.help, isCounter: figure == .updates, values: [(["run": run], value)])
  }

  /// A figure of any name, with a value for each set of labels.
  package static func text(
    _ name: String, _ help: String, isCounter: Bool = false,
    values: [(labels: KeyValuePairs<String, String>, value: Double)]
  ) -> String {
    let start = "# HELP twins_\(name) \(help)\n# TYPE twins_\(name) \(isCounter ? "counter" : "gauge")\n"
    return values.reduce(into: start) { text, row in
      let labels = row.labels.map { "\($0)=\"\(escaped($1))\"" }.joined(separator: ",")
      text += "twins_\(name){\(labels)} \(number(row.value))\n"
    }
  }

  private static func escaped(_ label: String) -> String {
    label.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }

  private static func number(_ value: Double) -> String {
    value.isNaN ? "NaN" : value.isInfinite ? (value > 0 ? "+Inf" : "-Inf") : "\(value)"
  }
}
