package dev.lateen.proxycore.balance;

import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.cluster.Discovery;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.cluster.Hosts;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** The address that the client dialled is the host (Envoy documentation, "Original destination"). */
final class OriginalDestinationBalancer implements LoadBalancer {
    private final Discovery.OriginalDestination config;
    private final Hosts hosts;

    OriginalDestinationBalancer(Discovery.OriginalDestination config, Hosts hosts) {
        this.config = config;
        this.hosts = hosts;
    }

    @Override
    public @Nullable Host pick(Pick pick) {
        InetSocketAddress address = pick.destination();
        if (address == null || address.isUnresolved()) {
            return null;
        }
        if (config.portOverride() != 0) {
            address = new InetSocketAddress(address.getAddress(), config.portOverride());
        }
        Host host = hosts.originalDestination(address);
        if (pick.trace().on()) {
            pick.trace().note(Trace.Verdict.CHOSEN, "endpoint " + host, "it is where the client wanted to go");
        }
        return host;
    }

    @Override
    public String whyNone() {
        return "the connection's original destination is not known";
    }
}
