import Testing

@testable import HTTPService

@Suite("Dates as HTTP writes them")
struct DateClockTests {
    @Test(
        "Known instants",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"), (1_709_251_200, "Fri, 01 Mar 2024 00:00:00 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"), (2_147_483_647, "Tue, 19 Jan 2038 03:14:07 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        ])
    func known(seconds: Int, text: String) {
        #expect(DateClock.text(seconds: seconds) == text)
    }

    @Test("Now is a date of 29 characters that is not the beginning of time")
    func now() {
        let now = DateClock().now
        #expect(now.utf8.count == 29 && now.hasSuffix(" GMT") && !now.contains("1970"))
    }
}
