package dev.lateen.control;

import dev.lateen.config.Problem;
import dev.lateen.control.status.ProxyState;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Endpoint;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Protocol;
import dev.lateen.mesh.translate.Names;
import dev.lateen.xds.ResourceType;
import dev.lateen.xds.server.ClientStatus;
import dev.lateen.xds.server.TypeStatus;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What is odd about the newest push, by Istio's metric and then by what it concerns. Pure. */
final class PushStatus {
    private PushStatus() {}

    static ObjectNode of(Snapshot snapshot, List<ClientStatus> proxies) {
        ObjectNode page = JsonNodeFactory.instance.objectNode();
        for (MeshService service : snapshot.registry().services()) {
            if (service.resolution() == MeshService.Resolution.ENDPOINTS) {
                Set<String> served = snapshot.registry().endpoints(service).stream()
                        .map(Endpoint::portName)
                        .collect(Collectors.toSet());
                for (MeshPort port : service.ports()) {
                    if (port.protocol() != Protocol.UDP && !served.contains(port.name())) {
                        page.withObjectProperty("pilot_eds_no_instances")
                                .putObject(Names.outbound(port.number(), "", service.host()));
                    }
                }
            }
        }
        for (Problem problem : snapshot.problems()) {
            if (problem.shadowedBy() != null) {
                page.withObjectProperty("pilot_vservice_dup_domain")
                        .putObject(problem.origin().at(problem.path()))
                        .put("message", problem.message());
            }
        }
        for (ClientStatus proxy : proxies) {
            for (TypeStatus type : proxy.types()) {
                if (!type.rejection().isEmpty()) {
                    String name = ProxyState.name(proxy.node());
                    page.withObjectProperty("pilot_total_xds_rejects")
                            .putObject(name + " " + ResourceType.shortName(type.type()))
                            .put("proxy", name)
                            .put("message", type.rejection());
                }
            }
        }
        return page;
    }
}
