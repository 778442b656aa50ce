package dev.lateen.proxycore.cluster;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.cluster.Discovery.DnsFamily;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.DnsLookupFamily;
import io.envoyproxy.envoy.extensions.common.dynamic_forward_proxy.v3.DnsCacheConfig;
import java.net.Inet4Address;
import java.net.InetAddress;

/**
 * How names are looked up for a request or connection that asks for one ({@code
 * envoy.extensions.common.dynamic_forward_proxy.v3.DnsCacheConfig}). Immutable.
 *
 * @param family which addresses are taken
 */
public record DnsLookup(DnsFamily family) {
    /** Compiles the settings of a cache, which is the machine's own here: how long answers are kept is its affair. */
    public static DnsLookup of(DnsCacheConfig proto, Place at) throws CompileException {
        return new DnsLookup(family(proto.getDnsLookupFamily(), at.field("dns_lookup_family")));
    }

    static DnsFamily family(DnsLookupFamily proto, Place at) throws CompileException {
        return switch (proto) {
            case AUTO -> DnsFamily.AUTO;
            case V4_ONLY -> DnsFamily.V4_ONLY;
            case V6_ONLY -> DnsFamily.V6_ONLY;
            case V4_PREFERRED -> DnsFamily.V4_PREFERRED;
            case ALL -> DnsFamily.ALL;
            case UNRECOGNIZED -> throw at.refuse("not a family");
        };
    }

    /** Whether an address may be called. */
    public boolean takes(InetAddress address) {
        boolean v4 = address instanceof Inet4Address;
        return switch (family) {
            case V4_ONLY -> v4;
            case V6_ONLY -> !v4;
            case AUTO, V4_PREFERRED, ALL -> true;
        };
    }
}
