package dev.lateen.mesh.translate;

import dev.lateen.config.networking.LoadBalancer.ConsistentHash;
import dev.lateen.config.networking.LoadBalancer.CookieAttribute;
import dev.lateen.config.networking.LoadBalancer.HashKey;
import dev.lateen.config.networking.LoadBalancer.HttpCookie;
import io.envoyproxy.envoy.config.route.v3.RouteAction.HashPolicy;
import io.envoyproxy.envoy.config.route.v3.RouteAction.HashPolicy.Cookie;

/** What of a request decides the endpoint. */
final class HashPolicies {
    private HashPolicies() {}

    static HashPolicy of(ConsistentHash hash) {
        HashPolicy.Builder out = HashPolicy.newBuilder();
        switch (hash.key()) {
            case HashKey.Header(var name) -> out.getHeaderBuilder().setHeaderName(name);
            case HashKey.Cookie(var cookie) -> out.setCookie(cookie(cookie));
            case HashKey.SourceIp _ -> out.getConnectionPropertiesBuilder().setSourceIp(true);
            case HashKey.QueryParameter(var name) ->
                out.getQueryParameterBuilder().setName(name);
        }
        return out.build();
    }

    private static Cookie cookie(HttpCookie cookie) {
        Cookie.Builder out = Cookie.newBuilder().setName(cookie.name()).setPath(cookie.path());
        for (CookieAttribute attribute : cookie.attributes()) {
            out.addAttributesBuilder().setName(attribute.name()).setValue(attribute.value());
        }
        if (cookie.ttl() != null) {
            out.setTtl(Messages.duration(cookie.ttl()));
        }
        return out.build();
    }
}
