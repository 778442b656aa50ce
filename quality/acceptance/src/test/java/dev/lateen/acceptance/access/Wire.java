package dev.lateen.acceptance.access;

import dev.lateen.control.ControlOptions;
import dev.lateen.control.ControlPlane;
import dev.lateen.proxy.tls.IdentityOptions;
import dev.lateen.xds.server.XdsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A mesh of one workload in a network namespace: its app, its authority, and what a suite counts. */
final class Wire implements AutoCloseable {
    final WireAuthority authority = new WireAuthority();
    private final Path work = Files.createTempDirectory("wire");
    private final XdsServer signs = authority.serve();
    final Pod pod;
    private final IdentityOptions identity;
    private final Map<String, WireAuthority.Identity> revoked = new HashMap<>();
    private int passed;
    private int failed;

    /** @param ports of the app */
    Wire(Collection<Integer> ports) throws Exception {
        Pod.prepare();
        pod = Pod.start(ports);
        for (String uri : List.of(WireAuthority.WORKLOAD, "spiffe://cluster.local/ns/default/sa/client")) {
            revoked.put(uri, authority.issue(uri));
        }
        Files.writeString(work.resolve("ca-crl.pem"), authority.revoking(revoked.values()));
        identity = new IdentityOptions(
                "127.0.0.1:" + signs.port(),
                Files.writeString(work.resolve("token"), "token"),
                Files.writeString(work.resolve("root.pem"), WireAuthority.pem(authority.root())),
                "Kubernetes",
                Duration.ofHours(1));
    }

    /** What the authority once issued for this identity, and has revoked. */
    WireAuthority.Identity revoked(String uri) {
        return Objects.requireNonNull(revoked.get(uri));
    }

    /** A certificate and its key, as files. */
    record Shown(Path certificate, Path key) {}

    /** The file with the authority's root. */
    Path root() {
        return work.resolve("root.pem");
    }

    /** What a workload of this identity shows, as the authority issued it. */
    Shown identity(String uri) throws Exception {
        WireAuthority.Identity issued = authority.issue(uri);
        String key = Base64.getMimeEncoder(64, new byte[] {'\n'})
                .encodeToString(issued.key().getPrivate().getEncoded());
        return new Shown(
                Files.writeString(work.resolve("own.pem"), WireAuthority.pem(issued.certificate())),
                Files.writeString(
                        work.resolve("own-key.pem"),
                        "-----BEGIN PRIVATE KEY-----\n" + key + "\n-----END PRIVATE KEY-----\n"));
    }

    /** A control plane of these objects, ready. */
    ControlPlane controlPlane(String manifests) throws Exception {
        Path directory = Files.createTempDirectory(work, "scene");
        Files.writeString(directory.resolve("objects.yaml"), manifests);
        ControlPlane plane = ControlPlane.start(
                ControlOptions.defaults()
                        .withConfigDir(directory)
                        .withBind(InetAddress.getLoopbackAddress())
                        .withPorts(0, 0, 0)
                        .withDebounce(Duration.ofMillis(5), Duration.ofSeconds(1)),
                "test");
        plane.ready().get(20, TimeUnit.SECONDS);
        return plane;
    }

    /** A proxy of a kind, ready. */
    WirePeer proxy(String kind, Role role, ControlPlane plane) throws IOException, InterruptedException {
        WirePeer peer = WirePeer.start(kind, role, plane.xdsPort(), identity, work);
        peer.awaitReady();
        return peer;
    }

    void count(boolean good, String what, String seen) {
        if (good) {
            passed++;
        } else {
            failed++;
            System.out.println("FAILED  " + what + "\n        " + seen);
        }
    }

    /** Says what was counted, and whether all of it passed. */
    boolean report() {
        System.out.println(passed + " passed, " + failed + " failed");
        return passed > 0 && failed == 0;
    }

    @Override
    public void close() throws IOException {
        signs.close();
        pod.close();
        try (Stream<Path> files = Files.walk(work)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        }
    }
}
