package dev.lateen.config.networking;

import dev.lateen.config.Labels;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;
import java.util.List;
import java.util.Map;

/** One rule for connections whose content the mesh does not read. */
public record TcpRoute(List<L4Match> match, @Required List<RouteDestination> route) implements Checked {
    @Override
    public void check(Findings findings) {
        Weights.check(route.stream().map(RouteDestination::weight).toList(), findings);
    }

    /** One destination with its share, as of HTTP rules. */
    public record RouteDestination(
            @Required Destination destination,
            @Range(min = 0) int weight) {
        /** The destination's host, whatever subset of it is meant. */
        public RouteDestination ofWholeHost() {
            return new RouteDestination(new Destination(destination.host(), "", destination.port()), weight);
        }
    }

    /** Conditions on a connection, all of which must hold. */
    public record L4Match(
            List<String> destinationSubnets,
            @Range(min = 0, max = 65535) int port,

            String sourceSubnet,

            Map<String, String> sourceLabels,
            List<String> gateways,
            String sourceNamespace)
            implements Checked {
        @Override
        public void check(Findings findings) {
            for (int i = 0; i < destinationSubnets.size(); i++) {
                Subnets.check(destinationSubnets.get(i), "destinationSubnets[" + i + "]", findings);
            }
            if (!sourceSubnet.isEmpty()) {
                Subnets.check(sourceSubnet, "sourceSubnet", findings);
            }
            Labels.check(sourceLabels, "sourceLabels", findings);
            GatewayNames.check(gateways, findings);
        }
    }
}
