package dev.lateen.proxycore.route;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.Authority;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.match.Fraction;
import dev.lateen.proxycore.match.HeaderMatcher.HeaderRef;
import io.envoyproxy.envoy.config.route.v3.RouteAction.RequestMirrorPolicy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Sends a copy of a share of requests to another cluster and forgets the answer ({@code
 * envoy.config.route.v3.RouteAction.RequestMirrorPolicy}).
 *
 * @param cluster where to; empty when {@code clusterHeader} names it per request
 * @param clusterHeader the request header that names the cluster, or null
 * @param share which requests are copied
 * @param shadowHostSuffix whether the copy's host gets the suffix {@code -shadow}
 */
public record Mirror(String cluster, @Nullable HeaderRef clusterHeader, Fraction share, boolean shadowHostSuffix) {

    static List<Mirror> all(List<RequestMirrorPolicy> protos, Place at) throws CompileException {
        List<Mirror> mirrors = new ArrayList<>();
        for (int i = 0; i < protos.size(); i++) {
            RequestMirrorPolicy proto = protos.get(i);
            Place here = at.item("request_mirror_policies", i);
            if (proto.getCluster().isEmpty() == proto.getClusterHeader().isEmpty()) {
                throw here.refuse("exactly one of cluster and cluster_header is needed");
            }
            mirrors.add(new Mirror(
                    proto.getCluster(),
                    proto.getClusterHeader().isEmpty()
                            ? null
                            : HeaderRef.of(proto.getClusterHeader(), here.field("cluster_header")),
                    proto.hasRuntimeFraction()
                            ? Fraction.of(proto.getRuntimeFraction(), here.field("runtime_fraction"))
                            : Fraction.ALWAYS,
                    !proto.getDisableShadowHostSuffixAppend()));
        }
        return List.copyOf(mirrors);
    }

    /** The cluster of a copy of this request; empty when its header names none: no copy is sent then. */
    public String cluster(RequestHead head) {
        String named = clusterHeader == null ? cluster : clusterHeader.in(head);
        return named == null ? "" : named;
    }

    /** The host of a copy: the suffix goes before the port. */
    public String host(String authority) {
        if (!shadowHostSuffix) {
            return authority;
        }
        int colon = Authority.portColon(authority);
        return colon < 0
                ? authority + "-shadow"
                : authority.substring(0, colon) + "-shadow" + authority.substring(colon);
    }
}
