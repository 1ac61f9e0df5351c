import Glibc

/// A program of ours that turns bytes into other bytes, at the other end of a pipe. Its words on standard error go to
/// ours.
struct ChildProgram {
    private let name: String
    private let pid: pid_t
    /// Where it reads from, or what it writes to.
    let pipe: Int32

    enum Direction { case weWrite, weRead }

    /// `weWrite`: the pipe is its standard input. `weRead`: the pipe is its standard output.
    init(_ path: String, _ arguments: [String], _ direction: Direction) throws {
        name = path
        // Its early end is an error of ours to tell, not our end.
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw CommandError("no pipe: \(String(cString: strerror(errno)))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let (ours, theirs) = direction == .weWrite ? (ends[1], ends[0]) : (ends[0], ends[1])
        defer { close(theirs) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, theirs, direction == .weWrite ? STDIN_FILENO : STDOUT_FILENO)
        var words = ([path] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var child = pid_t()
        let fault = posix_spawn(&child, path, &actions, nil, &words, environ)
        guard fault == 0 else {
            close(ours)
            throw CommandError("\(path) cannot be started: \(String(cString: strerror(fault)))")
        }
        pid = child
        pipe = ours
    }

    /// Hands on what it writes, to its end.
    func readAll(_ body: (ArraySlice<UInt8>) throws -> Void) throws {
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = read(pipe, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw CommandError("\(name) cannot be read: \(String(cString: strerror(errno)))") }
            if count == 0 { return }
            try body(buffer[..<count])
        }
    }

    /// Closes the pipe and waits for the end. Throws when the program says that it failed; why, it has said itself.
    func finish() throws {
        close(pipe)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        guard status == 0 else { throw CommandError("\(name) failed; its own words stand above") }
    }
}
