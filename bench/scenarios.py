"""What is measured, as data."""

from dataclasses import dataclass, field

MIB = 1 << 20


@dataclass(frozen=True)
class Scenario:
    what: str
    protocol: str  # "http1", "http2", "grpc" or "tcp": between load, proxy and app
    connections: int
    proxies: str  # who takes part, see proxies.py; all are measured once in each round
    size: int = 100  # bytes of an answer
    pair: bool = False  # through two proxies, with mutual TLS between them
    sessions: str = ""  # a connection, and so a handshake, per request: "new", or "resumed" where a proxy can
    fixed_rate: bool = False  # half of Envoy's maximum, else as much as goes
    base: str = "envoy"  # whose CPU per request is 1
    bars: dict = field(default_factory=dict)  # by participant, the most that its CPU may be of the base's


ALL, ENVOY = "lateen lateen:epoll lateen:c1 envoy haproxy nginx", "lateen lateen:c1 envoy"
HALF, SAME, TENTH_MORE = 0.5, 1.0, 1.1

SCENARIOS = {
    "http1-16": Scenario("HTTP/1.1, small answers", "http1", 16, ALL, bars={"lateen": HALF}),
    "http1-64": Scenario("HTTP/1.1, small answers", "http1", 64, ALL, bars={"lateen": HALF}),
    "http1-1000": Scenario("HTTP/1.1, small answers", "http1", 1000, ALL, bars={"lateen": HALF}),
    "http1-1MB": Scenario("HTTP/1.1, answers of 1 MiB", "http1", 16, ALL, size=MIB),
    "http2-16": Scenario("HTTP/2, 10 streams per connection", "http2", 16, "lateen lateen:c1 envoy haproxy",
                         bars={"lateen": SAME}),
    "grpc-16": Scenario("unary gRPC, 10 calls per connection", "grpc", 16, ALL, bars={"lateen": SAME}),
    "tcp-16": Scenario("bytes of HTTP/1.1 as TCP", "tcp", 16, "lateen lateen:c1 envoy haproxy"),
    "router-16": Scenario("HTTP/1.1, routing alone: no telemetry, retries or outlier detection", "http1", 16,
                          "lateen:router lateen:c1:router envoy:router haproxy:router nginx:router", base="envoy:router"),
    "telemetry-16": Scenario("HTTP/1.1, what telemetry costs ours", "http1", 16,
                             "lateen lateen:metrics lateen:off", base="lateen:off",
                             bars={"lateen:metrics": TENTH_MORE}),
    "telemetry-c1-16": Scenario("the same with the first compiler alone", "http1", 16,
                                "lateen:c1 lateen:c1:metrics lateen:c1:off", base="lateen:c1:off"),
    "mtls-16": Scenario("HTTP/1.1 through a pair with mutual TLS", "http1", 16, ENVOY, pair=True,
                        bars={"lateen": SAME}),
    "mtls-http2-16": Scenario("HTTP/2 through a pair with mutual TLS", "http2", 16, ENVOY, pair=True,
                              bars={"lateen": SAME}),
    "handshakes": Scenario("a request and a new mutual TLS connection between the two of a pair", "http1", 16, ENVOY,
                           pair=True, sessions="new", bars={"lateen": SAME}),
    "handshakes-resumed": Scenario("the same where sessions may be resumed", "http1", 16, ENVOY, pair=True,
                                   sessions="resumed", bars={"lateen": SAME}),
    "http1-rate": Scenario("HTTP/1.1 at a fixed rate", "http1", 64, ALL, fixed_rate=True),
    "http2-rate": Scenario("HTTP/2 at a fixed rate", "http2", 16, "lateen lateen:c1 envoy haproxy", fixed_rate=True),
    "grpc-rate": Scenario("unary gRPC at a fixed rate", "grpc", 16, ALL, fixed_rate=True),
}
