package dev.lateen.control;

import com.google.protobuf.Any;
import dev.lateen.xds.ResourceType;
import dev.lateen.xds.server.ResourceSet;
import io.envoyproxy.envoy.admin.v3.ClustersConfigDump;
import io.envoyproxy.envoy.admin.v3.ClustersConfigDump.DynamicCluster;
import io.envoyproxy.envoy.admin.v3.ListenersConfigDump;
import io.envoyproxy.envoy.admin.v3.ListenersConfigDump.DynamicListener;
import io.envoyproxy.envoy.admin.v3.ListenersConfigDump.DynamicListenerState;
import io.envoyproxy.envoy.admin.v3.RoutesConfigDump;
import io.envoyproxy.envoy.admin.v3.RoutesConfigDump.DynamicRouteConfig;
import java.util.List;

/** What a proxy should have, as Envoy's admin interface would dump it (envoy.admin.v3). Pure. */
final class ConfigDumps {
    private ConfigDumps() {}

    /** Clusters, listeners and route tables. */
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
