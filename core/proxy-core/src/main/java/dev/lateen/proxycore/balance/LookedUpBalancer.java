package dev.lateen.proxycore.balance;

import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.cluster.Hosts;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** The address that was looked up for the request is the host. */
final class LookedUpBalancer implements LoadBalancer {
    private final Hosts hosts;

    LookedUpBalancer(Hosts hosts) {
        this.hosts = hosts;
    }

    @Override
    public @Nullable Host pick(Pick pick) {
        InetSocketAddress address = pick.lookedUp();
        if (address == null) {
            return null;
        }
        Host host = hosts.originalDestination(address);
        if (pick.trace().on()) {
            pick.trace().note(Trace.Verdict.CHOSEN, "endpoint " + host, "the name that was asked for leads there");
        }
        return host;
    }

    @Override
    public String whyNone() {
        return "no name was looked up for the request: its listener needs the filter that does";
    }
}
