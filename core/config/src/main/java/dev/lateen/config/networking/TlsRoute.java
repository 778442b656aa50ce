package dev.lateen.config.networking;

import dev.lateen.config.Labels;
import dev.lateen.config.networking.TcpRoute.RouteDestination;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;
import java.util.List;
import java.util.Map;

/** One rule for TLS connections that the mesh does not end, by the server name they ask for. */
public record TlsRoute(
        @Required List<TlsMatch> match, @Required List<RouteDestination> route) implements Checked {
    @Override
    public void check(Findings findings) {
        Weights.check(route.stream().map(RouteDestination::weight).toList(), findings);
    }

    /** Conditions on a connection, all of which must hold. */
    public record TlsMatch(
            @Required List<String> sniHosts,
            List<String> destinationSubnets,
            @Range(min = 0, max = 65535) int port,
            Map<String, String> sourceLabels,
            List<String> gateways,
            String sourceNamespace)
            implements Checked {
        @Override
        public void check(Findings findings) {
            for (int i = 0; i < destinationSubnets.size(); i++) {
                Subnets.check(destinationSubnets.get(i), "destinationSubnets[" + i + "]", findings);
            }
            for (int i = 0; i < sniHosts.size(); i++) {
                HostNames.check(sniHosts.get(i), "sniHosts[" + i + "]", findings);
                HostNames.checkWholeLabels(
                        sniHosts.get(i),
                        "sniHosts[" + i + "]",
                        "proxies tell names of TLS apart by whole labels",
                        findings);
                if (Subnets.isAddress(sniHosts.get(i))) {
                    findings.warning("sniHosts[" + i + "]", "is an address, for which callers never ask by name");
                }
            }
            Labels.check(sourceLabels, "sourceLabels", findings);
            GatewayNames.check(gateways, findings);
        }
    }
}
