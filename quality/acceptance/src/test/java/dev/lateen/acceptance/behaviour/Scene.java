package dev.lateen.acceptance.behaviour;

import dev.lateen.config.yaml.YamlText;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A control plane, its proxies, and the pods around them, in this process's network namespace. */
final class Scene implements AutoCloseable {
    /** Starts the proxies on a control plane's port. */
    interface Start {
        Peer at(int xdsPort) throws IOException;
    }

    /** Stands in manifests for the certificate of the suite's servers. */
    private static final String CERTIFICATE = "${certificate}";

    private final String root;
    private final Backends backends;
    private final ControlSide control;
    private final Peer peer;
    private final AccessLogFile log;
    private final Caller caller = new Caller();
    private final Duration patience;
    private int applied;

    /**
     * @param log where {@link AccessLogFile#PLACE} is
     * @param patience how long rules may take to come into force
     */
    Scene(ControlSide control, Path log, Start start, Duration patience) throws IOException {
        this.log = new AccessLogFile(log);
        this.patience = patience;
        Certificates certificates = Certificates.make();
        this.root = certificates.pem();
        this.backends = Backends.start(certificates, log);
        this.control = control;
        this.peer = start.at(control.xdsPort());
    }

    /**
     * Takes all rules away. A control plane keeps the last good version of an object that has become wrong: where one is
     * made wrong on purpose, there must be none.
     */
    void clear() throws IOException, InterruptedException {
        var _ = apply(List.of());
    }

    /** Runs a behaviour; what went wrong, empty when nothing did. */
    List<String> run(Behaviour behaviour, List<ObjectNode> objects) throws IOException, InterruptedException {
        List<String> wrong = new ArrayList<>(apply(objects));
        if (!wrong.isEmpty()) {
            // The next rules must find a proxy that has refused nothing: the same bytes are not sent to it twice.
            apply(List.of());
        }
        List<ObjectNode> now = objects;
        for (Step step : wrong.isEmpty() ? behaviour.steps() : List.<Step>of()) {
            backends.forget();
            Thread.sleep(step.pause());
            if (step.method().equals("apply")) {
                now = replaced(now, step.objects());
                wrong.addAll(apply(now));
                continue;
            }
            long before = log.size();
            List<Caller.Reply> replies = step.method().equals("xds") ? List.of(sent(step.host())) : caller.call(step);
            for (String problem : Verdict.of(step, replies, backends)) {
                wrong.add(step + ": " + problem);
            }
            JsonNode logged = step.expected("log");
            if (logged != null) {
                log.verify(before, logged).forEach(problem -> wrong.add(step + ": " + problem));
            }
        }
        return wrong;
    }

    /** The objects with others in the place of those that have their names. */
    private static List<ObjectNode> replaced(List<ObjectNode> objects, List<ObjectNode> others) {
        List<ObjectNode> all = new ArrayList<>(objects);
        all.removeIf(object -> others.stream().anyMatch(other -> name(other).equals(name(object))));
        all.addAll(others);
        return all;
    }

    private static String name(ObjectNode object) {
        return object.path("kind") + " " + object.path("metadata").path("namespace") + " "
                + object.path("metadata").path("name");
    }

    private Caller.Reply sent(String name) throws IOException, InterruptedException {
        String found = control.sent(name);
        return new Caller.Reply(found.isEmpty() ? 404 : 200, "", Map.of(), found, 0, "");
    }

    /** Replaces all rules and waits until both proxies follow them. */
    private List<String> apply(List<ObjectNode> objects) throws IOException, InterruptedException {
        applied++;
        String marker = "marker-" + applied + ".test";
        String text = """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: marker, namespace: istio-system}
                spec:
                  hosts: [%1$s]
                  exportTo: ["*"]
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  resolution: STATIC
                  endpoints: [{address: 10.244.9.9, ports: {http: 9080}}]
                ---
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: marker, namespace: istio-system}
                spec: {host: %1$s, trafficPolicy: {loadBalancer: {localityLbSetting: {enabled: false}}}}
                ---
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: marker, namespace: istio-system}
                spec:
                  selector: {istio: ingressgateway}
                  servers: [{hosts: ["*"], port: {number: 8099, name: http, protocol: HTTP}}]
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: marker, namespace: istio-system}
                spec:
                  hosts: [%1$s]
                  exportTo: ["*"]
                  gateways: [marker]
                  http: [{route: [{destination: {host: %1$s, port: {number: 80}}}]}]
                """.formatted(marker);
        List<ObjectNode> all = new ArrayList<>();
        objects.forEach(object -> all.add(filled(object)));
        YamlText.read(text).documents().forEach(document -> all.add((ObjectNode) document.tree()));
        control.apply(all);
        return await(marker);
    }

    /** The object with what stands in place of the certificate and of the access log's file. */
    private ObjectNode filled(ObjectNode object) {
        ObjectNode copy = object.deepCopy();
        if (copy.get("data") instanceof ObjectNode data) {
            for (String key : List.copyOf(data.propertyNames())) {
                String text = data.path(key).asString();
                data.put(key, text.equals(CERTIFICATE) ? root : text.replace(AccessLogFile.PLACE, log.toString()));
            }
        }
        return copy;
    }

    private List<String> await(String marker) throws IOException, InterruptedException {
        Step app = marker("app", marker, 80, "");
        Step gateway = marker("gateway", marker, 8099, "");
        // The rules may ask for the PROXY protocol at every port of the gateway.
        Step announced = marker("gateway", marker, 8099, World.PEER);
        long end = System.nanoTime() + patience.toNanos();
        String missing = "";
        while (System.nanoTime() < end) {
            List<String> refused = control.refused();
            if (!refused.isEmpty()) {
                return refused;
            }
            missing = !answers(app)
                    ? "the sidecar does not follow the rules"
                    : !answers(gateway) && !answers(announced)
                            ? "the gateway does not follow the rules"
                            : !control.synced() ? "a proxy has not acknowledged all" : !peer.settled() ? "warming" : "";
            if (missing.isEmpty()) {
                return List.of();
            }
            Thread.sleep(5);
        }
        return List.of("not in force in time: " + missing);
    }

    private boolean answers(Step step) throws IOException, InterruptedException {
        return caller.call(step).getFirst().from().equals("marker");
    }

    private static Step marker(String via, String host, int port, String announced) {
        Map<String, String> none = Map.of();
        return new Step(
                "get",
                via,
                host,
                port,
                "/",
                World.OUTSIDE,
                none,
                "",
                1,
                1,
                false,
                0,
                0,
                announced,
                Map.of(),
                List.of());
    }

    @Override
    public void close() {
        peer.close();
        control.close();
        backends.close();
    }
}
