package dev.lateen.proxycore.balance;

import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.cluster.Discovery;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.cluster.Hosts;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** The address that was looked up for the request is the host (Envoy documentation, "HTTP dynamic forward proxy"). */
final class LookedUpBalancer implements LoadBalancer {
    private final Discovery.ByRequest config;
    private final Hosts hosts;

    LookedUpBalancer(Discovery.ByRequest config, Hosts hosts) {
        this.config = config;
        this.hosts = hosts;
    }

    @Override
    public @Nullable Host pick(Pick pick) {
        InetSocketAddress address = pick.lookedUp();
        if (address == null) {
            return null;
        }
        Host host = hosts.lookedUp(address, config.most());
        if (host != null && pick.trace().on()) {
            pick.trace().note(Trace.Verdict.CHOSEN, "endpoint " + host, "the name that was asked for leads there");
        }
        return host;
    }

    @Override
    public String whyNone() {
        return hosts.current().all().size() >= config.most()
                ? "all of the " + config.most() + " addresses that it may have at a time are in use (max_hosts)"
                : "no name was looked up for the request: its listener needs the filter that does";
    }
}
