package dev.lateen.control;

import com.google.protobuf.Any;
import dev.lateen.xds.ResourceType;
import dev.lateen.xds.server.ResourceSet;
import io.envoyproxy.envoy.admin.v3.BootstrapConfigDump;
import io.envoyproxy.envoy.admin.v3.ClustersConfigDump;
import io.envoyproxy.envoy.admin.v3.ClustersConfigDump.DynamicCluster;
import io.envoyproxy.envoy.admin.v3.ConfigDump;
import io.envoyproxy.envoy.admin.v3.EndpointsConfigDump;
import io.envoyproxy.envoy.admin.v3.EndpointsConfigDump.DynamicEndpointConfig;
import io.envoyproxy.envoy.admin.v3.ListenersConfigDump;
import io.envoyproxy.envoy.admin.v3.ListenersConfigDump.DynamicListener;
import io.envoyproxy.envoy.admin.v3.ListenersConfigDump.DynamicListenerState;
import io.envoyproxy.envoy.admin.v3.RoutesConfigDump;
import io.envoyproxy.envoy.admin.v3.RoutesConfigDump.DynamicRouteConfig;
import io.envoyproxy.envoy.admin.v3.ScopedRoutesConfigDump;
import io.envoyproxy.envoy.admin.v3.SecretsConfigDump;
import java.util.List;

/** What a proxy should have, as Envoy's admin interface would dump it (envoy.admin.v3). Pure. */
final class ConfigDumps {
    private ConfigDumps() {}

    /**
     * The dump as istiod's page has it: every part that Envoy's has, those empty that are the proxy's own.
     *
     * @param endpoints with assignments, which Envoy shows when asked ({@code include_eds})
     */
    static ConfigDump whole(ResourceSet resources, boolean endpoints) {
        List<Any> parts = of(resources);
        ConfigDump.Builder dump = ConfigDump.newBuilder()
                .addConfigs(Any.pack(BootstrapConfigDump.getDefaultInstance()))
                .addConfigs(parts.get(0));
        if (endpoints) {
            EndpointsConfigDump.Builder assignments = EndpointsConfigDump.newBuilder();
            resources
                    .of(ResourceType.ENDPOINT)
                    .values()
                    .forEach(resource -> assignments.addDynamicEndpointConfigs(DynamicEndpointConfig.newBuilder()
                            .setVersionInfo(resource.version())
                            .setEndpointConfig(resource.body())));
            dump.addConfigs(Any.pack(assignments.build()));
        }
        return dump.addConfigs(parts.get(1))
                .addConfigs(Any.pack(ScopedRoutesConfigDump.getDefaultInstance()))
                .addConfigs(parts.get(2))
                .addConfigs(Any.pack(SecretsConfigDump.getDefaultInstance()))
                .build();
    }

    /** Clusters, listeners and route tables, in this order. */
    static List<Any> of(ResourceSet resources) {
        ClustersConfigDump.Builder clusters = ClustersConfigDump.newBuilder();
        resources
                .of(ResourceType.CLUSTER)
                .values()
                .forEach(resource -> clusters.addDynamicActiveClusters(DynamicCluster.newBuilder()
                        .setVersionInfo(resource.version())
                        .setCluster(resource.body())));
        ListenersConfigDump.Builder listeners = ListenersConfigDump.newBuilder();
        resources
                .of(ResourceType.LISTENER)
                .values()
                .forEach(resource -> listeners.addDynamicListeners(DynamicListener.newBuilder()
                        .setName(resource.name())
                        .setActiveState(DynamicListenerState.newBuilder()
                                .setVersionInfo(resource.version())
                                .setListener(resource.body()))));
        RoutesConfigDump.Builder routes = RoutesConfigDump.newBuilder();
        resources
                .of(ResourceType.ROUTE)
                .values()
                .forEach(resource -> routes.addDynamicRouteConfigs(DynamicRouteConfig.newBuilder()
                        .setVersionInfo(resource.version())
                        .setRouteConfig(resource.body())));
        return List.of(Any.pack(clusters.build()), Any.pack(listeners.build()), Any.pack(routes.build()));
    }
}
