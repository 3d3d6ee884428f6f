import Drawing
import RunControl

/// A run's metrics for Prometheus: those of `--prometheus`, as far as the run's files and its launcher tell.
struct RunMetrics {
  private let reading: RunReading

  init(_ reading: RunReading) { self.reading = reading }

  var text: String {
    let run = reading.history.output ?? reading.history.launcher ?? ""
    return figures.compactMap { figure, value in value.map { PrometheusMetric(figure, $0).text(run: run) } }
      .joined()
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
