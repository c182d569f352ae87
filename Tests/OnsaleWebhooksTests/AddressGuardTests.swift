import Testing

@testable import OnsaleWebhooks

@Suite struct AddressGuardTests {
    @Test(arguments: [
        "0.0.0.0", "0.255.255.255", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "169.254.169.254",
        "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1",
        "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1",
        "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::127.0.0.1",
        "64:ff9b:1::8.8.8.8", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:f5ff:fffe", "2001:db8::1",
        "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:1::", "3fff::1", "fc00::1", "fd00::1", "fe80::1", "fec0::1",
        "ff02::1", "4000::1",
    ])
    func whatIsNotOfThePublicInternetIsRefused(_ text: String) throws {
        #expect(!AddressGuard.isPublic(try #require(IPAddress(text))))
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1",
        "192.167.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "2606:4700::1111", "2a00:1450::1",
        "64:ff9b::8.8.8.8", "2002:808:808::1",
    ])
    func whatIsOfThePublicInternetIsTaken(_ text: String) throws {
        #expect(AddressGuard.isPublic(try #require(IPAddress(text))))
    }

    @Test(arguments: [
        "https://127.1/", "https://2130706433/", "https://0x7f.1/", "https://0x7f000001/", "https://0177.0.0.1/",
        "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://[fe80::1%25eth0]/",
        "http://example.com/", "ftp://example.com/", "https:example.com", "https:///x", "https://u@example.com/",
        "https://u:p@example.com/", "https://example.com/#f", "https://example.com:80/", "https://example.com:25/",
        "https://example.com:65536/", "https://example.com:/", "https://example.com:0443/", "https://localhost/",
        "https://x.localhost/", "https://intranet/", "https://metadata.google.internal/", "https://example.com./",
        "https://-a.com/", "https://a..com/", "https://바다.com/", "https://exam ple.com/", #"https://a.com\@b.com/"#,
        "https://a.com\r\nx: y/", "", "https://", "https://1.2.3/", "https://1.2.3.4.5/", "https://1.2.3.256/",
        "https://[::1", "https://[1.2.3.4]/", "https://a.com/" + String(repeating: "x", count: 2048),
    ])
    func anUnfitURLIsRefused(_ text: String) {
        #expect(throws: URLRefusal.self) { try WebhookURL(text, reach: .isPublic) }
    }

    @Test func aFitURLIsTakenApart() throws {
        let url = try WebhookURL("HTTPS://Hooks.XN--BCHER-KVA.com:8443/a/b?c=d", reach: .isPublic)
        #expect(url.host == .name("hooks.xn--bcher-kva.com") && url.port == 8443 && url.target == "/a/b?c=d")
        #expect(url.authority == "hooks.xn--bcher-kva.com:8443")
        #expect(try WebhookURL("https://a.com", reach: .isPublic).target == "/")
        #expect(try WebhookURL("https://a.com?x", reach: .isPublic).target == "/?x")
        #expect(try WebhookURL("http://127.0.0.1:80/", reach: .everything).authority == "127.0.0.1")
    }
}
