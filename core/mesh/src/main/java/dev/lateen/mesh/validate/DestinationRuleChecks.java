package dev.lateen.mesh.validate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.networking.DestinationRule;
import dev.lateen.config.networking.DestinationRule.Subset;
import dev.lateen.config.networking.TrafficPolicy;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Endpoint;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.rules.Hosts;
import dev.lateen.mesh.translate.Scope;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Checks one DestinationRule. */
final class DestinationRuleChecks {
    private DestinationRuleChecks() {}

    static void run(ConfigObject<DestinationRule> object, Scope scope, Snapshot snapshot, Findings findings) {
        DestinationRule spec = object.spec();
        String host = Hosts.resolve(spec.host(), object.namespace(), snapshot.domain());
        if (host.startsWith("*")) {
            return;
        }
        MeshService service = scope.service(host);
        if (service == null) {
            findings.missing(object, "spec.host", "no Service and no ServiceEntry has host " + host);
            return;
        }
        ports(object, spec.trafficPolicy(), "spec.trafficPolicy", service, findings);
        List<Endpoint> endpoints = snapshot.registry().endpoints(service);
        for (int i = 0; i < spec.subsets().size(); i++) {
            Subset subset = spec.subsets().get(i);
            String path = "spec.subsets[" + i + "]";
            ports(object, subset.trafficPolicy(), path + ".trafficPolicy", service, findings);
            boolean empty = endpoints.stream().noneMatch(e -> e.has(subset.labels()));
            if (findings.isComplete() && empty && service.resolution() == MeshService.Resolution.ENDPOINTS) {
                findings.warning(
                        object,
                        path + ".labels",
                        "no endpoint of " + service.source() + " has these labels now: requests to subset "
                                + subset.name() + " fail");
            }
        }
    }

    private static void ports(
            ConfigObject<DestinationRule> object,
            @Nullable TrafficPolicy policy,
            String path,
            MeshService service,
            Findings findings) {
        if (policy == null) {
            return;
        }
        for (int i = 0; i < policy.portLevelSettings().size(); i++) {
            int number = policy.portLevelSettings().get(i).port().number();
            if (service.port(number).isEmpty()) {
                findings.error(
                        object,
                        path + ".portLevelSettings[" + i + "].port.number",
                        service.source() + " has no port " + number);
            }
        }
    }
}
