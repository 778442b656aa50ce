package dev.lateen.proxycore.listener;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.cluster.DnsLookup;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The server name that a connection asks for is looked up before it is passed on ({@code
 * envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig}). Immutable.
 *
 * @param port that is called there
 */
public record NameLookup(DnsLookup lookup, int port) {
    private static final int HTTPS = 443;

    static boolean is(Filter filter) {
        return filter.getTypedConfig().is(FilterConfig.class);
    }

    /** Of a chain's filters; null when none is one. */
    static @Nullable NameLookup of(List<Filter> filters, Place at) throws CompileException {
        for (int i = 0; i < filters.size(); i++) {
            if (is(filters.get(i))) {
                Place here = at.item("filters", i).named(filters.get(i).getName());
                FilterConfig proto = here.unpack(filters.get(i).getTypedConfig(), FilterConfig.class);
                return new NameLookup(
                        DnsLookup.of(proto.getDnsCacheConfig(), here.field("dns_cache_config")),
                        proto.getPortValue() == 0 ? HTTPS : proto.getPortValue());
            }
        }
        return null;
    }
}
