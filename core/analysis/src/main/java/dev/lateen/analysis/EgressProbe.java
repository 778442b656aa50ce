package dev.lateen.analysis;

import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Protocol;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A call that shows what the mesh lets out.
 *
 * @param entry the object that it is about; empty for names that nothing lists
 * @param host to call
 * @param port to call
 * @param tls whether by TLS
 * @param answers whether it must be answered; else it must be refused
 * @param skipped why it cannot be called; empty when it can
 */
public record EgressProbe(String entry, String host, int port, boolean tls, boolean answers, String skipped) {
    /** Begins names that nobody may have listed. */
    private static final String UNLISTED = "lateen-egress-probe";

    private static final int HTTP = 80;
    private static final int HTTPS = 443;

    /**
     * What to call so that every ServiceEntry of hosts outside is shown to open its names, and nothing beside them: each
     * name, for a wildcard its domain itself and a name that only ends alike, for a single name one below it, and one that
     * nobody lists.
     *
     * @param namespace from which is called: entries that it does not see are left out
     */
    public static List<EgressProbe> of(Snapshot snapshot, String namespace) {
        List<MeshService> listed = snapshot.registry().services().stream()
                .filter(service -> service.kind() == MeshService.Kind.SERVICE_ENTRY && service.external())
                .filter(service -> isSeen(service, namespace))
                .toList();
        Set<EgressProbe> probes = new LinkedHashSet<>();
        for (MeshService service : listed) {
            String entry = service.source().toString();
            String host = service.host();
            for (MeshPort port : service.ports()) {
                boolean tls = port.protocol().isTls();
                String skipped = whyNot(host, port.protocol());
                probes.add(new EgressProbe(entry, host, port.number(), tls, true, skipped));
                if (skipped.isEmpty() || host.startsWith("*.")) {
                    beside(host).forEach(name -> unlisted(entry, name, port.number(), tls, listed, probes));
                }
            }
        }
        unlisted("", UNLISTED + ".invalid", HTTP, false, listed, probes);
        unlisted("", UNLISTED + ".invalid", HTTPS, true, listed, probes);
        return List.copyOf(probes);
    }

    /** An address where nobody is (RFC 5737), should a call get out, and that no entry lists. */
    public static String nowhere(Snapshot snapshot) {
        Set<String> listed = snapshot.registry().services().stream()
                .flatMap(service -> service.dialled().stream())
                .collect(Collectors.toSet());
        return IntStream.range(1, 255)
                .mapToObj(last -> "192.0.2." + last)
                .filter(address -> !listed.contains(address))
                .findFirst()
                .orElse("203.0.113.1");
    }

    /** Whether only a probe calls this: one of its names, or its address. */
    static boolean calls(Snapshot snapshot, String host) {
        return host.startsWith(UNLISTED) || host.equals(nowhere(snapshot));
    }

    private static boolean isSeen(MeshService service, String namespace) {
        return service.exportTo().isEmpty()
                || service.exportTo().contains("*")
                || service.exportTo().contains(namespace)
                || (service.exportTo().contains(".") && service.namespace().equals(namespace));
    }

    private static String whyNot(String host, Protocol protocol) {
        if (host.startsWith("*")) {
            return "a wildcard does not say whom to ask";
        }
        return protocol.isHttp() || protocol.isTls() ? "" : "no HTTP and no TLS: nothing is known of its answers";
    }

    /** Names that are near, and must not be open. */
    private static List<String> beside(String host) {
        return host.startsWith("*.")
                ? List.of(host.substring(2), UNLISTED + host.substring(2))
                : List.of(UNLISTED + "." + host);
    }

    private static void unlisted(
            String entry, String name, int port, boolean tls, List<MeshService> listed, Set<EgressProbe> probes) {
        boolean opened =
                listed.stream().anyMatch(service -> service.port(port).isPresent() && covers(service.host(), name));
        if (!opened) {
            probes.add(new EgressProbe(entry, name, port, tls, false, ""));
        } else if (entry.isEmpty()) {
            probes.add(new EgressProbe(entry, name, port, tls, false, "an entry opens every name of .invalid"));
        }
    }

    private static boolean covers(String host, String name) {
        return host.startsWith("*") ? name.endsWith(host.substring(1)) : host.equals(name);
    }
}
