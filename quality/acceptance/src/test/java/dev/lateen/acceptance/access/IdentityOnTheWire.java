package dev.lateen.acceptance.access;

import dev.lateen.acceptance.access.WireAuthority.Identity;
import dev.lateen.control.ControlPlane;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Callers and servers whose certificates must not be believed, at a real proxy: none of what they say may come to the
 * workload's app, and nothing of what is meant for the workload to them. Runs in a network namespace that the caller made:
 *
 * <pre>
 * unshare --net java … IdentityOnTheWire lateen|ENVOY-BINARY
 * </pre>
 *
 * The last line is {@code N passed, M failed}.
 */
public final class IdentityOnTheWire {
    private static final String CALLER = "spiffe://cluster.local/ns/default/sa/client";
    private static final int EDGE = 18_443;

    private static final String STRICT = """
            ---
            apiVersion: security.istio.io/v1
            kind: PeerAuthentication
            metadata: {name: all, namespace: default}
            spec: {mtls: {mode: STRICT}}
            """;

    private final String kind;
    private final Wire wire;

    private IdentityOnTheWire(String kind, Wire wire) {
        this.kind = kind;
        this.wire = wire;
    }

    /** See the class. */
    public static void main(String[] arguments) throws Exception {
        boolean good;
        try (Wire wire = new Wire(Set.copyOf(EncryptionOnTheWire.PORTS.keySet()))) {
            IdentityOnTheWire run = new IdentityOnTheWire(arguments[0], wire);
            run.callers();
            run.servers();
            run.names();
            good = wire.report();
        }
        System.exit(good ? 0 : 1);
    }

    /** Certificates by what is wrong with them, each in the name of this identity as far as that goes. */
    private Map<String, Optional<Identity>> bad(String uri) throws Exception {
        Map<String, Optional<Identity>> all = new LinkedHashMap<>();
        all.put("of another authority of the same name", Optional.of(new WireAuthority().issue(uri)));
        all.put("signed by its holder", Optional.of(wire.authority.selfSigned(uri)));
        all.put("expired", Optional.of(wire.authority.issue(uri, -3600, -60)));
        all.put("not yet valid", Optional.of(wire.authority.issue(uri, 3600, 7200)));
        all.put("revoked", Optional.of(wire.revoked(uri)));
        all.put(
                "of another trust domain",
                Optional.of(wire.authority.issue(uri.replace("cluster.local", "evil.example"))));
        all.put("without a SPIFFE id", Optional.of(wire.authority.named("web.default.svc.cluster.local")));
        return all;
    }

    private void callers() throws Exception {
        Map<String, Optional<Identity>> shown = bad(CALLER);
        shown.put("none", Optional.empty());
        int tried = 0;
        int letIn = 0;
        try (ControlPlane plane = wire.controlPlane(EncryptionOnTheWire.WORLD + STRICT);
                WirePeer _ = wire.proxy(kind, Role.WORKLOAD, plane)) {
            for (Map.Entry<Integer, String> port : EncryptionOnTheWire.PORTS.entrySet()) {
                Optional<Identity> good = Optional.of(wire.authority.issue(CALLER));
                wire.count(comesIn(port.getKey(), good), "a good certificate, " + port.getValue(), "refused");
                for (Map.Entry<String, Optional<Identity>> each : shown.entrySet()) {
                    boolean in = comesIn(port.getKey(), each.getValue());
                    tried++;
                    letIn += in ? 1 : 0;
                    wire.count(!in, "a caller's certificate, " + each.getKey() + ", " + port.getValue(), "let in");
                }
            }
        }
        tell("callers' certificates", tried, letIn);
    }

    /** Whether the app has heard something of what a caller with this certificate says. */
    private boolean comesIn(int port, Optional<Identity> shown) throws Exception {
        int before = wire.pod.heard();
        // What is not read as HTTP is known by the names that a caller offers for it.
        boolean http = port == 8080 || port == 8084;
        String answer = Strangers.say(
                Pod.ADDRESS,
                port,
                shown,
                "",
                http ? List.of("istio-http/1.1", "http/1.1") : List.of("istio"),
                "GET / HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n");
        return wire.pod.heard() > before || answer.contains(" 200 ");
    }

