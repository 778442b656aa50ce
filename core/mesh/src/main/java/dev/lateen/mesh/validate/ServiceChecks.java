package dev.lateen.mesh.validate;

import dev.lateen.config.Origin;
import dev.lateen.config.Problem;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Endpoint;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Services of the same pods that say different things of one port. */
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
        return problems;
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
