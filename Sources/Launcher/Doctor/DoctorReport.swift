import Drawing
import Flags
import System

/// The machine's facts and findings, as text and as JSON.
struct DoctorReport {
  let facts: MachineFacts
  let diagnosis: Diagnosis

  /// The report as lines of text.
  var lines: [String] {
    columns(told.map { [$0.name, $0.text] }) + findings
      + [
        "", diagnosis.findings.isEmpty ? "nothing here will fail or be slow, as far as can be told" : verdict,
      ]
  }

  /// The facts and findings as a JSON document.
  var document: Document {
    Document(
      facts: Dictionary(uniqueKeysWithValues: told.map { ($0.name, $0.text) }), findings: diagnosis.findings)
  }

  struct Document: Encodable {
    let facts: [String: String]
    let findings: [Diagnosis.Finding]
  }

  private var verdict: String {
    let counts = [
      (Diagnosis.Severity.fails, "thing will fail", "things will fail"),
      (.slow, "thing will be slow", "things will be slow"),
      (.note, "thing to know", "things to know"),
    ].map { severity, one, many in
      let count = diagnosis.findings.count { $0.severity == severity }
      return count == 0 ? nil : "\(count) \(count == 1 ? one : many)"
    }
    return counts.compactMap(\.self).joined(separator: ", ")
  }

  private var findings: [String] {
    diagnosis.findings.flatMap { finding in
      [
        "", "\(finding.severity.rawValue): \(finding.what)", "  why   \(finding.why)",
        "  mend  \(finding.mend)",
      ]
    }
  }

  /// The known facts in the order of the report.
  private var told: [(name: String, text: String)] {
    let all: [(String, String?)] = [
      ("program", "twins-launch \(programVersion), worker \(masked(facts.worker))"), ("libtorch", libtorch),
      ("processor", processor), ("kernels", kernels), ("cards", cards), ("memory", memory),
      ("limits", limits),
      ("disk", disk), ("clock", clock),
      (
        "locale",
        ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { facts.environment[$0] }.first { !$0.isEmpty }.map {
          masked($0)
        } ?? "none"
      ),
    ]
    return all.compactMap { name, text in text.map { (name: name, text: $0) } }
  }

  private var libtorch: String? {
    facts.runtime.map {
      "\($0.libtorch) for \($0.builtForCuda ? "CUDA" : "the CPU alone"), \(masked($0.libtorchPath))"
    }
  }

  private var processor: String {
    let processor = facts.processor
    let count =
      processor.usable < processor.all
      ? "\(processor.usable) of \(processor.all) processors, by the control group's quota"
      : counted(processor.all, "processor")
    return [processor.name.map { masked($0) }, count, processor.load.map { "load \(decimal($0, 1))" }]
      .compactMap(\.self).joined(separator: ", ")
      + (processor.instructions.isEmpty ? "" : "; \(processor.instructions.joined(separator: " "))")
  }

  private var kernels: String? {
    facts.runtime.map { runtime in
      (runtime.kernels ?? "none of ours") + (runtime.bfloat16Products.map { "; bfloat16 by \($0)" } ?? "")
        + "; libtorch's for \(runtime.instructionSet)"
    }
  }

  private var cards: String {
    let there = facts.cards.map { cards in
      "\(cards.present) of \(cards.maker.rawValue)"
        + (cards.count < cards.present ? ", of which \(cards.maker.variable) leaves \(cards.count)" : "")
    }
    let seen = facts.runtime.map { "libtorch sees \($0.cuda + $0.npu)" }
    let parts =
      there + facts.drivers.map { masked($0) }
      + (there.isEmpty && facts.runtime.map { $0.cuda + $0.npu == 0 } ?? true
        ? [] : [seen].compactMap(\.self))
    return parts.isEmpty ? "none" : parts.joined(separator: "; ")
  }

  private var memory: String? {
    let memory = facts.memory
    let parts = [
      memory.total.map { size($0) }, memory.available.map { "\(size($0)) available" },
      memory.limit.map { "the control group allows \(size($0))" },
      memory.sharedSize.map { total in
        "/dev/shm \(size(total))\(memory.sharedFree.map { ", \(size($0)) free" } ?? "")"
      },
    ].compactMap(\.self)
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }

  private var limits: String {
    func text(_ value: Int?) -> String { value.map { "\($0)" } ?? "no limit" }
    return "descriptors \(text(facts.limits.descriptors)), at most \(text(facts.mostDescriptors)); threads "
      + "\(text([facts.limits.threads, facts.limits.tasks].compactMap(\.self).min())); address space "
      + (facts.limits.addressSpace.map { size($0) } ?? "no limit")
  }

  private var disk: String? {
    facts.disk.map { disk in
      [
        "\(masked(disk.folder))\(disk.kind.map { " on \($0)" } ?? "")",
        disk.space.map { "\(size($0.free)) free" },
        disk.syncSeconds.map { "fsync \(decimal($0 * 1000, 1)) ms" },
        disk.speed.map { "\(decimal($0 / 1e6, 0)) MB/s" },
        disk.isDirect.map { $0 ? "direct reads" : "no direct reads" },
      ].compactMap(\.self).joined(separator: ", ")
    }
  }

  private var clock: String {
    localTime(facts.now) + (facts.clockSource.map { ", from \($0)" } ?? "")
  }
}
