package dev.lateen.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import dev.lateen.proxycore.filter.FilterConfig;
import dev.lateen.proxycore.listener.CompiledListener;
import dev.lateen.proxycore.listener.HttpConnectionManager;
import dev.lateen.xds.client.Subscription;
import io.envoyproxy.envoy.config.core.v3.ExtensionConfigSource;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.Cors;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.extensions.filters.http.lua.v3.Lua;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import org.junit.jupiter.api.Test;

/** How long a listener waits for the configurations of its filters, and with what it goes on. */
class ExtensionWarmingTest {
    private final ListenerUpdates updates = new ListenerUpdates();

    @Test
    void aListenerWaitsForItsFilters_whichAreAskedFor() {
        listener(source());
        assertThat(updates.subscriptions.get(XdsConfiguration.EXTENSIONS))
                .isEqualTo(Subscription.to(java.util.Set.of("x")));
        assertThat(filter()).isEqualTo("no listener");
        updates.extension("x", HTTPFault.getDefaultInstance());
        assertThat(filter()).isEqualTo("Fault");
        updates.extension("x", Cors.getDefaultInstance());
        assertThat(filter()).as("it changes").isEqualTo("Cors");
        updates.gone("x");
        assertThat(filter()).as("it is taken away").isEqualTo("Missing");
    }

    @Test
    void butNotForEver() {
        listener(source());
        updates.timer.advance(java.time.Duration.ofMillis(14_999));
        assertThat(filter()).isEqualTo("no listener");
        updates.timer.advance(java.time.Duration.ofMillis(1));
        assertThat(filter()).isEqualTo("Missing");
        updates.extension("x", HTTPFault.getDefaultInstance());
        assertThat(filter()).isEqualTo("Fault");
    }

    @Test
    void forAsLongAsItsFetchTimeoutSays_orForEver() {
        ExtensionConfigSource.Builder source = source();
        source.getConfigSourceBuilder().setInitialFetchTimeout(Duration.newBuilder());
        listener(source);
        updates.timer.advance(java.time.Duration.ofDays(1));
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
        updates.gone("x");
        assertThat(filter()).as("the control plane has none").isEqualTo("Cors");
        updates.extension("x", HTTPFault.getDefaultInstance());
        assertThat(filter()).isEqualTo("Fault");
        updates.gone("x");
        assertThat(filter()).isEqualTo("Cors");
    }

    @Test
    void aDefaultCanHoldWithoutWarming() {
        listener(source().setDefaultConfig(Any.pack(Cors.getDefaultInstance()))
                .setApplyDefaultConfigWithoutWarming(true));
        assertThat(filter()).isEqualTo("Cors");
        updates.extension("x", HTTPFault.getDefaultInstance());
        assertThat(filter()).isEqualTo("Fault");
    }

    @Test
    void whatCannotBeHonoured_isRefusedByName_andWhatWasThereStays() {
        listener(source());
        updates.extension("x", HTTPFault.getDefaultInstance());
        assertThat(updates.refusal("x", Lua.getDefaultInstance()))
                .contains("http_filters[0](x).config_discovery.type_urls: its configuration is of another type: "
                        + "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua");
        assertThat(filter()).isEqualTo("Fault");
        assertThat(updates.refusal(
                        "x", HTTPFault.newBuilder().addDownstreamNodes("n").build()))
                .contains("http_filters[0](x).downstream_nodes: not supported: HTTPFault.downstream_nodes");
        assertThat(filter()).isEqualTo("Fault");
    }

    private static ExtensionConfigSource.Builder source() {
        return ListenerUpdates.source(HTTPFault.getDefaultInstance(), Cors.getDefaultInstance());
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
        updates.listener(Listener.newBuilder()
                .addFilterChains(FilterChain.newBuilder()
                        .addFilters(Filter.newBuilder().setName("http").setTypedConfig(Any.pack(manager.build())))));
    }

    /** What the filter is now. */
    private String filter() {
        CompiledListener listener = updates.current();
        if (listener == null) {
            return "no listener";
        }
        HttpConnectionManager manager =
                (HttpConnectionManager) listener.chains().getFirst().filter();
        FilterConfig config = manager.filters().getFirst().config();
        return config.getClass().getSimpleName();
    }
}
