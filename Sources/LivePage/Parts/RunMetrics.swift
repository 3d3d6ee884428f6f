import Drawing
import RunControl

/// A run's metrics for Prometheus: those of `--prometheus`, as far as the run's files and its launcher tell.
struct RunMetrics {
  private let reading: RunReading

  init(_ reading: RunReading) { self.reading = reading }

  var text: String {
    let run = reading.history.output ?? reading.history.launcher ?? ""
    return figures.compactMap { figure, value in value.map { PrometheusMetric(figure, $0).text(run: run) } }
      .joined() + cards(of: run)
  }

  /// What the ranks' cards say of themselves, as far as their drivers tell it: a line for each.
  private func cards(of run: String) -> String {
    func text(_ name: String, _ help: String, _ value: (CardReading) -> Double?) -> String {
      let values = (reading.status?.ranks ?? []).compactMap {
        rank -> (labels: KeyValuePairs<String, String>, value: Double)? in
        guard let value = rank.cardReading.flatMap(value) else { return nil }
        return (["run": run, "rank": "\(rank.rank)", "card": rank.card ?? ""], value)
      }
      return values.isEmpty ? "" : PrometheusMetric.text(name, help, values: values)
    }
    return [
      text("card_temperature_celsius", "Temperature of a rank's card.") { $0.celsius.map(Double.init) },
      text("card_power_watts", "What a rank's card takes.") { $0.watts },
      text("card_slowed", "1 where the clocks of a rank's card are below what they could be.") {
        $0.slowdowns.map { $0.isEmpty ? 0 : 1 }
      },
      text(
        "card_uncorrected_errors",
        "Errors of a card's memory that were not corrected, since its driver was loaded."
      ) { $0.memoryErrors.map(Double.init) },
      text("card_xids", "Kinds of faults that the driver has reported of a rank's card since the run began.")
      {
        Double($0.xids.count)
      },
    ].joined()
  }

  private var figures: [(RunFigure, Double?)] {
    let (history, status) = (reading.history, reading.status)
    let (step, epoch) = (history.steps.last, history.log.last)
    let progress = status?.step.flatMap { done in
      status?.stepsOfEpoch.map { Double(done) / Double(max(1, $0)) }
    }
    return [
      (.epoch, (status?.epoch ?? step?.epoch).map(Double.init)), (.epochs, history.epochs.map(Double.init)),
      (.epochProgress, progress), (.updates, history.updates.map(Double.init)),
      (.loss, status?.loss ?? history.loss), (.learningRate, step?.learningRate ?? epoch?.learningRate),
      (.gradientNorm, step?.gradientNorm),
      (.imagesPerSecond, status?.imagesPerSecond ?? step?.imagesPerSecond),
      (.stepSeconds, step?.stepSeconds), (.dataSeconds, step?.dataSeconds),
      (.exposedSeconds, step?.exposedSeconds),
      (.finishedEpochs, history.epochsDone.map(Double.init)), (.accuracy1, epoch?.accuracy1),
      (.accuracy5, epoch?.accuracy5), (.evaluationLoss, epoch?.testLoss),
      (.balancedAccuracy, epoch?.balancedAccuracy), (.bestAccuracy1, history.best?.accuracy),
      (.averageAccuracy1, epoch?.averageAccuracy1), (.averageAccuracy5, epoch?.averageAccuracy5),
      (.averageEvaluationLoss, epoch?.averageTestLoss),
      (.averageBalancedAccuracy, epoch?.averageBalancedAccuracy),
      (.averageBestAccuracy1, history.bestAverage?.accuracy),
      (.lastHeard, history.written),
    ]
  }
}
