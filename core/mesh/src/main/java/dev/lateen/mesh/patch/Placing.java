package dev.lateen.mesh.patch;

import dev.lateen.config.networking.EnvoyFilter.FilterClass;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Where a filter that is added stands among those of the mesh (istio.networking.v1alpha3 EnvoyFilter.Patch.FilterClass).
 * Without a class it is before the one that ends the chain, as nothing behind that would ever see a request.
 *
 * @param ends whether a filter lets nothing come to those behind it
 * @param authentication names of filters that find out who calls
 * @param authorization names of filters that find out whether they may
 */
record Placing<F>(Function<F, String> name, Predicate<F> ends, Set<String> authentication, Set<String> authorization) {
    private static final Set<String> STATS = Set.of("istio.stats");

    static final Placing<HttpFilter> HTTP = new Placing<>(
            HttpFilter::getName,
            filter -> filter.getTypedConfig().is(Router.class),
            Set.of("envoy.filters.http.jwt_authn"),
            Set.of("envoy.filters.http.ext_authz", "envoy.filters.http.rbac"));

    static final Placing<Filter> NETWORK = new Placing<>(
            Filter::getName,
            filter -> filter.getTypedConfig().is(HttpConnectionManager.class)
                    || filter.getTypedConfig().is(TcpProxy.class),
            Set.of(),
            Set.of("envoy.filters.network.ext_authz", "envoy.filters.network.rbac"));

    /** The index of a filter of this class among these. */
    int of(FilterClass filterClass, List<F> filters) {
        return switch (filterClass) {
            case AUTHN -> behind(filters, authentication);
            case AUTHZ -> Math.max(behind(filters, authentication), behind(filters, authorization));
            case STATS -> before(filters, filter -> STATS.contains(name.apply(filter)));
            case UNSPECIFIED -> before(filters, ends);
        };
    }

    private int behind(List<F> filters, Set<String> names) {
        for (int i = filters.size(); i > 0; i--) {
            if (names.contains(name.apply(filters.get(i - 1)))) {
                return i;
            }
        }
        return 0;
    }

    /** Before the first that is wanted, else before the end of the chain. */
    private int before(List<F> filters, Predicate<F> wanted) {
        for (int i = 0; i < filters.size(); i++) {
            if (wanted.test(filters.get(i)) || ends.test(filters.get(i))) {
                return i;
            }
        }
        return filters.size();
    }
}
