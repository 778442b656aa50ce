package dev.lateen.mesh.translate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.networking.Gateway;
import dev.lateen.config.networking.Sidecar;
import dev.lateen.config.networking.WorkloadEntry;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.rules.BoundVirtualService;
import dev.lateen.mesh.rules.HostPolicy;
import dev.lateen.mesh.rules.Rules;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which objects of configuration the resources of a proxy are made from. */
public final class ProxyInputs {
    /** What proxies of one scope have in common. */
    private record Key(Scope scope) {}

    /** Objects seen through a scope. */
    private record Shared(Set<ObjectName> objects) {}

    private ProxyInputs() {}

    /** See {@link dev.lateen.mesh.Translator#inputs}. */
    public static Set<ObjectName> of(Snapshot snapshot, ProxyNode node) {
        Scope scope = Outbound.of(snapshot, node).scope();
        Set<ObjectName> all = new HashSet<>(snapshot.derived()
                .get(new Key(scope), Shared.class, _ -> new Shared(shared(snapshot, scope)))
                .objects());
        Map<String, String> labels = Translation.labels(snapshot, node);
        Rules rules = snapshot.rules();
        switch (node.type()) {
            case SIDECAR -> {
                ConfigObject<Sidecar> sidecar = rules.sidecar(node.namespace(), labels);
                if (sidecar != null) {
                    all.add(sidecar.objectName());
                }
            }
            case ROUTER -> {
                for (ConfigObject<Gateway> gateway : rules.gateways(node.namespace(), labels)) {
                    all.add(gateway.objectName());
                    scope.gatewayRules(gateway.namespace() + "/" + gateway.name(), gateway.namespace())
                            .forEach(rule -> add(all, rule));
                }
            }
        }
        rules.envoyFilters(node.namespace(), labels, node.metadata()).forEach(o -> all.add(o.objectName()));
        rules.security().peers(node.namespace(), labels).forEach(o -> all.add(o.objectName()));
        rules.security().policies(node.namespace(), labels).forEach(o -> all.add(o.objectName()));
        rules.security().authentications(node.namespace(), labels).forEach(o -> all.add(o.objectName()));
        rules.telemetry().holding(node.namespace(), labels).forEach(o -> all.add(o.objectName()));
        return all;
    }

    private static Set<ObjectName> shared(Snapshot snapshot, Scope scope) {
        Set<ObjectName> all = new HashSet<>();
        if (scope.isSidecar()) {
            scope.virtualServices().forEach(rule -> add(all, rule));
        }
        Map<String, List<MeshService>> selecting = new HashMap<>();
        for (MeshService service : scope.services()) {
            if (service.kind() == MeshService.Kind.SERVICE_ENTRY) {
                all.add(service.source());
            }
            HostPolicy policy = scope.policy(service);
            if (policy != null) {
                policy.sources().forEach(source -> all.add(source.objectName()));
            }
            if (!service.selector().isEmpty()) {
                selecting
                        .computeIfAbsent(service.namespace(), _ -> new java.util.ArrayList<>())
                        .add(service);
            }
        }
        for (ConfigObject<WorkloadEntry> entry :
                Rules.select(snapshot.config().values(), Kinds.WORKLOAD_ENTRY).values()) {
            Map<String, String> labels = new HashMap<>(entry.spec().labels());
            labels.putAll(entry.metadata().labels());
            boolean selected = selecting.getOrDefault(entry.namespace(), List.of()).stream()
                    .anyMatch(s -> labels.entrySet().containsAll(s.selector().entrySet()));
            if (selected) {
                all.add(entry.objectName());
            }
        }
        return all;
    }

    /** A rule, and those that it delegates to. */
    private static void add(Set<ObjectName> all, BoundVirtualService rule) {
        all.add(rule.object().objectName());
        rule.http().forEach(route -> all.add(route.object().objectName()));
    }
}
