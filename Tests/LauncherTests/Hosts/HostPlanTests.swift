import Recipe
import Testing

@testable import Launcher
@testable import RunControl

@Suite struct HostPlanTests {
  private func plan(
    _ environment: [String: String] = [:], nnodes: Int? = nil, rank: Int? = nil, endpoint: String? = nil
  ) throws(LaunchError) -> HostPlan? {
    let flags = HostClues(
      hosts: nnodes.map { .init(value: $0, source: "--nnodes") },
      host: rank.map { .init(value: $0, source: "--node-rank") },
      meeting: endpoint.flatMap { MeetingPoint($0) }.map { .init(value: $0, source: "--rdzv-endpoint") })
    return try HostPlan.found(flags: flags, environment: environment)
  }

  private static let slurm = [
    "SLURM_STEP_NUM_NODES": "2", "SLURM_STEP_NUM_TASKS": "2", "SLURM_NODEID": "1", "SLURM_JOB_ID": "70123",
    "SLURM_STEP_NODELIST": "gpu[07-08]", "SLURM_LAUNCH_NODE_IPADDR": "10.0.0.9", "SLURM_NNODES": "2",
  ]
  private static let openMPI = [
    "OMPI_COMM_WORLD_SIZE": "3", "OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_LOCAL_SIZE": "1",
  ]
  private static let job = ["JOB_COMPLETION_INDEX": "1"]

