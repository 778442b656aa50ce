package dev.lateen.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import dev.lateen.proxy.net.ManualTimer;
import dev.lateen.proxy.tls.CredentialFiles;
import dev.lateen.proxy.tls.SecretStore;
import dev.lateen.proxycore.filter.FilterConfig;
import dev.lateen.proxycore.listener.CompiledListener;
import dev.lateen.proxycore.listener.HttpConnectionManager;
import dev.lateen.xds.client.ResourceUpdate;
import dev.lateen.xds.client.Subscription;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.ExtensionConfigSource;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.Cors;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.extensions.filters.http.lua.v3.Lua;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How long a listener waits for the configurations of its filters, and with what it goes on. */
class ExtensionWarmingTest {
    private final SecretStore secrets = new SecretStore();
    private final ManualTimer timer = new ManualTimer();
    private final Map<String, Subscription> subscriptions = new HashMap<>();
    private final XdsConfiguration configuration = new XdsConfiguration(
            new Random(1),
            () -> Instant.EPOCH,
            timer,
            subscriptions::put,
            new Credentials(secrets, new CredentialFiles(secrets)),
            changed -> {});

    @Test
    void aListenerWaitsForItsFilters_whichAreAskedFor() {
        listener(source());
        assertThat(subscriptions.get(XdsConfiguration.EXTENSIONS)).isEqualTo(Subscription.to(java.util.Set.of("x")));
        assertThat(filter()).isEqualTo("no listener");
        extension(HTTPFault.getDefaultInstance());
        assertThat(filter()).isEqualTo("Fault");
        extension(Cors.getDefaultInstance());
        assertThat(filter()).as("it changes").isEqualTo("Cors");
        gone();
        assertThat(filter()).as("it is taken away").isEqualTo("Missing");
    }

    @Test
    void butNotForEver() {
        listener(source());
        timer.advance(java.time.Duration.ofMillis(14_999));
        assertThat(filter()).isEqualTo("no listener");
        timer.advance(java.time.Duration.ofMillis(1));
        assertThat(filter()).isEqualTo("Missing");
        extension(HTTPFault.getDefaultInstance());
        assertThat(filter()).isEqualTo("Fault");
    }

    @Test
    void forAsLongAsItsFetchTimeoutSays_orForEver() {
        ExtensionConfigSource.Builder source = source();
        source.getConfigSourceBuilder().setInitialFetchTimeout(Duration.newBuilder());
        listener(source);
        timer.advance(java.time.Duration.ofDays(1));
        assertThat(filter()).isEqualTo("no listener");
        source.getConfigSourceBuilder()
                .setInitialFetchTimeout(Duration.newBuilder().setSeconds(2));
        listener(source);
        assertThat(filter()).isEqualTo("Missing");
    }

    @Test
    void theDefaultHolds_whenTimeIsUp_orNothingIsThere_orAtOnce() {
        ExtensionConfigSource.Builder source = source().setDefaultConfig(Any.pack(Cors.getDefaultInstance()));
        listener(source);
        assertThat(filter()).isEqualTo("no listener");
        gone();
        assertThat(filter()).as("the control plane has none").isEqualTo("Cors");
        extension(HTTPFault.getDefaultInstance());
        assertThat(filter()).isEqualTo("Fault");
        gone();
        assertThat(filter()).isEqualTo("Cors");
    }

    @Test
    void aDefaultCanHoldWithoutWarming() {
        listener(source().setDefaultConfig(Any.pack(Cors.getDefaultInstance()))
                .setApplyDefaultConfigWithoutWarming(true));
        assertThat(filter()).isEqualTo("Cors");
        extension(HTTPFault.getDefaultInstance());
        assertThat(filter()).isEqualTo("Fault");
    }

    @Test
    void whatCannotBeHonoured_isRefusedByName_andWhatWasThereStays() {
        listener(source());
        extension(HTTPFault.getDefaultInstance());
        assertThat(update("x", Lua.getDefaultInstance()))
                .contains("http_filters[0](x).config_discovery.type_urls: its configuration is of another type: "
                        + "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua");
        assertThat(filter()).isEqualTo("Fault");
        assertThat(update("x", HTTPFault.newBuilder().addDownstreamNodes("n").build()))
                .contains("http_filters[0](x).downstream_nodes: not supported: HTTPFault.downstream_nodes");
        assertThat(filter()).isEqualTo("Fault");
    }

    private static ExtensionConfigSource.Builder source() {
        return ExtensionConfigSource.newBuilder()
                .setConfigSource(ConfigSource.newBuilder().setAds(AggregatedConfigSource.getDefaultInstance()))
                .addTypeUrls(Any.pack(HTTPFault.getDefaultInstance()).getTypeUrl())
                .addTypeUrls(Any.pack(Cors.getDefaultInstance()).getTypeUrl());
    }

    private void listener(ExtensionConfigSource.Builder source) {
        var manager = io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                .newBuilder()
                .setStatPrefix("s")
                .setRouteConfig(RouteConfiguration.newBuilder().setName("r"))
                .addHttpFilters(HttpFilter.newBuilder().setName("x").setConfigDiscovery(source))
                .addHttpFilters(HttpFilter.newBuilder()
                        .setName("router")
                        .setTypedConfig(Any.pack(Router.getDefaultInstance())));
        Listener listener = Listener.newBuilder()
                .setName("l")
                .setAddress(Address.newBuilder()
                        .setSocketAddress(SocketAddress.newBuilder()
                                .setAddress("127.0.0.1")
                                .setPortValue(9000)))
                .addFilterChains(FilterChain.newBuilder()
                        .addFilters(Filter.newBuilder().setName("http").setTypedConfig(Any.pack(manager.build()))))
                .build();
        assertThat(configuration.onUpdate(new ResourceUpdate(
                        XdsConfiguration.LISTENERS,
                        List.of(new ResourceUpdate.Resource("l", "1", Any.pack(listener))),
                        List.of())))
                .isEmpty();
    }

    /** What the filter is now. */
    private String filter() {
        CompiledListener listener = configuration.current().listeners().get("l");
        if (listener == null) {
            return "no listener";
        }
        HttpConnectionManager manager =
                (HttpConnectionManager) listener.chains().getFirst().filter();
        FilterConfig config = manager.filters().getFirst().config();
        return config.getClass().getSimpleName();
    }

    private void extension(Message config) {
        assertThat(update("x", config)).isEmpty();
    }

    /** Why it is refused; empty when it is not. */
    private String update(String name, Message config) {
        TypedExtensionConfig extension = TypedExtensionConfig.newBuilder()
                .setName(name)
                .setTypedConfig(Any.pack(config))
                .build();
        return configuration
                .onUpdate(new ResourceUpdate(
                        XdsConfiguration.EXTENSIONS,
                        List.of(new ResourceUpdate.Resource(name, "1", Any.pack(extension))),
                        List.of()))
                .orElse("");
    }

    private void gone() {
        assertThat(configuration.onUpdate(new ResourceUpdate(XdsConfiguration.EXTENSIONS, List.of(), List.of("x"))))
                .isEmpty();
    }
}
