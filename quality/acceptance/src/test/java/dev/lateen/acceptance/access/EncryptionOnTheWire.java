package dev.lateen.acceptance.access;

import dev.lateen.control.ControlPlane;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What comes of a call by PeerAuthentication of the workload, DestinationRule of the caller, and kind of both proxies;
 * each cell over the wire, by hand from Istio's tables of mutual TLS. Runs in a network namespace that the caller made:
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
            cell("UNSET      -            mTLS    plain"),
            cell("UNSET      DISABLE      plain   plain"),
            cell("UNSET      ISTIO_MUTUAL mTLS    plain"),
            cell("PERMISSIVE -            mTLS    plain"),
            cell("PERMISSIVE DISABLE      plain   plain"),
            cell("PERMISSIVE ISTIO_MUTUAL mTLS    plain"),
            cell("STRICT     -            mTLS    refused"),
            cell("STRICT     DISABLE      refused refused"),
            cell("STRICT     ISTIO_MUTUAL mTLS    refused"),
            cell("DISABLE    -            plain   plain"),
            cell("DISABLE    DISABLE      plain   plain"),
            cell("DISABLE    ISTIO_MUTUAL refused plain"));

    private static final String WORLD = """
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: default}
            spec: {clusterIP: 10.96.0.7, selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
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
              http: [{route: [{destination: {host: web.default.svc.cluster.local}}], retries: {attempts: 0}}]
            """;

    private EncryptionOnTheWire() {}

    private static String[] cell(String line) {
        return line.split(" +");
    }

    /** See the class. */
    public static void main(String[] arguments) throws Exception {
        boolean good;
        try (Wire wire = new Wire(List.of(8080))) {
            for (String[] cell : CELLS) {
                run(wire, cell, arguments[0], arguments[1]);
            }
            good = wire.report();
        }
        System.exit(good ? 0 : 1);
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
                        spec: {host: web, trafficPolicy: {tls: {mode: %s}}}
                        """.formatted(cell[1]));
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

    private static String call(String address, int port) {
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
