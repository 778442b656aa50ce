package dev.lateen.proxy.http;

import dev.lateen.proxy.dns.Lookups;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.Discovery;
import dev.lateen.proxycore.cluster.DnsLookup;
import dev.lateen.proxycore.head.Authority;
import dev.lateen.proxycore.listener.TransportSocket;
import dev.lateen.proxycore.route.HeaderMutations;

/** Has one request wait for the address of the name that it asks for, where its cluster needs that. */
final class LookUpFilter {
    private static final int HTTP = 80;
    private static final int HTTPS = 443;

    private LookUpFilter() {}

    /**
     * Whether the request passes at once; else it goes on when the address is there.
     *
     * @param name the cluster's, empty where the request has none or one of several
     */
    static boolean passes(FilteredRequest request, DnsLookup lookup, String name) {
        LiveCluster cluster = request.service().configuration().get().clusters().get(name);
        if (cluster == null || !(cluster.config().discovery() instanceof Discovery.ByRequest)) {
            return true;
        }
        Authority authority = Authority.of(request.request().authority());
        int otherwise = cluster.config().transport() instanceof TransportSocket.UpstreamTls ? HTTPS : HTTP;
        int port = authority.port() < 0 ? otherwise : authority.port();
        String host = authority.host();
        boolean[] over = {false};
        request.await(() -> over[0] = true);
        Lookups.begin(lookup, host, port, request.service().worker().loop(), address -> {
            if (over[0]) {
                return;
            }
            if (address == null) {
                Fault fault = Fault.nameUnknown(host, name);
                LocalReply.send(request.answer(), request.request(), HeaderMutations.NONE, fault, request.record());
                return;
            }
            request.lookedUp(address);
            request.proceed();
        });
        return false;
    }
}