    private void servers() throws Exception {
        Map<String, Optional<Identity>> shown = bad(WireAuthority.WORKLOAD);
        shown.put(
                "of another account", Optional.of(wire.authority.issue("spiffe://cluster.local/ns/default/sa/thief")));
        int tried = 0;
        int letIn = 0;
        // The JDK's server takes no names with an underscore, which those that Istio makes up have.
        String named = """
            ---
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {name: web, namespace: default}
            spec: {host: web, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: web.example}}}
            """;
        try (ControlPlane plane = wire.controlPlane(EncryptionOnTheWire.WORLD + named);
                WirePeer _ = wire.proxy(kind, Role.CALLER, plane)) {
            // A proxy that is told of its own certificate last calls nobody before.
            boolean good = false;
            for (int i = 0; i < 40 && !good; i++) {
                Thread.sleep(i == 0 ? 0 : 250);
                good = hears(Optional.of(wire.authority.issue(WireAuthority.WORKLOAD)));
            }
            wire.count(good, "a server's good certificate", "not called");
            for (Map.Entry<String, Optional<Identity>> each : shown.entrySet()) {
                boolean heard = hears(each.getValue());
                tried++;
                letIn += heard ? 1 : 0;
                wire.count(!heard, "a server's certificate, " + each.getKey(), "it heard the request");
            }
        }
        tell("servers' certificates", tried, letIn);
    }

    /** Whether a server in the workload's place with this certificate hears a request that is meant for the workload. */
    private static boolean hears(Optional<Identity> shown) throws Exception {
        try (Strangers.Server server = new Strangers.Server(Pod.INBOUND, shown.orElseThrow())) {
            String answer = EncryptionOnTheWire.call("127.0.0.1", Role.CALLER.port());
            return server.heard() || !answer.equals("refused");
        }
    }

    /** Two servers of one port: everybody may call one, and who shows a certificate of the mesh's authority the other. */
    private String twoServers() throws Exception {
        Wire.Shown own = wire.identity("spiffe://cluster.local/ns/default/sa/edge");
        return """
            ---
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: edge, namespace: default}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - port: {number: %1$d, name: https-public, protocol: HTTPS}
                hosts: [public.example]
                tls: {mode: SIMPLE, serverCertificate: %2$s, privateKey: %3$s}
              - port: {number: %1$d, name: https-secret, protocol: HTTPS}
                hosts: [secret.example]
                tls: {mode: MUTUAL, serverCertificate: %2$s, privateKey: %3$s, caCertificates: %4$s}
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: public, namespace: default}
            spec: {hosts: [public.example], gateways: [edge], http: [{directResponse: {status: 200}}]}
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: secret, namespace: default}
            spec: {hosts: [secret.example], gateways: [edge], http: [{directResponse: {status: 200}}]}
            """.formatted(EDGE, own.certificate(), own.key(), wire.root());
    }

    private void names() throws Exception {
        String rules = EncryptionOnTheWire.WORLD + twoServers();
        int tried = 0;
        int letIn = 0;
        try (ControlPlane plane = wire.controlPlane(rules);
                WirePeer _ = wire.proxy(kind, Role.CALLER, plane)) {
            for (int i = 0; i < 2000 && !Pod.isOpen(EDGE); i++) {
                Thread.sleep(10);
            }
            String good = ask("public.example", "GET / HTTP/1.1\r\nhost: public.example\r\n");
            wire.count(good.contains(" 200 "), "the host that the handshake named", good);
            for (String head : List.of(
                    "GET / HTTP/1.1\r\nhost: secret.example\r\n",
                    "GET / HTTP/1.1\r\nhost: SECRET.example\r\n",
                    "GET / HTTP/1.1\r\nhost: secret.example.\r\n",
                    "GET / HTTP/1.1\r\nhost: secret.example:" + EDGE + "\r\n",
                    "GET https://secret.example/ HTTP/1.1\r\nhost: public.example\r\n")) {
                for (String name : List.of("public.example", "secret.example", "")) {
                    String answer = ask(name, head);
                    boolean in = answer.contains(" 200 ");
                    tried++;
                    letIn += in ? 1 : 0;
                    wire.count(!in, "handshake with \"" + name + "\", " + head.strip(), answer);
                }
            }
        }
        tell("a Host that the handshake did not name, or without the certificate that it needs", tried, letIn);
    }

    private static String ask(String name, String head) throws Exception {
        return Strangers.say(
                "127.0.0.1", EDGE, Optional.empty(), name, List.of("http/1.1"), head + "connection: close\r\n\r\n");
    }

    private static void tell(String attack, int tried, int letIn) {
        System.out.println("attack: " + attack + ": " + tried + " tried, " + letIn + " let in");
    }
}
