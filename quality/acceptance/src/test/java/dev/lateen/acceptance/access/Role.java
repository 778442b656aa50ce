package dev.lateen.acceptance.access;

import dev.lateen.proxy.ProxyOptions;
import java.util.Map;

/** What a proxy of these suites is for. */
enum Role {
    /** In front of the workload. */
    WORKLOAD(ProxyOptions.Role.SIDECAR, "web", Pod.INBOUND),
    /** A caller of the mesh: a gateway on a port of the loopback. */
    CALLER(ProxyOptions.Role.ROUTER, "caller", 18_080);

    private final ProxyOptions.Role proxy;
    private final String pod;
    private final int port;

    Role(ProxyOptions.Role proxy, String pod, int port) {
        this.proxy = proxy;
        this.pod = pod;
        this.port = port;
    }

    ProxyOptions.Role proxy() {
        return proxy;
    }

    String pod() {
        return pod;
    }

    Map<String, String> labels() {
        return this == WORKLOAD
                ? Map.of("app", "web", "security.istio.io/tlsMode", "istio")
                : Map.of("istio", "ingressgateway");
    }

    String address() {
        return this == WORKLOAD ? Pod.ADDRESS : "10.244.0.20";
    }

    /** The port that is open once the proxy has its configuration and its certificate. */
    int port() {
        return port;
    }
}
