package dev.lateen.proxy.config;

import static dev.lateen.proxy.config.ListenerUpdates.source;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import dev.lateen.proxycore.listener.CompiledListener;
import dev.lateen.proxycore.listener.FilterChain;
import dev.lateen.xds.client.Subscription;
import io.envoyproxy.envoy.config.core.v3.ExtensionConfigSource;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilter;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.listener.http_inspector.v3.HttpInspector;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.Rds;
import io.envoyproxy.envoy.extensions.filters.network.rbac.v3.RBAC;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Filters of connections and of listeners whose configuration comes by itself: what is waited for, and with what goes on. */
class ConnectionFilterWarmingTest {
    private static final TcpProxy TCP =
            TcpProxy.newBuilder().setStatPrefix("t").setCluster("c").build();
    private static final RBAC NOBODY = RBAC.newBuilder()
            .setStatPrefix("r")
            .setRules(io.envoyproxy.envoy.config.rbac.v3.RBAC.getDefaultInstance())
            .build();
    private static final TlsInspector TLS = TlsInspector.getDefaultInstance();

    private final ListenerUpdates updates = new ListenerUpdates();

    private static Filter discovered(String name, ExtensionConfigSource.Builder source) {
        return Filter.newBuilder().setName(name).setConfigDiscovery(source).build();
    }

    private static Filter given(Message config) {
        return Filter.newBuilder()
                .setName("given")
                .setTypedConfig(Any.pack(config))
                .build();
    }

    /** A listener with these filters in its only chain. */
    private void filters(Filter... filters) {
        updates.listener(Listener.newBuilder()
                .addFilterChains(io.envoyproxy.envoy.config.listener.v3.FilterChain.newBuilder()
                        .addAllFilters(java.util.List.of(filters))));
    }

    /** What handles connections now, and how many rules of access stand before it. */
    private String chain() {
        CompiledListener listener = updates.current();
        if (listener == null) {
            return "no listener";
        }
        FilterChain chain = listener.chains().getFirst();
        return chain.filter().getClass().getSimpleName() + " " + chain.access().size();
    }

    @Test
    void theLastFilter() {
        filters(discovered("x", source(TCP, HttpConnectionManager.getDefaultInstance())));
        assertThat(updates.subscriptions.get(XdsConfiguration.EXTENSIONS)).isEqualTo(Subscription.to(Set.of("x")));
        assertThat(chain()).isEqualTo("no listener");
        updates.extension("x", TCP);
        assertThat(chain()).isEqualTo("TcpProxy 0");
        updates.gone("x");
        assertThat(chain()).as("it is taken away").isEqualTo("UnconfiguredFilter 0");
    }

    @Test
    void oneBeforeIt() {
        filters(discovered("x", source(NOBODY)), given(TCP));
        updates.timer.advance(Duration.ofSeconds(15));
        assertThat(chain()).as("nothing came").isEqualTo("UnconfiguredFilter 0");
        updates.extension("x", NOBODY);
        assertThat(chain()).isEqualTo("TcpProxy 1");
    }

    @Test
    void aConnectionManagerHasRoutesAndFiltersOfItsOwn() {
        filters(discovered("x", source(TCP, HttpConnectionManager.getDefaultInstance())));
        updates.extension("x", TCP);
        updates.extension(
                "x",
                HttpConnectionManager.newBuilder()
                        .setStatPrefix("s")
                        .setRds(Rds.newBuilder().setRouteConfigName("r").setConfigSource(source().getConfigSource()))
                        .addHttpFilters(HttpFilter.newBuilder()
                                .setName("y")
                                .setConfigDiscovery(source(HTTPFault.getDefaultInstance())))
                        .addHttpFilters(HttpFilter.newBuilder()
                                .setName("router")
                                .setTypedConfig(Any.pack(Router.getDefaultInstance())))
                        .build());
        assertThat(updates.subscriptions.get(XdsConfiguration.ROUTES)).isEqualTo(Subscription.to(Set.of("r")));
        assertThat(updates.subscriptions.get(XdsConfiguration.EXTENSIONS)).isEqualTo(Subscription.to(Set.of("x", "y")));
        updates.routes("r");
        assertThat(chain()).as("a filter is missing").isEqualTo("TcpProxy 0");
        updates.extension("y", HTTPFault.getDefaultInstance());
        assertThat(chain()).isEqualTo("HttpConnectionManager 0");
    }

    @Test
    void aDefault() {
        filters(discovered("x", source(TCP).setDefaultConfig(Any.pack(TCP))));
        assertThat(chain()).isEqualTo("no listener");
        updates.gone("x");
        assertThat(chain()).as("the control plane has none").isEqualTo("TcpProxy 0");
    }

    @Test
    void aDefaultWithoutWarming() {
        filters(discovered("x", source(TCP).setDefaultConfig(Any.pack(TCP)).setApplyDefaultConfigWithoutWarming(true)));
        assertThat(chain()).isEqualTo("TcpProxy 0");
    }

    @Test
    void whatCannotBeHonoured_isRefusedByName_andWhatWasThereStays() {
        filters(discovered("x", source(TCP)));
        updates.extension("x", TCP);
        assertThat(updates.refusal("x", NOBODY))
                .contains("filter_chains[0].filters[0](x).config_discovery.type_urls: its configuration is of another"
                        + " type: type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC");
        assertThat(updates.refusal("x", TcpProxy.getDefaultInstance())).contains("filter_chains[0].filters[0](x)");
        assertThat(chain()).isEqualTo("TcpProxy 0");
    }

    @Test
    void theFilterOfAListener() {
        updates.listener(Listener.newBuilder()
                .addListenerFilters(ListenerFilter.newBuilder()
                        .setName("x")
                        .setConfigDiscovery(source(TLS, HttpInspector.getDefaultInstance())))
                .addFilterChains(io.envoyproxy.envoy.config.listener.v3.FilterChain.newBuilder()
                        .addFilters(given(TCP))));
        assertThat(chain()).isEqualTo("no listener");
        updates.extension("x", TLS);
        assertThat(listenerFilters()).isEqualTo("[TLS_INSPECTOR] false");
        updates.extension("x", HttpInspector.getDefaultInstance());
        assertThat(listenerFilters()).isEqualTo("[HTTP_INSPECTOR] false");
        assertThat(updates.refusal("x", TCP)).contains("listener_filters[0](x).config_discovery.type_urls");
        updates.gone("x");
        assertThat(listenerFilters()).isEqualTo("[UNCONFIGURED] true");
    }

    /** What looks at connections now, and whether none can come. */
    private String listenerFilters() {
        CompiledListener listener = updates.current();
        return listener == null ? "no listener" : listener.listenerFilters() + " " + listener.unconfigured();
    }
}
