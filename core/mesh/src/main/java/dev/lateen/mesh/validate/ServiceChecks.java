package dev.lateen.mesh.validate;

import dev.lateen.config.Origin;
import dev.lateen.config.Problem;
import dev.lateen.config.security.TargetReference;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Endpoint;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Protocol;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Services of the same pods that say different things of one port, and ports that say nothing of what is spoken. */
final class ServiceChecks {
    private ServiceChecks() {}

    private record Claim(MeshService service, MeshPort port) {}

    static List<Problem> of(Snapshot snapshot) {
        List<Problem> problems = new ArrayList<>();
        Map<String, Claim> claims = new HashMap<>();
        snapshot.registry().services().stream()
                .filter(service -> service.kind() == MeshService.Kind.KUBERNETES)
                .sorted(Comparator.comparing(MeshService::created).thenComparing(MeshService::host))
                .forEach(service -> {
                    Set<MeshPort> told = new HashSet<>();
                    for (Endpoint endpoint : snapshot.registry().endpoints(service)) {
                        service.ports().stream()
                                .filter(port -> port.name().equals(endpoint.portName()))
                                .forEach(port -> {
                                    String place = endpoint.address() + ":" + endpoint.port();
                                    Claim older = claims.putIfAbsent(place, new Claim(service, port));
                                    if (older != null && older.port().protocol() != port.protocol() && told.add(port)) {
                                        problems.add(conflict(service, port, older, endpoint.port()));
                                    }
                                });
                    }
                });
        snapshot.registry().services().stream()
                .filter(service -> service.kind() == MeshService.Kind.KUBERNETES && isOfUsers(service, snapshot))
                .sorted(Comparator.comparing(MeshService::host))
                .forEach(service -> protocols(service, problems));
        return problems;
    }

    /** Services of the cluster, of the mesh and of gateways that were made for someone are not named by users. */
    private static boolean isOfUsers(MeshService service, Snapshot snapshot) {
        return !service.namespace().startsWith("kube-")
                && !service.namespace().equals(snapshot.mesh().effectiveRootNamespace())
                && !service.selector().containsKey(TargetReference.GATEWAY_NAME);
    }

    private static void protocols(MeshService service, List<Problem> problems) {
        for (int i = 0; i < service.ports().size(); i++) {
            MeshPort port = service.ports().get(i);
            String advice = "";
            if (service.external() && (port.protocol() == Protocol.UNKNOWN || port.protocol() == Protocol.TCP)) {
                advice = "of an ExternalName is neither HTTP nor TLS, so connections to port " + port.number()
                        + " of other places may go there too: begin its name with http- or tls-, or write a ServiceEntry"
                        + " with addresses";
            } else if (port.protocol() == Protocol.UNKNOWN) {
                advice =
                        "has a name that does not say what is spoken, so proxies look at the first bytes: begin it with"
                                + " http-, grpc-, tcp- or the like, or set appProtocol";
            }
            if (!advice.isEmpty()) {
                problems.add(Problem.warning(new Origin.Api(service.source()), "spec.ports[" + i + "]", advice));
            }
        }
    }

    private static Problem conflict(MeshService service, MeshPort port, Claim older, int target) {
        return Problem.warning(
                new Origin.Api(service.source()),
                "spec.ports[" + service.ports().indexOf(port) + "]",
                "leads to port " + target + " of pods as " + port.protocol() + ", and the older "
                        + older.service().source()
                        + " as " + older.port().protocol()
                        + ", which counts there: give both ports the same protocol in name or appProtocol");
    }
}
