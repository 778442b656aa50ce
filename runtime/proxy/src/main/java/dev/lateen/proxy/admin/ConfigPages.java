package dev.lateen.proxy.admin;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import dev.lateen.proxy.config.KeptResource;
import dev.lateen.proxy.config.XdsConfiguration;
import dev.lateen.proxy.tls.SecretStore;
import dev.lateen.xds.XdsJson;
import io.envoyproxy.envoy.admin.v3.BootstrapConfigDump;
import io.envoyproxy.envoy.admin.v3.ClustersConfigDump;
import io.envoyproxy.envoy.admin.v3.ConfigDump;
import io.envoyproxy.envoy.admin.v3.EcdsConfigDump;
import io.envoyproxy.envoy.admin.v3.EndpointsConfigDump;
import io.envoyproxy.envoy.admin.v3.Listeners;
import io.envoyproxy.envoy.admin.v3.ListenersConfigDump;
import io.envoyproxy.envoy.admin.v3.ListenersConfigDump.DynamicListener;
import io.envoyproxy.envoy.admin.v3.RoutesConfigDump;
import io.envoyproxy.envoy.admin.v3.ServerInfo;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.core.v3.Node;
import java.time.Instant;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/** What the proxy was told, in the messages of Envoy's admin interface ({@code envoy.admin.v3}). */
final class ConfigPages {
    private final XdsConfiguration configuration;
    private final Node node;
    private final Supplier<ServerInfo.State> state;
    private final Supplier<SecretStore> secrets;
    private final Supplier<Map<String, String>> unopened;
    private final Instant started;

    ConfigPages(
            XdsConfiguration configuration,
            Node node,
            Supplier<ServerInfo.State> state,
            Supplier<SecretStore> secrets,
            Supplier<Map<String, String>> unopened,
            Instant started) {
        this.configuration = configuration;
        this.node = node;
        this.state = state;
        this.secrets = secrets;
        this.unopened = unopened;
        this.started = started;
    }

    /** All resources in force; endpoints only when asked for, as in Envoy. */
    Page dump(Question question) {
        Map<String, Map<String, KeptResource>> kept = configuration.resources();
        ConfigDump.Builder dump = ConfigDump.newBuilder();
        dump.addConfigs(Any.pack(BootstrapConfigDump.newBuilder()
                .setBootstrap(Bootstrap.newBuilder().setNode(node))
                .setLastUpdated(time(started))
                .build()));
        dump.addConfigs(Any.pack(clusters(kept)));
        dump.addConfigs(Any.pack(listeners(kept, unopened.get())));
        dump.addConfigs(Any.pack(routes(kept)));
        if (kept.containsKey(XdsConfiguration.EXTENSIONS)) {
            dump.addConfigs(Any.pack(extensions(kept)));
        }
        dump.addConfigs(Any.pack(SecretPages.dump(secrets.get().all())));
        if (question.has("include_eds")) {
            dump.addConfigs(Any.pack(endpoints(kept)));
        }
        return Page.json(XdsJson.print(dump.build()));
    }

    private static ClustersConfigDump clusters(Map<String, Map<String, KeptResource>> kept) {
        ClustersConfigDump.Builder clusters = ClustersConfigDump.newBuilder();
        each(kept, XdsConfiguration.CLUSTERS, (cluster, resource) -> {
            clusters.setVersionInfo(resource.shownVersion());
            clusters.addDynamicActiveClustersBuilder()
                    .setVersionInfo(resource.shownVersion())
                    .setCluster(cluster)
                    .setLastUpdated(time(resource.updated()));
        });
        return clusters.build();
    }

