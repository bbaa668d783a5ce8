import Documents
import Testing

@Suite("Operations beyond RFC 6902") struct CisternPatchTests {
    private func combine(_ operation: String, _ number: String, _ operand: String) throws -> String {
        try applying(
            #"[{"op":"\#(operation)","path":"/n","value":\#(operand)}]"#, .cisternPatch, to: #"{"n":\#(number)}"#)
    }

    @Test(
        "increment adds exactly, with as many decimals as the operand that has more",
        arguments: [
            ("1", "1", "2"), ("0.1", "0.2", "0.3"), ("1", "0.50", "1.50"), ("0.50", "0.50", "1.00"), ("5", "-7", "-2"),
            ("-5", "7", "2"), ("-5", "-7", "-12"), ("1", "-1", "0"), ("-0.0", "0", "0.0"), ("-1.5", "1.5", "0.0"),
            ("999", "1", "1000"), ("1000", "-1", "999"),
            ("1e3", "1", "1001"), ("1.5e1", "0", "15"), ("1.50e1", "0", "15.0"), ("1e-3", "1", "1.001"),
            ("1E+2", "1e-2", "100.01"),
            ("9007199254740993", "1", "9007199254740994"),
            (
                "0.000000000000000000000000000001", "1e30",
                "1000000000000000000000000000000.000000000000000000000000000001"
            ),
            ("0", "0e5", "0"), ("0", "0e-2", "0.00"), ("0e99999999999999999999999999", "1", "1"),
            ("100", "-100.10", "-0.10"), ("-0", "-0", "0"),
        ])
    func increment(_ number: String, _ operand: String, _ result: String) throws {
        #expect(try combine("increment", number, operand) == #"{"n":\#(result)}"#)
        #expect(try combine("increment", operand, number) == #"{"n":\#(result)}"#)
    }

    @Test(
        "min and max compare exactly",
        arguments: [
            ("1", "2", "1", "2"), ("-1", "-2", "-2", "-1"), ("1.0", "1", "1.0", "1.0"), ("10", "9.5", "9.5", "10.0"),
            ("1e2", "99.999", "99.999", "100.000"), ("-1", "1", "-1", "1"), ("0", "-0", "0", "0"),
            ("12345678901234567890", "12345678901234567891", "12345678901234567890", "12345678901234567891"),
        ])
    func minimumAndMaximum(_ number: String, _ operand: String, _ minimum: String, _ maximum: String) throws {
        #expect(try combine("min", number, operand) == #"{"n":\#(minimum)}"#)
        #expect(try combine("max", number, operand) == #"{"n":\#(maximum)}"#)
        #expect(try combine("min", operand, number) == #"{"n":\#(minimum)}"#)
        #expect(try combine("max", operand, number) == #"{"n":\#(maximum)}"#)
    }

    @Test("A target that is missing is set to the value as it is written")
    func missing() throws {
        for operation in ["increment", "min", "max"] {
            #expect(
                try applying(#"[{"op":"\#(operation)","path":"/a/n","value":1.50e1}]"#, .cisternPatch, to: #"{"a":{}}"#)
                    == #"{"a":{"n":1.50e1}}"#)
            #expect(
                try applying(#"[{"op":"\#(operation)","path":"/1","value":2}]"#, .cisternPatch, to: "[1]") == "[1,2]")
            #expect(
                try applying(#"[{"op":"\#(operation)","path":"/-","value":2}]"#, .cisternPatch, to: "[1]") == "[1,2]")
            #expect(
                try failure(of: #"[{"op":"\#(operation)","path":"/a/n","value":1}]"#, .cisternPatch, on: "{}")?.reason
                    == .pathNotFound)
            #expect(
                try failure(of: #"[{"op":"\#(operation)","path":"/2","value":1}]"#, .cisternPatch, on: "[1]")?.reason
                    == .pathNotFound)
        }
        #expect(try applying(#"[{"op":"increment","path":"/0","value":2}]"#, .cisternPatch, to: "[1]") == "[3]")
        #expect(try applying(#"[{"op":"increment","path":"","value":2}]"#, .cisternPatch, to: "1") == "3")
    }

    @Test("Only numbers can be added to", arguments: ["\"1\"", "null", "true", "[]", "{}"])
    func notANumber(_ value: String) throws {
        for operation in ["increment", "min", "max"] {
            let failed = try failure(
                of: #"[{"op":"\#(operation)","path":"/n","value":1}]"#, .cisternPatch, on: #"{"n":\#(value)}"#)
            #expect(failed == PatchFailure(.notANumber, operation: 0, pointer: JSONPointer(["n"])))
        }
    }

    @Test("A thousand digits on either side of the point, and not one more")
    func range() throws {
        let nines = repeated("9", 999)
        #expect(try combine("increment", "1", "9" + nines.dropLast() + "8") == #"{"n":9\#(nines)}"#)
        let tooLarge = [
            ("1", "9" + nines), ("1e1000", "0"), ("0", "1e-1001"), ("1e999999999999999999999999", "1"),
            ("1", "1e-999999999999999999999999"), ("0e-1001", "1"), ("1e9223372036854775807", "-1"),
            ("1", "1e-9223372036854775808"),
        ]
        for (number, operand) in tooLarge {
            for operation in number == "1" && operand.hasPrefix("9") ? ["increment"] : ["increment", "min", "max"] {
                let failed = try failure(
                    of: #"[{"op":"\#(operation)","path":"/n","value":\#(operand)}]"#, .cisternPatch,
                    on: #"{"n":\#(number)}"#)
                #expect(failed?.reason == .numberOutOfRange, "\(operation) \(number.prefix(30)) \(operand.prefix(30))")
            }
        }
        #expect(
            try combine("increment", "1e999", "1e-1000") == #"{"n":1\#(repeated("0", 999)).\#(repeated("0", 999))1}"#)
    }

    @Test(
        "union adds what is not there by value, each once and in order",
        arguments: [
            ("[1,2]", "[2,3,3.0,1e0]", "[1,2,3]"), ("[]", "[1,1]", "[1]"),
            (#"["a"]"#, #"["\u0061","b"]"#, #"["a","b"]"#),
            (#"[{"a":1,"b":2}]"#, #"[{"b":2.0,"a":1},{}]"#, #"[{"a":1,"b":2},{}]"#), ("[1,1]", "[]", "[1,1]"),
            ("[1,2,3,4,5,6]", "[9,8,6.0,7,5,9.0,1,null]", "[1,2,3,4,5,6,9,8,7,null]"),
            ("[[1]]", "[[1.0],[]]", "[[1],[]]"),
        ])
    func union(_ target: String, _ value: String, _ result: String) throws {
        #expect(
            try applying(#"[{"op":"union","path":"/t","value":\#(value)}]"#, .cisternPatch, to: #"{"t":\#(target)}"#)
                == #"{"t":\#(result)}"#)
    }

    @Test(
        "subtract removes what is there by value",
        arguments: [
            ("[1,2,1.0,3]", "[1]", "[2,3]"), ("[]", "[1]", "[]"), (#"["a","b"]"#, #"["\u0062"]"#, #"["a"]"#),
            ("[1,2,3,4,5,6,7]", "[1,3,5,7,9,11]", "[2,4,6]"), ("[1]", "[]", "[1]"), ("[[],{}]", "[{}]", "[[]]"),
        ])
    func subtract(_ target: String, _ value: String, _ result: String) throws {
        #expect(
            try applying(#"[{"op":"subtract","path":"/t","value":\#(value)}]"#, .cisternPatch, to: #"{"t":\#(target)}"#)
                == #"{"t":\#(result)}"#)
    }

    @Test("union creates what is missing; subtract leaves it missing, and its parent too")
    func missingArrays() throws {
        #expect(
            try applying(#"[{"op":"union","path":"/t","value":[1,1.0,2]}]"#, .cisternPatch, to: "{}") == #"{"t":[1,2]}"#
        )
        #expect(
            try failure(of: #"[{"op":"union","path":"/t/u","value":[1]}]"#, .cisternPatch, on: "{}")?.reason
                == .pathNotFound)
        for path in ["/t", "/t/u", "/n/u", "/n/0/x"] {
            #expect(
                try applying(#"[{"op":"subtract","path":"\#(path)","value":[1]}]"#, .cisternPatch, to: #"{"n":1}"#)
                    == #"{"n":1}"#)
        }
        for operation in ["union", "subtract"] {
            #expect(
                try failure(of: #"[{"op":"\#(operation)","path":"/n","value":[1]}]"#, .cisternPatch, on: #"{"n":1}"#)?
                    .reason == .notAnArray)
        }
    }

    @Test("A union of thousands with a large array that is far behind in another is taken back if it fails")
    func largeUnion() throws {
        let state = "[" + repeated("0,", 100_000) + "[" + (0..<1_000).map(String.init).joined(separator: ",") + "]]"
        let elements = (500..<20_000).map(String.init).joined(separator: ",")
        let union = #"{"op":"union","path":"/100000","value":[\#(elements)]}"#
        let result = try json(try applying("[\(union)]", .cisternPatch, to: state))
        #expect(result[100_000]?.elements.map(\.integerValue) == Array(0..<20_000))
        let failing = #"[\#(union),{"op":"test","path":"/0","value":1}]"#
        #expect(try failure(of: failing, .cisternPatch, on: state)?.reason == .testFailed)
    }

    @Test(
        "timestamp writes the time of append",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"), (1_735_689_599_007, "2024-12-31T23:59:59.007Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (UInt64.max, "9999-12-31T23:59:59.999Z"),
        ] as [(UInt64, String)])
    func timestamp(_ time: UInt64, _ text: String) throws {
        #expect(
            try applying(#"[{"op":"timestamp","path":"/t"}]"#, .cisternPatch, to: "{}", time: time)
                == #"{"t":"\#(text)"}"#)
        #expect(
            try applying(#"[{"op":"timestamp","path":"/0"}]"#, .cisternPatch, to: "[1,2]", time: time)
                == #"["\#(text)",2]"#)
    }

    @Test("timestamp needs a parent")
    func timestampNowhere() throws {
        #expect(
            try failure(of: #"[{"op":"timestamp","path":"/a/t"}]"#, .cisternPatch, on: "{}")?.reason == .pathNotFound)
    }
}
