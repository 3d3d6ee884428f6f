import Collective
import Testing
import WorkerLink

@testable import Launcher

@Suite struct WorkerEnvironmentTests {
  @Test func `tells a worker where it stands`() {
    // The memory of another launcher, under which this one may run, is not this run's.
    let outer = [
      "PATH": "/bin", "RANK": "99", "TWINS_SHM_FD": "4", "TWINS_BOARD_FD": "5", "TWINS_RUN_FD": "6",
      "NOTIFY_SOCKET": "/run/systemd/notify",
      "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "7",
    ]
    let environment = placement().environment(rank: 3, inheriting: outer)
    #expect(
      environment == [
        "PATH": "/bin", "RANK": "3", "LOCAL_RANK": "3", "GROUP_RANK": "0", "WORLD_SIZE": "8",
        "LOCAL_WORLD_SIZE": "8", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "41234",
        "TORCHELASTIC_RUN_ID": "run-1", "TORCHELASTIC_RESTART_COUNT": "0", "TORCHELASTIC_MAX_RESTARTS": "0",
        "GROUP_WORLD_SIZE": "1", "ROLE_NAME": "default", "ROLE_RANK": "3", "ROLE_WORLD_SIZE": "8",
        "TORCHELASTIC_USE_AGENT_STORE": "False",
        "TWINS_RUN_ID": "run-1", "TWINS_GENERATION": "0", "TWINS_SOCKET_DIR": "/tmp/s",
        "TWINS_TRANSPORT": "auto", "TWINS_RING_ADDRESS": "127.0.0.1", "TWINS_HANG_TIMEOUT": "300.0",
        "TWINS_LIFELINE_FD": "3", "OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive",
        "GOMP_SPINCOUNT": "1000",
      ])
  }

  @Test func `tells a worker where its board is`() {
    var placement = placement()
    placement.hasBoard = true
    #expect(placement.environment(rank: 0, inheriting: [:])["TWINS_BOARD_FD"] == "5")
  }

  @Test(arguments: [0, 8, 11]) func `tells a worker where it stands among those of all hosts`(rank: Int)
    throws
  {
    var placement = placement()
    let host = rank / 8
    placement.hosts = HostLink(
      hosts: 2, host: host, address: "10.0.0.\(host + 1)", storeAddress: "10.0.0.1", storePort: 5,
      storeSocket: host == 0 ? 7 : nil, run: "run-1", generation: 3)
    let outer = ["TWINS_HOSTS": "9", "TWINS_STORE_FD": "9", "TWINS_RDZV_KEY": "secret"]
    let environment = placement.environment(rank: rank, inheriting: outer)
    #expect(try HostLink(environment: environment) == placement.hosts)
    let expected = [
      "RANK": "\(rank)", "WORLD_SIZE": "16", "LOCAL_RANK": "\(rank % 8)", "LOCAL_WORLD_SIZE": "8",
      "GROUP_RANK": "\(host)", "MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "41234",
      "TWINS_SOCKET_DIR": "/tmp/s",
    ]
    #expect(environment.filter { expected.keys.contains($0.key) } == expected)
    #expect(environment["TWINS_RDZV_KEY"] == nil)
  }

  /// As `torchrun --no-python --nproc-per-node 8` of PyTorch 2.13 gives it, but for the run's own values and the store.
  @Test func `a program of the user's finds torchrun's variables and none of ours`() {
    var placement = placement()
    placement.isForeign = true
    placement.hosts = HostLink(
      hosts: 2, host: 1, address: "10.0.0.2", storeAddress: "10.0.0.1", storePort: 5, run: "run-1",
      generation: 0)
    let outer = [
      "PATH": "/bin", "TWINS_SOCKET_DIR": "/other", "TORCHELASTIC_ERROR_FILE": "/other",
      "TORCHELASTIC_USE_AGENT_STORE": "True", "TWINS_RDZV_KEY": "secret",
    ]
    let environment = placement.environment(rank: 11, inheriting: outer)
    #expect(
      environment == [
        "PATH": "/bin", "RANK": "11", "WORLD_SIZE": "16", "LOCAL_RANK": "3", "LOCAL_WORLD_SIZE": "8",
        "GROUP_RANK": "1", "GROUP_WORLD_SIZE": "2", "ROLE_NAME": "default", "ROLE_RANK": "11",
        "ROLE_WORLD_SIZE": "16", "MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "41234",
        "TORCHELASTIC_RUN_ID": "run-1", "TORCHELASTIC_RESTART_COUNT": "0", "TORCHELASTIC_MAX_RESTARTS": "0",
        "TORCHELASTIC_USE_AGENT_STORE": "False", "TORCH_NCCL_ASYNC_ERROR_HANDLING": "1",
        "OMP_NUM_THREADS": "2",
      ])
  }

  @Test(
    arguments: [
      (nil, [:], 8, 1), (3, [:], 8, 3), (nil, ["OMP_NUM_THREADS": "5"], 8, 5),
    ] as [(Int?, [String: String], Int, Int)])
  func `as torchrun has it, several workers have a thread each unless told`(
    named: Int?, outer: [String: String], workers: Int, count: Int
  ) {
    #expect(
      WorkerEnvironment.Threads.asTorchrun(named: named, environment: outer, workers: workers).count == count)
  }

  @Test func `the store's socket is the first worker's alone`() {
    var placement = placement()
    placement.hosts = HostLink(
      hosts: 2, host: 0, address: "a", storeAddress: "a", storePort: 5, storeSocket: 7, run: "r",
      generation: 0)
    #expect(placement.environment(rank: 0, inheriting: [:])["TWINS_STORE_FD"] == "7")
    #expect(placement.environment(rank: 1, inheriting: [:])["TWINS_STORE_FD"] == nil)
  }

  @Test func `leaves the user's thread settings alone`() {
    let outer = ["OMP_NUM_THREADS": "5", "OMP_WAIT_POLICY": "active", "GOMP_SPINCOUNT": "7"]
    let environment = placement(outer).environment(rank: 0, inheriting: outer)
    #expect(environment.filter { outer.keys.contains($0.key) } == outer)
  }

  @Test func `a number of threads on the command line wins`() {
    let outer = ["OMP_NUM_THREADS": "5", "MKL_NUM_THREADS": "7"]
    let environment = placement(threads: 3, outer).environment(rank: 0, inheriting: outer)
    #expect(environment["OMP_NUM_THREADS"] == "3" && environment["MKL_NUM_THREADS"] == "3")
  }

  /// libtorch takes MKL's number, and MKL its own variable first.
  @Test(arguments: [
    (["OMP_NUM_THREADS": "5"], 5), (["MKL_NUM_THREADS": "7"], 7),
    (["OMP_NUM_THREADS": "5", "MKL_NUM_THREADS": "7"], 7), (["OMP_NUM_THREADS": "many"], 2),
    (["OMP_NUM_THREADS": "0", "MKL_NUM_THREADS": ""], 2),
  ])
  func `what is announced is what runs`(_ outer: [String: String], _ count: Int) {
    let placement = placement(outer)
    #expect(placement.threads.count == count)
    let environment = placement.environment(rank: 0, inheriting: outer)
    #expect(environment["OMP_NUM_THREADS"] == "\(count)")
    #expect(environment["MKL_NUM_THREADS"] == outer["MKL_NUM_THREADS"].map { _ in "\(count)" })
  }

  @Test(arguments: [(2, 8, 1), (16, 8, 2), (17, 8, 2), (2, 1, 2)])
  func `shares out the processors`(processors: Int, workers: Int, expected: Int) {
    #expect(
      WorkerEnvironment.Threads(named: nil, environment: [:], processors: processors, workers: workers).count
        == expected)
  }

  private func placement(threads: Int? = nil, _ environment: [String: String] = [:]) -> WorkerEnvironment {
    WorkerEnvironment(
      rendezvous: RingRendezvous(rank: 0, size: 8, run: "run-1", generation: 0, directory: "/tmp/s"),
      masterPort: 41234,
      threads: WorkerEnvironment.Threads(named: threads, environment: environment, processors: 16, workers: 8)
    )
  }
}
