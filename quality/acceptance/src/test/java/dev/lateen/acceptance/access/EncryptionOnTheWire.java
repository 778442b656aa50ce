package dev.lateen.acceptance.access;

import dev.lateen.config.networking.ClientTls;
import dev.lateen.config.security.PeerAuthentication;
import dev.lateen.control.ControlPlane;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What comes of a call by PeerAuthentication of the workload, DestinationRule of the caller, and kind of both proxies;
 * every mode of one with every mode of the other, over the wire, by hand from Istio's tables of mutual TLS. TLS of another
 * kind than the mesh's (SIMPLE, MUTUAL) is taken only where a workload takes nothing but TLS, and then with a certificate
 * of the mesh. Runs in a network namespace that the caller made:
 *
 * <pre>
 * unshare --net java … EncryptionOnTheWire WORKLOAD CALLER
 * </pre>
 *
 * with {@code lateen} or the binary of an Envoy for each. A caller without a mesh calls too. The last line is {@code N
 * passed, M failed}.
 */
public final class EncryptionOnTheWire {
    /** Mode of the workload, mode of the rule, what a caller of the mesh and one outside get. */
    private static final List<String[]> CELLS = List.of(
            cell("-          -            mTLS    plain"),
            cell("-          DISABLE      plain   plain"),
            cell("-          ISTIO_MUTUAL mTLS    plain"),
            cell("-          SIMPLE       refused plain"),
            cell("-          MUTUAL       refused plain"),
            cell("UNSET      -            mTLS    plain"),
            cell("UNSET      DISABLE      plain   plain"),
            cell("UNSET      ISTIO_MUTUAL mTLS    plain"),
            cell("UNSET      SIMPLE       refused plain"),
            cell("UNSET      MUTUAL       refused plain"),
            cell("PERMISSIVE -            mTLS    plain"),
            cell("PERMISSIVE DISABLE      plain   plain"),
            cell("PERMISSIVE ISTIO_MUTUAL mTLS    plain"),
            cell("PERMISSIVE SIMPLE       refused plain"),
            cell("PERMISSIVE MUTUAL       refused plain"),
            cell("STRICT     -            mTLS    refused"),
            cell("STRICT     DISABLE      refused refused"),
            cell("STRICT     ISTIO_MUTUAL mTLS    refused"),
            cell("STRICT     SIMPLE       refused refused"),
            cell("STRICT     MUTUAL       mTLS    refused"),
            cell("DISABLE    -            plain   plain"),
            cell("DISABLE    DISABLE      plain   plain"),
            cell("DISABLE    ISTIO_MUTUAL refused plain"),
            cell("DISABLE    SIMPLE       refused plain"),
            cell("DISABLE    MUTUAL       refused plain"));

    /** Ports of the workload, by kind. */
    static final Map<Integer, String> PORTS = new TreeMap<>(Map.of(
            8080, "a port of HTTP",
            8081, "a port of bytes",
            8082, "a port that is not named",
            8083, "a port that no service has",
            8084, "a port of gRPC"));

    /** A workload, and a gateway that calls it. */
    static final String WORLD = """
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: default}
            spec: {clusterIP: 10.96.0.7, selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}, {name: tcp, port: 81, targetPort: 8081}, {name: any, port: 82, targetPort: 8082}, {name: grpc, port: 84, targetPort: 8084}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: web, namespace: default, labels: {app: web, security.istio.io/tlsMode: istio}}
            spec: {serviceAccountName: web, containers: [{name: c}]}
            status: {podIP: 10.244.0.9, phase: Running, conditions: [{type: Ready, status: "True"}]}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web-x, namespace: default, labels: {kubernetes.io/service-name: web}}
            addressType: IPv4
            ports: [{name: http, port: 8080}]
            endpoints: [{addresses: [10.244.0.9], conditions: {ready: true}, targetRef: {kind: Pod, name: web}}]
            ---
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: caller, namespace: default}
            spec:
              selector: {istio: ingressgateway}
              servers: [{port: {number: 18080, name: http, protocol: HTTP}, hosts: [web.example]}]
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: web, namespace: default}
            spec:
              hosts: [web.example]
              gateways: [caller]
              http: [{route: [{destination: {host: web.default.svc.cluster.local, port: {number: 80}}}], retries: {attempts: 0}}]
            """;

    private EncryptionOnTheWire() {}

    private static String[] cell(String line) {
        return line.split(" +");
    }

