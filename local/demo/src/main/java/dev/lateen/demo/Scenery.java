package dev.lateen.demo;

import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** What is there of the things that chapters stand on. A chapter asks for what it needs; what an earlier one left stays. */
final class Scenery {
    private static final String INSTALL =
            "lateen install --set sidecarInjectorWebhook.enabled=false,grafana.enabled=true,servicegraph.enabled=true,tracing.enabled=true";
    static final String CLIENT_POD =
            "export clientPod=$(kubectl get pods -l app=client -o jsonpath=\"{.items[0].metadata.name}\")";

    private enum Part {
        MESH,
        APPS,
        SNIFFER,
        SIEGE
    }

    private final Set<Part> there = EnumSet.noneOf(Part.class);
    private final List<String> settings;
    private final boolean envoy;
    private final ConsoleWatch console;
    private String before = "";

    /**
     * @param settings further ones of {@code install}
     * @param envoy whether sidecars are stock Envoys
     * @param console opens when there is a mesh, and ends with it
     */
    Scenery(List<String> settings, boolean envoy, ConsoleWatch console) {
        this.console = console;
        this.settings = settings;
        this.envoy = envoy;
    }

    /** The line that installs the mesh. */
    String install() {
        return String.join(
                ",", Stream.concat(Stream.of(INSTALL), settings.stream()).toList());
    }

    /** Whether sidecars are stock Envoys. */
    boolean envoy() {
        return envoy;
    }

    /** The objects of the cluster before anything of the mesh was installed; empty when nothing was. */
    String before() {
        return before;
    }

    /** All objects that can be listed, one a line, but for what merely tells of the others. */
    static String inventory(Walk walk) throws IOException, InterruptedException, ChapterException {
        return walk.silently(
                        "kubectl get -A -o name --ignore-not-found --chunk-size=0 $(kubectl api-resources --verbs=list"
                                + " -o name | grep -v -e '^events' -e '^leases' -e '^componentstatuses' | sort | paste -sd,)"
                                + " | sort")
                .out();
    }

    /** The mesh is installed; true when that happened now. */
    boolean mesh(Walk walk) throws IOException, InterruptedException, ChapterException {
        if (!there.add(Part.MESH)) {
            return false;
        }
        before = inventory(walk);
        return true;
    }

    /** The line that installs the mesh has run. */
    void installed(Walk walk) throws IOException, InterruptedException {
        console.open(walk);
    }

    /** The mesh is installed, by nobody in particular. */
    void needMesh(Walk walk) throws IOException, InterruptedException, ChapterException {
        if (mesh(walk)) {
            walk.run(Deviation.INSTALL, install());
            installed(walk);
        }
    }

    /** Client, retry backend and both versions of the web run with sidecars, and {@code $clientPod} is set. */
    void needApps(Walk walk) throws IOException, InterruptedException, ChapterException {
        needMesh(walk);
        if (there.add(Part.APPS)) {
            walk.run("kubectl create -f <(istioctl kube-inject -i istio-system -f client.yaml)");
            walk.run("kubectl create -f <(istioctl kube-inject -i istio-system -f retryBackend.yaml)");
            walk.run("kubectl create -f <(istioctl kube-inject -i istio-system -f canary.yaml)");
            walk.rolledOut("client", "retry-backend", "myweb-deploy-v1", "myweb-deploy-v2");
        }
        walk.run(CLIENT_POD);
    }

    /** The sniffer runs with a sidecar. */
    void needSniffer(Walk walk) throws IOException, InterruptedException, ChapterException {
        needApps(walk);
        if (there.add(Part.SNIFFER)) {
            walk.run("kubectl create -f <(istioctl kube-inject -i istio-system -f sniffer.yaml)");
            walk.rolledOut("sniffer");
        }
    }

    /** The load generator runs with a sidecar, and {@code $siegePod} is set. */
    void needSiege(Walk walk) throws IOException, InterruptedException, ChapterException {
        needApps(walk);
        if (there.add(Part.SIEGE)) {
            walk.run("kubectl create -f <(istioctl kube-inject -i istio-system -f siege.yaml)");
            walk.rolledOut("siege");
        }
        walk.run("export siegePod=$(kubectl get pods -l app=siege -o jsonpath=\"{.items[0].metadata.name}\")");
    }

    /** Everything is gone. */
    void cleared() {
        console.close();
        there.clear();
    }
}
