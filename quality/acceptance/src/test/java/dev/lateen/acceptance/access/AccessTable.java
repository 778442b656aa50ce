package dev.lateen.acceptance.access;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** The table of verdicts, {@code authorization.txt}: policies, and who may do what under them, written by hand. */
final class AccessTable {
    /**
     * One line.
     *
     * @param who service account, with namespace and trust domain where they are others; {@code -} for nobody
     * @param what METHOD HOST/PATH, or {@code tcp}
     * @param facts {@code ip}, {@code port}, {@code sni}, {@code claims}, {@code token} (how the token with these claims
     *     is made, see {@link Tokens#with}), and header fields as {@code h.NAME}
     */
    record Question(boolean allowed, String who, String what, Map<String, String> facts) {
        boolean isTcp() {
            return what.equals("tcp");
        }

        String fact(String name, String otherwise) {
            return facts.getOrDefault(name, otherwise);
        }

        /** {@code TRUST-DOMAIN/NAMESPACE/ACCOUNT} of who asks. */
        String[] identity() {
            String[] words = who.split("/");
            return switch (words.length) {
                case 1 -> new String[] {"cluster.local", "default", words[0]};
                case 2 -> new String[] {"cluster.local", words[0], words[1]};
                default -> words;
            };
        }
    }

    /** So many verdicts at least, through each that decides. */
    static final int LEAST = 300;

    /** Settings of the mesh: services that policies may have asked. */
    private static final String SETTINGS = """
            extensionProviders:
            - name: asked
              envoyExtAuthzHttp: {service: asked.example, port: 9191, includeRequestHeadersInCheck: [x-asked]}
            - name: asked-grpc
              envoyExtAuthzGrpc: {service: asked.example, port: 9192}
            - name: away
              envoyExtAuthzHttp: {service: away.example, port: 80}
            """;

    /**
     * Where they are: both let pass what has field {@code x-asked} with value {@code yes}, that of gRPC connections whose
     * content is not read of service account {@code client}. The last is not there.
     */
    static final String SERVICE = """
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: asked, namespace: istio-system}
            spec:
              hosts: [asked.example]
              location: MESH_EXTERNAL
              resolution: STATIC
              ports: [{number: 9191, name: http, protocol: HTTP}, {number: 9192, name: grpc, protocol: GRPC}]
              endpoints: [{address: 10.99.0.2}]
            """;

    /** A gateway that answers by itself. */
    private static final String GATEWAY = """
            ---
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: edge, namespace: default}
            spec:
              selector: {istio: ingressgateway}
              servers: [{port: {number: 18080, name: http, protocol: HTTP}, hosts: ["*"]}]
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: edge, namespace: default}
            spec: {hosts: ["*"], gateways: [edge], http: [{directResponse: {status: 200}}]}
            """;

    /**
     * Policies, and the questions under them.
     *
     * @param role whose proxy is asked
     */
    record Scene(String name, Role role, String manifests, String settings, List<Question> questions) {
        /** Whether all that is refused in it is an attack. */
        boolean isAttack() {
            return name.startsWith("attack: ");
        }
    }

    private AccessTable() {}

    static List<Scene> scenes() throws IOException {
        List<Scene> scenes = new ArrayList<>();
        try (InputStream in = Objects.requireNonNull(AccessTable.class.getResourceAsStream("authorization.txt"))) {
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
                String[] words = line.split(" ", 3);
                switch (words[0]) {
                    case "", "#" -> {}
                    case "scene" ->
                        scenes.add(new Scene(line.substring(6), Role.WORKLOAD, "", SETTINGS, new ArrayList<>()));
                    case "gateway" -> gateway(scenes, words[1]);
                    case "settings" -> set(scenes, line.substring(9));
                    case "policy" -> add(scenes, manifest(words, "default", ""));
                    case "root" -> add(scenes, manifest(words, "istio-system", ""));
                    case "dryrun" ->
                        add(scenes, manifest(words, "default", ", annotations: {istio.io/dry-run: \"true\"}"));
                    case "yes", "no" -> scenes.getLast().questions().add(question(line));
                    default -> throw new IOException("not a line of the table: " + line);
                }
            }
        }
        return scenes;
    }

    private static void add(List<Scene> scenes, String manifest) {
        Scene last = scenes.removeLast();
        scenes.add(new Scene(last.name(), last.role(), last.manifests() + manifest, last.settings(), last.questions()));
    }

    /** @param hops proxies before it whose word on where a request comes from is taken */
    private static void gateway(List<Scene> scenes, String hops) {
        Scene last = scenes.removeLast();
        String trusting = """
            ---
            apiVersion: networking.istio.io/v1alpha3
            kind: EnvoyFilter
            metadata: {name: hops, namespace: default}
            spec:
              workloadSelector: {labels: {istio: ingressgateway}}
              configPatches:
              - applyTo: NETWORK_FILTER
                match: {context: GATEWAY, listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}}}
                patch:
                  operation: MERGE
                  value:
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                      xff_num_trusted_hops: %s
            """.formatted(hops);
        String manifests = last.manifests() + GATEWAY + (hops.equals("0") ? "" : trusting);
        scenes.add(new Scene(last.name(), Role.CALLER, manifests, last.settings(), last.questions()));
    }

    private static void set(List<Scene> scenes, String setting) {
        Scene last = scenes.removeLast();
        String settings = last.settings() + setting + "\n";
        scenes.add(new Scene(last.name(), last.role(), last.manifests(), settings, last.questions()));
    }

    private static String manifest(String[] words, String namespace, String more) {
        return """
                ---
                apiVersion: security.istio.io/v1
                kind: AuthorizationPolicy
                metadata: {name: %s, namespace: %s%s}
                spec: %s
                """.formatted(words[1], namespace, more, words[2]);
    }

    private static Question question(String line) {
        String[] words = line.split(" ");
        Map<String, String> facts = new TreeMap<>();
        boolean tcp = words[2].equals("tcp");
        for (int i = tcp ? 3 : 4; i < words.length; i++) {
            int equals = words[i].indexOf('=');
            facts.put(words[i].substring(0, equals), words[i].substring(equals + 1));
        }
        return new Question(words[0].equals("yes"), words[1], tcp ? "tcp" : words[2] + " " + words[3], facts);
    }
}
