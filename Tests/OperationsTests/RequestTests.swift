import Documents
import Operations
import Testing

@Suite("What is said about operations")
struct RequestTests {
    private static func json(_ text: String) throws -> Document { try Document(parsing: Array(text.utf8)) }

    private static func pointer(_ read: () throws -> Void) -> String {
        do { try read() } catch let fault as OperationFault { return fault.pointer } catch { return "\(error)" }
        return "taken"
    }

    @Test("An operation has a kind, and all else is as usual")
    func usual() throws {
        let request = try OperationRequest(Self.json(#"{"kind":"export"}"#))
        #expect("\(request.kind)" == "export" && request.input == Array("null".utf8))
        #expect(request.attempts == 3 && request.priority == 5 && request.notBefore == 0)
        #expect(request.digest.count == 32)
    }

    @Test("The same value is the same operation, however it is written; any other value is another")
    func digests() throws {
        func digest(_ text: String) throws -> String { try OperationRequest(Self.json(text)).digest }
        let one = try digest(#"{"kind":"export","input":{"a":1,"b":"x"}}"#)
        #expect(try digest(#" {"input" : {"b":"\u0078","a":1.0}, "kind":"export"}"#) == one)
        for other in [
            #"{"kind":"export","input":{"a":1,"b":"y"}}"#, #"{"kind":"import","input":{"a":1,"b":"x"}}"#,
            #"{"kind":"export","input":{"a":1,"b":"x"},"priority":5}"#,
        ] { #expect(try digest(other) != one) }
    }

    @Test(
        "What is not taken is refused with its place",
        arguments: [
            ("[]", ""), ("{}", ""), (#"{"kind":7}"#, "/kind"), (#"{"kind":"a b"}"#, "/kind"),
            (#"{"kind":"a","attempts":0}"#, "/attempts"), (#"{"kind":"a","attempts":101}"#, "/attempts"),
            (#"{"kind":"a","priority":1.5}"#, "/priority"), (#"{"kind":"a","priority":10}"#, "/priority"),
            (#"{"kind":"a","not_before":"tomorrow"}"#, "/not_before"), (#"{"kind":"a","not_before":5}"#, "/not_before"),
            (#"{"kind":"a","publish":""}"#, "/publish"), (#"{"kind":"a","publish":"jobs"}"#, "/publish"),
            (#"{"kind":"a","publish":"/a~2"}"#, "/publish"), (#"{"kind":"a","publish":["a"]}"#, "/publish"),
            ("{\"kind\":\"a\",\"publish\":\"\(String(repeating: "/a", count: 33))\"}", "/publish"),
            ("{\"kind\":\"a\",\"publish\":\"/\(String(repeating: "a", count: 1_024))\"}", "/publish"),
            (#"{"kind":"a","publish":"/jobs/a~1b"}"#, "taken"),
            (#"{"kind":"a","deadlines":{"start_s":0}}"#, "/deadlines/start_s"),
            (#"{"kind":"a","deadlines":{"total_s":2592001}}"#, "/deadlines/total_s"),
            (#"{"kind":"a","deadlines":{"end_s":1}}"#, "/deadlines/end_s"),
            (#"{"kind":"a","deadlines":5}"#, "/deadlines"),
            (#"{"kind":"a","deadlines":{"start_s":1,"attempt_s":2,"total_s":3}}"#, "taken"),
            (#"{"kind":"a","a/b":5}"#, "/a~1b"), (#"{"kind":"a","priority":9,"attempts":1e2}"#, "taken"),
        ])
    func creation(text: String, pointer: String) {
        #expect(Self.pointer { _ = try OperationRequest(Self.json(text)) } == pointer)
    }

    @Test(
        "A claim names its worker and kinds, and stays within the limits",
        arguments: [
            (#"{"worker":"w","kinds":["a"]}"#, "taken"), (#"{"kinds":["a"]}"#, ""), (#"{"worker":"w"}"#, ""),
            (#"{"worker":"w","kinds":[]}"#, "/kinds"), (#"{"worker":"w","kinds":["a","a"]}"#, "/kinds/1"),
            (#"{"worker":"w","kinds":["a",1]}"#, "/kinds/1"), (#"{"worker":"w","kinds":["a"],"apps":[]}"#, "/apps"),
            (#"{"worker":"w","kinds":["a"],"apps":["b","-"]}"#, "/apps/1"),
            (#"{"worker":"w","kinds":["a"],"max":33}"#, "/max"),
            (#"{"worker":"w","kinds":["a"],"lease_s":0}"#, "/lease_s"),
            (#"{"worker":"w","kinds":["a"],"wait_s":61}"#, "/wait_s"),
            (#"{"worker":"w","kinds":["a"],"most":1}"#, "/most"),
        ])
    func claims(text: String, pointer: String) {
        #expect(Self.pointer { _ = try ClaimRequest(Self.json(text)) } == pointer)
    }

    @Test(
        "Heartbeats and failures say what they may, and no more",
        arguments: [
            ("{}", "taken"), (#"{"progress":{}}"#, "taken"), (#"{"progress":{"percent":100.5}}"#, "/progress/percent"),
            (#"{"progress":{"percent":99.5,"completed":1,"total":2,"message":"x"}}"#, "taken"),
            (#"{"progress":{"completed":-1}}"#, "/progress/completed"), (#"{"progress":[]}"#, "/progress"),
            (#"{"progress":{"message":1}}"#, "/progress/message"), (#"{"progress":{"more":1}}"#, "/progress/more"),
            (#"{"extend_s":3601}"#, "/extend_s"), (#"{"checkpoint":null}"#, "taken"),
        ])
    func heartbeats(text: String, pointer: String) {
        #expect(Self.pointer { _ = try Heartbeat(Self.json(text)) } == pointer)
    }

    @Test(
        "A failure has an error, and says whether another attempt may help",
        arguments: [
            (#"{"error":{},"retryable":true}"#, "taken"), (#"{"retryable":true}"#, "/error"),
            (#"{"error":"no","retryable":true}"#, "/error"), (#"{"error":{}}"#, ""),
            (#"{"error":{},"retryable":1}"#, "/retryable"),
            (#"{"error":{},"retryable":true,"retry_after_s":-1}"#, "/retry_after_s"),
        ])
    func failures(text: String, pointer: String) {
        #expect(Self.pointer { _ = try FailureReport(Self.json(text)) } == pointer)
    }

    @Test("A checkpoint has its limit")
    func large() {
        let text = #"{"checkpoint":"\#(String(repeating: "x", count: OperationLimits.checkpointBytes))"}"#
        #expect(Self.pointer { _ = try Heartbeat(Self.json(text)) } == "/checkpoint")
    }
}
