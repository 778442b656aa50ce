package dev.lateen.analysis;

import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Endpoint;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.Trace.Verdict;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

/** The address that an app dials for a name: what the cluster's DNS would answer. */
final class Dial {
    /** Stands for every address outside (RFC 5737). */
    private static final InetAddress OUTSIDE = InetAddress.ofLiteral("192.0.2.200");

    private final Snapshot snapshot;
    private final ProxyNode caller;

    Dial(Snapshot snapshot, ProxyNode caller) {
        this.snapshot = snapshot;
        this.caller = caller;
    }

    InetSocketAddress address(String host, int port, Trace trace) {
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        try {
            return new InetSocketAddress(InetAddress.ofLiteral(bare), port);
        } catch (IllegalArgumentException e) {
            return new InetSocketAddress(named(host.toLowerCase(java.util.Locale.ROOT), trace), port);
        }
    }

    private InetAddress named(String host, Trace trace) {
        for (String name : searched(host)) {
            List<MeshService> services = snapshot.registry().services(name);
            if (!services.isEmpty()) {
                MeshService service = services.getFirst();
                InetAddress address = address(service);
                trace.note(
                        Verdict.CHOSEN,
                        service.source().toString(),
                        "DNS of \"" + host + "\" is "
                                + (address.equals(OUTSIDE) ? "an address outside" : address.getHostAddress()));
                return address;
            }
        }
        trace.note(
                Verdict.NOTED,
                "host \"" + host + "\"",
                "no Service and no ServiceEntry seen by " + caller.namespace()
                        + " has this name; DNS answers with an address outside, or not at all");
        return OUTSIDE;
    }

    /** The names that a pod's resolver tries, in its order. */
    private List<String> searched(String host) {
        String domain = snapshot.domain();
        return List.of(
                host + "." + caller.namespace() + ".svc." + domain,
                host + ".svc." + domain,
                host + "." + domain,
                host.endsWith(".") ? host.substring(0, host.length() - 1) : host);
    }

    private InetAddress address(MeshService service) {
        for (String address : service.addresses()) {
            if (address.indexOf('/') < 0) {
                return InetAddress.ofLiteral(address);
            }
        }
        if (service.isHeadless()) {
            for (Endpoint endpoint : snapshot.registry().endpoints(service)) {
                return InetAddress.ofLiteral(endpoint.address());
            }
        }
        return OUTSIDE;
    }
}
