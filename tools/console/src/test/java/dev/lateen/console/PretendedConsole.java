package dev.lateen.console;

import dev.lateen.telemetry.MeshTraffic;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/** The console of a mesh that is not there. */
final class PretendedConsole {
    private static final String RULES = """
        {"rules":[{"kind":"VirtualService","namespace":"team-a","name":"web","state":"refused",
        "yaml":"apiVersion: networking.istio.io/v1\\nkind: VirtualService\\nspec:\\n  hosts:\\n  - web\\n  http:\\n  - timeout: soon\\n    route: []",
        "messages":[{"level":"ERROR","message":"spec.http[0].timeout: not a duration"}]},
        {"kind":"DestinationRule","namespace":"team-a","name":"web","state":"accepted","yaml":"spec: {}","messages":[]}],"problems":[]}\
        """;

    private static final String SECURITY = """
        {"certificates":[{"pod":"team-a/web-1","identity":"spiffe://cluster.local/ns/team-a/sa/web","issued":"2026-01-01T10:00:00Z","expires":"2036-01-02T10:00:00Z"}],
        "denials":[{"pod":"team-a/web-1","id":"1","at":"2026-01-01T10:00:00Z","subject":"GET web/admin","reasons":["no policy allows it"]}],"problems":[]}\
        """;

    private PretendedConsole() {}

    /** With so many edges, and a few requests that have ended. */
    static Console of(int edges) throws IOException {
        return of(edges, new PretendedTail());
    }

    static Console of(int edges, PretendedTail tail) throws IOException {
        return of(edges, tail, Set.of(PretendedMesh.GATEWAY));
    }

    /** @param gateways workloads that are said to be some */
    static Console of(int edges, PretendedTail tail, Set<String> gateways) throws IOException {
        MeshTraffic traffic = new MeshTraffic(2000);
        new PretendedMesh(edges).fill(traffic, Instant.now());
        return new Console(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new Console.Source(
                        traffic,
                        () -> new MeshWatch.State(1, 2, gateways, List.of()),
                        () -> "{}",
                        PretendedMesh.control()::json,
                        () -> RULES,
                        tail::json,
                        () -> SECURITY),
                Console.Landing.MAP,
                (_, _) -> Authorizer.Verdict.NOT_KNOWN);
    }

    /** Its address. */
    static String at(Console console) {
        return "http://127.0.0.1:" + console.address().getPort();
    }
}