    /** See the class. */
    public static void main(String[] arguments) throws Exception {
        boolean good;
        try (Wire wire = new Wire(List.copyOf(PORTS.keySet()))) {
            everyCell(wire);
            if (arguments[1].equals("lateen")) { // callers of plain text are the same whatever the other one is
                plaintext(wire, arguments[0]);
            }
            for (String[] cell : CELLS) {
                run(wire, cell, arguments[0], arguments[1]);
            }
            good = wire.report();
        }
        System.exit(good ? 0 : 1);
    }

    /** Each mode that there is, and none, with each. */
    private static void everyCell(Wire wire) {
        Set<String> there = CELLS.stream().map(cell -> cell[0] + " " + cell[1]).collect(Collectors.toSet());
        for (String authentication : modes(PeerAuthentication.Mode.values())) {
            for (String rule : modes(ClientTls.Mode.values())) {
                String cell = authentication + " " + rule;
                wire.count(there.contains(cell), cell, "the table does not have it");
            }
        }
    }

    /** Nothing of what is said in plain text to a STRICT workload may come to its app, whatever kind its port is of. */
    private static void plaintext(Wire wire, String workload) throws Exception {
        String rules = WORLD + """
                ---
                apiVersion: security.istio.io/v1
                kind: PeerAuthentication
                metadata: {name: all, namespace: default}
                spec: {mtls: {mode: STRICT}}
                """;
        int tried = 0;
        int letIn = 0;
        try (ControlPlane plane = wire.controlPlane(rules);
                WirePeer _ = wire.proxy(workload, Role.WORKLOAD, plane)) {
            for (Map.Entry<Integer, String> port : PORTS.entrySet()) {
                for (Map.Entry<String, byte[]> begins : Plaintext.beginnings().entrySet()) {
                    int before = wire.pod.heard();
                    String answer = Plaintext.answer(port.getKey(), begins.getValue());
                    boolean in = wire.pod.heard() > before || answer.contains(" 200 ");
                    tried++;
                    letIn += in ? 1 : 0;
                    wire.count(!in, begins.getKey() + " in plain text to STRICT, " + port.getValue(), answer);
                }
            }
        }
        System.out.println("attack: plain text to STRICT: " + tried + " tried, " + letIn + " let in");
    }

    private static List<String> modes(Enum<?>[] modes) {
        return Stream.concat(Stream.of("-"), Stream.of(modes).map(Enum::name)).toList();
    }

    private static void run(Wire wire, String[] cell, String workload, String caller) throws Exception {
        String rules = WORLD
                + (cell[0].equals("-") ? "" : """
                        ---
                        apiVersion: security.istio.io/v1
                        kind: PeerAuthentication
                        metadata: {name: all, namespace: default}
                        spec: {mtls: {mode: %s}}
                        """.formatted(cell[0]))
                + (cell[1].equals("-") ? "" : """
                        ---
                        apiVersion: networking.istio.io/v1
                        kind: DestinationRule
                        metadata: {name: web, namespace: default}
                        spec: {host: web, trafficPolicy: {tls: {mode: %s%s}}}
                        """.formatted(cell[1], certificates(wire, cell[1])));
        try (ControlPlane plane = wire.controlPlane(rules);
                WirePeer _ = wire.proxy(workload, Role.WORKLOAD, plane);
                WirePeer _ = wire.proxy(caller, Role.CALLER, plane)) {
            String what = String.join(" ", cell);
            String member = call("127.0.0.1", Role.CALLER.port());
            wire.count(member.equals(cell[2]), what + ": a caller of the mesh", member);
            String outsider = call(Pod.ADDRESS, 8080);
            wire.count(outsider.equals(cell[3]), what + ": a caller without a mesh", outsider);
        }
    }

    /** The files of a rule that brings its own: what is shown is good, and the workload is known by it. */
    private static String certificates(Wire wire, String mode) throws Exception {
        String trust = ", caCertificates: %s, subjectAltNames: ['%s']".formatted(wire.root(), WireAuthority.WORKLOAD);
        return switch (mode) {
            case "SIMPLE" -> trust;
            case "MUTUAL" -> {
                Wire.Shown own = wire.identity("spiffe://cluster.local/ns/default/sa/caller");
                yield trust + ", clientCertificate: %s, privateKey: %s".formatted(own.certificate(), own.key());
            }
            default -> "";
        };
    }

    /** What a call comes to: {@code mTLS}, {@code plain}, or {@code refused}. */
    static String call(String address, int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral(address), port), 20_000);
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write("GET / HTTP/1.1\r\nhost: web.example\r\nconnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            in.transferTo(answer);
            String head = answer.toString(StandardCharsets.ISO_8859_1);
            if (!head.startsWith("HTTP/1.1 200")) {
                return "refused";
            }
            return head.contains("x-seen: mTLS") ? "mTLS" : "plain";
        } catch (IOException e) {
            return "refused";
        }
    }
}