  @Test func `flags alone say all`() throws {
    let plan = try #require(try plan(nnodes: 4, rank: 2, endpoint: "node0:5000"))
    #expect(
      plan
        == HostPlan(
          hosts: 4, host: 2, meeting: MeetingPoint(host: "node0", port: 5000), source: "--node-rank"))
    #expect(plan.line == "host 2 of 4, by --node-rank; host 0 is met at node0:5000")
  }

  @Test func `fewer hosts may be enough, by a flag or torchrun's range`() throws {
    #expect(HostCount("4").map { [$0.least, $0.most] } == [nil, 4])
    #expect(HostCount("2:4").map { [$0.least, $0.most] } == [2, 4])
    #expect(["0", "4:2", "0:2", "a", "", ":", "2:", ":2", "1:2:3"].allSatisfy { HostCount($0) == nil })
    let environment = ["PET_NNODES": "2:4", "PET_NODE_RANK": "1", "PET_RDZV_ENDPOINT": "a:7"]
    let plan = try #require(try plan(environment))
    #expect((plan.hosts, plan.least, plan.host) == (4, 2, 1))
    #expect(plan.line.hasSuffix("; 2 are enough to go on"))
    let flags = HostClues(least: .init(value: 3, source: "--min-nnodes"))
    #expect(throws: LaunchError.self) { try HostPlan.found(flags: flags, environment: environment) }
    #expect(throws: LaunchError.self) { try HostPlan.found(flags: flags, environment: [:]) }
    let more = HostClues(least: .init(value: 3, source: "--min-nnodes"))
    #expect(throws: LaunchError.self) {
      try HostPlan.found(
        flags: more,
        environment: ["PET_NNODES": "2", "PET_NODE_RANK": "1", "PET_RDZV_ENDPOINT": "a:7"])
    }
  }

  @Test(arguments: [
    [:], ["PET_NNODES": "1", "PET_NODE_RANK": "0"],
    // A batch script, and a worker of torchrun or of ours, are no hosts of a run.
    ["SLURM_NNODES": "4", "SLURM_NODEID": "0"],
    ["SLURM_STEP_NUM_NODES": "1", "SLURM_NODEID": "0", "SLURM_STEP_NODELIST": "a"],
    ["RANK": "3", "WORLD_SIZE": "8", "LOCAL_RANK": "3", "MASTER_ADDR": "a", "MASTER_PORT": "1"],
    ["WORLD_SIZE": "4", "RANK": "1"], ["MASTER_ADDR": "a", "MASTER_PORT": "1"],
    ["OMPI_COMM_WORLD_SIZE": "1", "OMPI_COMM_WORLD_RANK": "0"], job,
  ])
  func `an environment that names no hosts leaves one`(environment: [String: String]) throws {
    #expect(try plan(environment) == nil)
  }

  @Test(arguments: [
    (
      ["PET_NNODES": "2", "PET_NODE_RANK": "1", "PET_RDZV_ENDPOINT": "a:7", "RANK": "0"], 2, 1, "a:7",
      "PET_NODE_RANK"
    ),
    (
      ["PET_NNODES": "2:2", "GROUP_RANK": "1", "PET_MASTER_ADDR": "a", "PET_MASTER_PORT": "8"], 2, 1, "a:8",
      "GROUP_RANK"
    ),
    (["PET_NNODES": "3", "RANK": "2", "MASTER_ADDR": "fd00::1"], 3, 2, "[fd00::1]:29400", "RANK"),
    (slurm, 2, 1, "gpu07:20123", "SLURM_NODEID"),
    (openMPI.merging(["MASTER_ADDR": "a"]) { $1 }, 3, 2, "a:29400", "OMPI_COMM_WORLD_RANK"),
    // Slurm's variables under mpirun tell of the hosts that mpirun itself is not on.
    (
      slurm.merging(openMPI) { $1 }.merging(["MASTER_ADDR": "a"]) { $1 }, 3, 2, "a:29400",
      "OMPI_COMM_WORLD_RANK"
    ),
    (["RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "5"], 2, 1, "a:5", "RANK"),
    (
      job.merging(["PET_NNODES": "2", "PET_RDZV_ENDPOINT": "j-0.s:7"]) { $1 }, 2, 1, "j-0.s:7",
      "JOB_COMPLETION_INDEX"
    ),
  ])
  func `what starts the launchers says the same`(
    environment: [String: String], hosts: Int, host: Int, meeting: String, source: String
  ) throws {
    let plan = try #require(try plan(environment))
    #expect(plan.hosts == hosts && plan.host == host && plan.source == source)
    #expect(plan.meeting.description == meeting)
  }

  @Test func `flags say what the environment leaves out`() throws {
    #expect(try plan(Self.job, nnodes: 2, endpoint: "j-0.s")?.host == 1)
    #expect(try plan(Self.openMPI, endpoint: "a:1")?.meeting == MeetingPoint(host: "a", port: 1))
    // Where Slurm's first host is met is our guess, and gives way.
    #expect(try plan(Self.slurm, endpoint: "a:1")?.meeting == MeetingPoint(host: "a", port: 1))
  }

  @Test(
    arguments: [
      ([:], 2, nil, "a", "nothing says which of them this one is"),
      ([:], 2, 2, "a", "--node-rank 2, but with --nnodes 2 hosts are numbered from 0 to 1"),
      ([:], 2, 1, nil, "nothing says where they meet"),
      ([:], nil, 1, nil, "--node-rank 1 is of use with several hosts only"),
      ([:], nil, nil, "a", "--rdzv-endpoint a:29400 is of use with several hosts only"),
      ([:], 1, 1, nil, "--node-rank 1, but the run has one host"),
      ([:], 5000, 1, "a", "--nnodes 5000 is more than 4096"),
      (slurm, 4, nil, nil, "--nnodes 4, but SLURM_STEP_NUM_NODES=2 in the environment"),
      (slurm, nil, 0, nil, "--node-rank 0, but SLURM_NODEID=1"),
      (
        ["PET_NNODES": "2", "PET_NODE_RANK": "0", "PET_RDZV_ENDPOINT": "b:1"], nil, nil, "a:1",
        "PET_RDZV_ENDPOINT=b:1"
      ),
      (["PET_NNODES": "4:1"], nil, nil, nil, "PET_NNODES='4:1' is no number"),
      (["PET_NNODES": "2", "PET_NODE_RANK": "x"], nil, nil, nil, "PET_NODE_RANK='x' is no number"),
      (
        ["PET_NNODES": "2", "RANK": "0", "PET_RDZV_ENDPOINT": "a:b"], nil, nil, nil, "PET_RDZV_ENDPOINT='a:b'"
      ),
      (
        slurm.merging(["SLURM_STEP_NUM_TASKS": "8"]) { $1 }, nil, nil, nil,
        "srun has started 8 launchers on 2 hosts"
      ),
      (
        openMPI.merging(["OMPI_COMM_WORLD_LOCAL_SIZE": "3"]) { $1 }, nil, nil, nil,
        "mpirun has started 3 launchers"
      ),
      (openMPI, nil, nil, nil, "OMPI_COMM_WORLD_SIZE=3, and nothing says where they meet"),
    ] as [([String: String], Int?, Int?, String?, String)])
  func `what contradicts itself or leaves something out is refused`(
    environment: [String: String], nnodes: Int?, rank: Int?, endpoint: String?, reason: String
  ) throws {
    let error = #expect(throws: LaunchError.self) {
      try plan(environment, nnodes: nnodes, rank: rank, endpoint: endpoint)
    }
    #expect(error?.exitStatus == .usage && error?.description.contains(reason) == true, "\(error as Any)")
  }

  @Test(arguments: [
    ("node[1-3,7],login", "node1"), ("a", "a"), ("gpu-a[01-02]b,c", "gpu-a01b"), ("x[3],y", "x3"), ("", nil),
    ("n[1-", nil), ("r[1-2]n[5-9]", "r1n5"),
  ])
  func `the first name of a list of Slurm's is host 0`(list: String, first: String?) {
    #expect(HostClues.firstOfNodeList(list) == first)
  }

  @Test(arguments: [
    ("node0", "node0:29400"), ("node0:1", "node0:1"), ("10.0.0.1:65535", "10.0.0.1:65535"),
    ("[fd00::1]", "[fd00::1]:29400"), ("[::1]:7", "[::1]:7"), ("", nil), (":7", nil), ("a:0", nil),
    ("a:65536", nil), ("a:b", nil), ("fd00::1", nil), ("[fd00::1", nil), ("[::1]7", nil), ("a b:1", nil),
    ("tcp://a:1", nil),
  ])
  func `a meeting point is a host and a port`(text: String, meeting: String?) {
    #expect(MeetingPoint(text)?.description == meeting)
  }
}