    private static ListenersConfigDump listeners(
            Map<String, Map<String, KeptResource>> kept, Map<String, String> unopened) {
        ListenersConfigDump.Builder listeners = ListenersConfigDump.newBuilder();
        kept.getOrDefault(XdsConfiguration.LISTENERS, Map.of()).forEach((name, resource) -> {
            listeners.setVersionInfo(resource.shownVersion());
            DynamicListener.Builder listener =
                    listeners.addDynamicListenersBuilder().setName(name);
            listener.getActiveStateBuilder()
                    .setVersionInfo(resource.shownVersion())
                    .setListener(Any.pack(resource.body()))
                    .setLastUpdated(time(resource.updated()));
            String failure = unopened.get(name);
            if (failure != null) {
                listener.getErrorStateBuilder().setDetails(failure);
            }
        });
        return listeners.build();
    }

    private static RoutesConfigDump routes(Map<String, Map<String, KeptResource>> kept) {
        RoutesConfigDump.Builder routes = RoutesConfigDump.newBuilder();
        each(kept, XdsConfiguration.ROUTES, (route, resource) -> routes.addDynamicRouteConfigsBuilder()
                .setVersionInfo(resource.shownVersion())
                .setRouteConfig(route)
                .setLastUpdated(time(resource.updated())));
        return routes.build();
    }

    private static EcdsConfigDump extensions(Map<String, Map<String, KeptResource>> kept) {
        EcdsConfigDump.Builder extensions = EcdsConfigDump.newBuilder();
        each(kept, XdsConfiguration.EXTENSIONS, (extension, resource) -> extensions
                .addEcdsFiltersBuilder()
                .setVersionInfo(resource.shownVersion())
                .setEcdsFilter(extension)
                .setLastUpdated(time(resource.updated())));
        return extensions.build();
    }

    private static EndpointsConfigDump endpoints(Map<String, Map<String, KeptResource>> kept) {
        EndpointsConfigDump.Builder endpoints = EndpointsConfigDump.newBuilder();
        each(kept, XdsConfiguration.ENDPOINTS, (assignment, resource) -> endpoints
                .addDynamicEndpointConfigsBuilder()
                .setVersionInfo(resource.shownVersion())
                .setEndpointConfig(assignment)
                .setLastUpdated(time(resource.updated())));
        return endpoints.build();
    }

    private static void each(
            Map<String, Map<String, KeptResource>> kept, String type, BiConsumer<Any, KeptResource> dump) {
        kept.getOrDefault(type, Map.of())
                .values()
                .forEach(resource -> dump.accept(Any.pack(resource.body()), resource));
    }

    private static Timestamp time(Instant instant) {
        return Timestamp.newBuilder()
                .setSeconds(instant.getEpochSecond())
                .setNanos(instant.getNano())
                .build();
    }

    Page listeners(Question question) {
        if (question.isJson()) {
            Listeners.Builder all = Listeners.newBuilder();
            configuration
                    .resources()
                    .getOrDefault(XdsConfiguration.LISTENERS, Map.of())
                    .forEach((name, resource) -> {
                        if (resource.body() instanceof io.envoyproxy.envoy.config.listener.v3.Listener listener) {
                            all.addListenerStatusesBuilder().setName(name).setLocalAddress(listener.getAddress());
                        }
                    });
            return Page.json(XdsJson.print(all.build()));
        }
        StringBuilder text = new StringBuilder();
        configuration.current().listeners().forEach((name, listener) -> text.append(name)
                .append("::")
                .append(listener.address().getAddress().getHostAddress())
                .append(':')
                .append(listener.address().getPort())
                .append('\n'));
        return Page.text(text.toString());
    }

    Page info() {
        Duration up = Duration.newBuilder()
                .setSeconds(java.time.Duration.between(started, Instant.now()).toSeconds())
                .build();
        Message info = ServerInfo.newBuilder()
                .setVersion(version())
                .setState(state.get())
                .setUptimeCurrentEpoch(up)
                .setUptimeAllEpochs(up)
                .setNode(node)
                .build();
        return Page.json(XdsJson.print(info));
    }

    private static String version() {
        String version = ConfigPages.class.getPackage().getImplementationVersion();
        return "lateen/" + (version == null ? "built-from-source" : version);
    }
}
