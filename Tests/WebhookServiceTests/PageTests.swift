import Fold
import Testing
import WebhookQueue
import Webhooks

@testable import WebhookService

@Suite("Pages of deliveries")
struct PageTests {
    private func delivery(_ created: UInt64) throws -> DeliveryDocument {
        let hook = HookName(id: try WebhookID("w"), creation: "x")
        return DeliveryDocument(
            id: DeliveryID(partition: 1, event: "\(created)-\(UInt64.random(in: 0 ... .max))", to: hook), webhook: hook,
            event: "e", type: .changeRejected, application: nil, status: .succeeded, attempt: 1, created: created,
            updated: created, next: nil)
    }

    private func page(_ times: [UInt64], completeSince: UInt64, most: Int) throws -> (times: [UInt64], next: UInt64?) {
        let question = DeliveryQuestion(webhook: nil, status: nil, since: 10, until: 100, most: most)
        let page = WebhookRoutes.page(try times.map { try delivery($0) }, completeSince: completeSince, question)
        return (page.deliveries.map(\.created), page.next)
    }

    @Test("The newest first, and where the next page begins")
    func order() throws {
        #expect(try page([30, 50, 40], completeSince: 10, most: 3) == ([50, 40, 30], nil))
        #expect(try page([30, 50, 40], completeSince: 10, most: 2) == ([50, 40], 39))
        #expect(try page([], completeSince: 10, most: 2) == ([], nil))
    }

    @Test("What some partition has not looked at yet is left to the next page, from everybody")
    func incomplete() throws {
        #expect(try page([50, 40, 30], completeSince: 35, most: 5) == ([50, 40], 34))
        #expect(try page([30], completeSince: 35, most: 5) == ([], 34))
    }

    @Test("Those of one moment stand on one page")
    func ties() throws {
        #expect(try page([50, 40, 40, 40, 30], completeSince: 10, most: 2) == ([50, 40, 40, 40], 39))
        #expect(try page([10, 10, 10], completeSince: 10, most: 1) == ([10, 10, 10], nil))
    }
}
