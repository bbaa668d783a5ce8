import Glibc

/// Before what has no way back.
enum Confirmation {
    /// - Parameters:
    ///   - question: without its mark.
    ///   - name: what has to be typed.
    ///   - what: becomes of it, as “deleted”.
    static func ask(_ question: String, name: String, what: String) throws(Failure) {
        guard isatty(STDIN_FILENO) == 1 else {
            throw Failure(
                .usage, "There is nobody to ask whether “\(name)” is really to be \(what).",
                advice: "Say so with --yes.")
        }
        _ = Terminal.error.tryToWrite(Array("\(question)? Type its name: ".utf8))
        guard readLine() == name else { throw Failure(.failed, "Nothing was \(what).") }
    }
}
